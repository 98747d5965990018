"""The engine's values: folded states, outcomes, changes."""

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from podium.chassis.engine.ports import FenceToken, NewRecord
from podium.kernel.entity import Domain, Key, Recorded
from podium.kernel.persistent import Map

S = TypeVar("S")

REQUESTS_KEPT = 1000
"""Request ids an entity remembers."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Bounds and intervals; all times in seconds."""

    append_timeout_seconds: float = 10.0
    ready_timeout_seconds: float = 10.0
    mailbox_limit: int = 1024
    group_events: int = 1000
    group_bytes: int = 1 << 20
    snapshot_every: int = 1000
    snapshot_bytes_each: int = 2048
    """A snapshot of so many bytes lasts for one event more: what it costs stays in proportion to what was done."""
    ring_changes: int = 256
    backlog_before_conflation: int = 32
    resume_limit: int = 10_000
    heartbeat_seconds: float = 15.0
    load_concurrency: int = 16
    scan_entities: int = 16
    """From so many entities on, one pass over the log may take the place of a call for each."""
    scan_positions_each: int = 500
    """Passing over so many positions of the log costs about what one more entity's own calls do."""
    reload_backoff_seconds: float = 0.1
    reload_backoff_limit_seconds: float = 2.0
    scheduler_rounds: int = 1000


class RequestRecord(NamedTuple):
    """A request that took effect: the hash of its body and the last revision it wrote."""

    request_hash: str
    revision: int
    number: int


@dataclass(frozen=True, slots=True)
class RequestTable:
    """The last `REQUESTS_KEPT` request ids of an entity; persistent, folded from its events."""

    records: Map[str, RequestRecord] = field(default_factory=Map)
    order: Map[int, str] = field(default_factory=Map)
    oldest: int = 0
    next: int = 0

    def get(self, request_id: str) -> RequestRecord | None:
        """The record of an id, where it is remembered."""
        return self.records.get(request_id) if request_id else None

    def noted(self, request_id: str, request_hash: str, revision: int) -> "RequestTable":
        """With one more event of a request; the first one makes its record, later ones move its revision."""
        known = self.records.get(request_id)
        if known is not None:
            moved = RequestRecord(known.request_hash, revision, known.number)
            return RequestTable(self.records.set(request_id, moved), self.order, self.oldest, self.next)
        records = self.records.set(request_id, RequestRecord(request_hash, revision, self.next))
        order, oldest = self.order.set(self.next, request_id), self.oldest
        if len(order) > REQUESTS_KEPT:
            records = records.delete(order[oldest])
            order, oldest = order.delete(oldest), oldest + 1
        return RequestTable(records, order, oldest, self.next + 1)

    @staticmethod
    def of(rows: Iterable[tuple[str, str, int]]) -> "RequestTable":
        """What `noted` makes of (id, hash, revision) one after another, at a fraction of its cost.

        The hash that counts is an id's first, the revision its last.
        """
        kept: dict[str, RequestRecord] = {}
        number = gone = 0
        for request_id, request_hash, revision in rows:
            known = kept.get(request_id)
            if known is not None:
                kept[request_id] = RequestRecord(known.request_hash, revision, known.number)
                continue
            kept[request_id] = RequestRecord(request_hash, revision, number)
            number += 1
            if len(kept) > REQUESTS_KEPT:
                del kept[next(iter(kept))]
                gone += 1
        return RequestTable(Map(kept), Map(enumerate(kept, gone)), gone, number)

    def rows(self) -> list[tuple[str, str, int]]:
        """(id, hash, revision), oldest first, for a snapshot."""
        ids = [self.order[number] for number in range(self.oldest, self.next)]
        return [(rid, self.records[rid].request_hash, self.records[rid].revision) for rid in ids]


@dataclass(frozen=True, slots=True)
class Folded(Generic[S]):
    """An entity after some revision: the domain's state and the engine's own table."""

    state: S
    revision: int = 0
    requests: RequestTable = field(default_factory=RequestTable)


@dataclass(frozen=True, slots=True)
class View(Generic[S]):
    """A committed state and its revision; `position` is the global position of its last commit."""

    state: S
    revision: int
    position: int = 0


@dataclass(frozen=True, slots=True)
class Outcome(Generic[S]):
    """The answer to a command: the state right after it and that revision."""

    state: S
    revision: int
    duplicate: bool = False


@dataclass(slots=True)
class Batch(Generic[S]):
    """What one command leads to, on its way into the log."""

    recorded: tuple[Recorded, ...]
    states: tuple[S, ...]
    records: tuple[tuple[str, NewRecord], ...]
    size: int
    after: Folded[S]
    done: "asyncio.Future[None]"
    """The caller's own: it ends with a caller who goes away, and nothing else does."""
    heeded: bool = True
    """The scheduler was asked what follows, so another time may be due."""
    resting: "list[asyncio.Future[None]]" = field(default_factory=list)
    """Whoever waits for this batch beside its caller, each with a future of its own."""

    def settle(self, reason: BaseException | None) -> None:
        """The log has it, or never will, for the reason."""
        for future in (self.done, *self.resting):
            if future.done():
                continue
            if reason is None:
                future.set_result(None)
            else:
                future.set_exception(reason)


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """A watch's first item: the whole state."""

    state: S
    revision: int


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Everything up to here is sent; also the heartbeat."""

    revision: int


@dataclass(eq=False, slots=True)
class Change(Generic[S]):
    """Changes after `from_revision` up to `to_revision`; shared by all watchers.

    `recorded` is empty in a conflated change. `rendered` is the adapters' place to keep the serialized form, so that
    it is made once whatever the number of watchers.
    """

    from_revision: int
    to_revision: int
    recorded: tuple[Recorded, ...]
    touched: frozenset[Key]
    state: S
    conflated: bool = False
    rendered: dict[str, Any] = field(default_factory=dict)


WatchItem = Snapshot[S] | Bookmark | Change[S]


@dataclass(frozen=True, slots=True)
class Board(Generic[S]):
    """A step of the watch over all entities: those that changed, and the position to resume after."""

    changed: Mapping[str, View[S]]
    position: int
    synced: bool


class Owner(Protocol):
    """Which shards this process may write, and under which epochs."""

    def fence(self, entity_id: str) -> FenceToken | None:
        """The fence for an entity's appends; raises `Rejection` NOT_OWNER where it is another's."""
        ...

    def owned(self) -> Collection[int]:
        """The shards held now."""
        ...

    def fenced_off(self, fence: FenceToken | None) -> None:
        """The log refused this fence: a newer epoch exists."""
        ...


class Spawner(Protocol):
    """Runs coroutines in the background and does not lose their failures."""

    def spawn(self, coro: Coroutine[Any, Any, Any], *, name: str) -> "asyncio.Task[Any]":
        """Start one."""
        ...


def touched_by(domain: Domain[S], recorded: Sequence[Recorded], states: Sequence[S]) -> frozenset[Key]:
    """The parts touched by events, each seen with the state right after it."""
    keys: set[Key] = set()
    for event, state in zip(recorded, states, strict=True):
        keys |= domain.touched(state, event)
    return frozenset(keys)
