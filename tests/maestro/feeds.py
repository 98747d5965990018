"""A feed of pods' facts and projects to take them in, both in memory and both able to fail."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field

from podium.kernel.errors import unavailable
from podium.kernel.ids import SHARDS, shard_of
from podium.maestro.application.ports import Bookmark, FeedItem, FeedUnavailable, PodEvent
from podium.maestro.domain import commands as c
from tests.maestro.board import World


@dataclass
class MemoryFeed:
    """Implements `application.ports.PodFeed`.

    `lost` are positions that the subscription leaves out (the streams have them); `batch` is how many come at once;
    a subscription ends at the end of the log, so that `Follower.run` begins anew.
    """

    events: list[PodEvent] = field(default_factory=list)
    saved: dict[str, Bookmark] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    batch: int = 3
    faults: list[str] = field(default_factory=list)
    idle_to: int = 0
    """Nothing of the pods stands up to this position."""
    reads: int = 0
    began: list[int] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, pod_id: str, *notes: c.PodNote | None, project_id: str = "p") -> None:
        """A pod says these things next."""
        for note in notes:
            revision = 1 + sum(event.pod_id == pod_id for event in self.events)
            fact = c.PodFact(revision, World(False).now, () if note is None else (note,))
            self.events.append(PodEvent(len(self.events) + 1, project_id, pod_id, fact))
        self.more.set()
        self.more = asyncio.Event()

    async def follow(self, after_position: int) -> AsyncIterator[FeedItem]:
        self.began.append(after_position)
        self.opened.set()
        position = after_position
        while True:
            more = self.more
            run = self.events[position : position + self.batch]
            if self.idle_to > position:
                position = self.idle_to
                yield FeedItem(position)
            elif run:
                position = run[-1].position
                yield FeedItem(position, tuple(event for event in run if event.position not in self.lost))
            else:
                await more.wait()

    async def read(self, pod_id: str, after_revision: int, to_revision: int) -> Sequence[c.PodFact]:
        self.reads += 1
        await self._fail()
        facts = [event.fact for event in self.events if event.pod_id == pod_id]
        return facts[after_revision:to_revision]

    async def bookmarks(self) -> Sequence[Bookmark]:
        await self._fail()
        return tuple(self.saved.values())

    async def save(self, bookmark: Bookmark) -> None:
        await self._fail()
        self.saved["this"] = bookmark

    async def _fail(self) -> None:
        await asyncio.sleep(0)
        if self.faults:
            raise FeedUnavailable(self.faults.pop())


@dataclass
class MemoryProjects:
    """Implements `application.ports.Projects`, a `World` for each project.

    `faults`, taken one a command: `before` (not done, unknown), `after` (done, unknown), `never` (a bug), `` (none).
    """

    worlds: dict[str, World] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    shards: Collection[int] = field(default_factory=lambda: set(range(SHARDS)))
    commands: int = 0

    def owned(self) -> Collection[int]:
        return set(self.shards)

    def world(self, project_id: str = "p") -> World:
        if project_id not in self.worlds:
            self.worlds[project_id] = World(created=False)
        return self.worlds[project_id]

    async def follow(self, project_id: str, pod_id: str, facts: Sequence[c.PodFact]) -> None:
        self.commands += 1
        await asyncio.sleep(0)
        if shard_of(project_id) not in self.shards:
            raise unavailable("NOT_OWNER", "another's")
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "never":
            raise ValueError("a bug")
        if fault == "before":
            raise unavailable("OUTCOME_UNKNOWN", "lost")
        self.world(project_id).do(c.FollowPod(pod_id, tuple(facts)))
        if fault == "after":
            raise unavailable("OUTCOME_UNKNOWN", "lost")
