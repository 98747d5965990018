"""The protocol between the engine and a domain.

A pod and a project board are both *entities*: one mailbox, one writer, pure rules. The engine (`podium.chassis.engine`)
knows nothing of the rules; a domain knows nothing of mailboxes, gRPC or storage. Times and ids come in as values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from podium.kernel.identity import Identity
from podium.kernel.ids import derive

S = TypeVar("S")

Key = tuple[str, str]
"""A part of an entity that watchers keep whole: (collection, id); (`""`, `""`) is the entity's own fields."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know beside the state: the time (UTC), who asks, and under which request id."""

    now: datetime
    actor: Identity
    request_id: str

    def derive(self, prefix: str, *parts: str) -> str:
        """An id that a repeat of the same request derives again."""
        return derive(prefix, self.request_id, *parts)


@dataclass(frozen=True, slots=True)
class Outbound:
    """An event for another stream, stored in the same atomic append (a job for a runner, say)."""

    stream: str
    event: object


@dataclass(slots=True)
class Recorded:
    """An event with what the writer knew when it decided: all that `evolve` may use.

    Nobody changes one. It is not frozen only because a restart makes one for each event, and each field of a frozen
    value is set through a call.
    """

    event: object
    revision: int
    time: datetime
    actor: str
    request_id: str


class Domain(Protocol[S]):
    """The rules of one kind of entity; every method is pure and total."""

    service: str
    """Whose shards fence the streams: `pod-manager`, `maestro`."""
    category: str
    """The stream of entity x is `{category}/x`."""
    schema_version: int
    """Of the state in snapshots; raise it whenever a stored state could no longer be read or would differ."""

    def initial(self, entity_id: str) -> S:
        """The state before the first event."""
        ...

    def decide(self, state: S, command: Any, context: Context) -> Sequence[object]:
        """The events (own ones, and `Outbound`s) that a command leads to; none is a no-op; raises `Rejection`."""
        ...

    def schedule(self, state: S, context: Context) -> Sequence[object]:
        """What follows by itself in this state at this time; the engine repeats it until nothing follows."""
        ...

    def evolve(self, state: S, recorded: Recorded) -> S:
        """The state after an event; never raises for an event that `decide` or `schedule` once made."""
        ...

    def due(self, state: S) -> datetime | None:
        """The next instant at which `schedule` could say something new; None: not before another command."""
        ...

    def heeds(self, state: S, event: object) -> bool:
        """False: where nothing follows, nothing follows after this event either, nor is anything due at another time.

        `state` is the state after it. So the engine need not ask again after each event of which many come.
        """
        ...

    def touched(self, state: S, recorded: Recorded) -> frozenset[Key]:
        """The parts that the event changed or removed; `state` is the state after it."""
        ...

    def metadata(self, state: S) -> Mapping[str, str]:
        """What every event of the entity carries in its metadata beside the engine's own keys."""
        ...
