"""What the follower needs: the pods' facts as they come, and a place for its bookmark."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from podium.maestro.domain.commands import PodFact


@dataclass(frozen=True, slots=True)
class PodEvent:
    """A fact of some pod, where it stands in the log, and the project that it is for."""

    position: int
    project_id: str
    pod_id: str
    fact: PodFact


@dataclass(frozen=True, slots=True)
class FeedItem:
    """Facts in order, possibly none; everything up to `position` has been delivered with them."""

    position: int
    events: tuple[PodEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Every pod fact up to the position is taken in by the projects of these shards."""

    position: int
    shards: frozenset[int]


class FeedUnavailable(Exception):
    """The event store cannot be read or written now."""


class PodFeed(Protocol):
    """The pods' streams in the event store."""

    def follow(self, after_position: int) -> AsyncIterator[FeedItem]:
        """Every pod's facts after a position, for ever; reconnects by itself."""
        ...

    async def read(self, pod_id: str, after_revision: int, to_revision: int) -> Sequence[PodFact]:
        """One pod's facts in (after, to]. Raises FeedUnavailable."""
        ...

    async def bookmarks(self) -> Sequence[Bookmark]:
        """The last bookmark of each instance that ever followed. Raises FeedUnavailable."""
        ...

    async def save(self, bookmark: Bookmark) -> None:
        """Keep this instance's bookmark. Raises FeedUnavailable."""
        ...


class Projects(Protocol):
    """The projects that this process writes."""

    def owned(self) -> Collection[int]:
        """The shards held now."""
        ...

    async def follow(self, project_id: str, pod_id: str, facts: Sequence[PodFact]) -> None:
        """Take facts in; raises `Rejection`: REVISION_CONFLICT for a gap, NOT_OWNER, or why it cannot be done now."""
        ...
