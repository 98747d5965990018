"""The words of the log, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from podium.kernel.errors import Rejection


class Fact(NamedTuple):
    """An event to be stored: `body` is the writer's part of the encoded event (see `wire`)."""

    event_id: bytes
    type: str
    body: bytes


class StreamPart(NamedTuple):
    """Facts for one stream; `expected_revision` None is any, 0 is that the stream must not exist.

    They are kept by columns: there may be thousands, and a value for each of them would cost more than its checks.
    """

    stream: str
    event_ids: Sequence[bytes]
    types: Sequence[str]
    bodies: Sequence[bytes]
    expected_revision: int | None = None

    @classmethod
    def of(cls, stream: str, facts: Sequence[Fact], expected_revision: int | None = None) -> "StreamPart":
        """A part with these facts."""
        ids, types, bodies = zip(*facts, strict=True)
        return cls(stream, ids, types, bodies, expected_revision)

    @property
    def facts(self) -> list[Fact]:
        """One by one."""
        return list(map(Fact, self.event_ids, self.types, self.bodies))


class Fence(NamedTuple):
    """Proof that the writer owns a shard."""

    service: str
    shard: int
    epoch: int


class Append(NamedTuple):
    """What is stored all together or not at all; every stream is named once."""

    parts: Sequence[StreamPart]
    fence: Fence | None = None

    @property
    def size(self) -> int:
        """Events."""
        return sum(len(part.bodies) for part in self.parts)


def weigh(appends: Sequence[Append]) -> tuple[int, int]:
    """(events, bytes) of what the writers brought."""
    events = size = 0
    for parts, _ in appends:
        for _, _, _, bodies, _ in parts:
            events += len(bodies)
            size += sum(map(len, bodies))
    return events, size


class Range(NamedTuple):
    """Where the events of one stream went."""

    stream: str
    first_revision: int
    last_revision: int


class Appended(NamedTuple):
    """Where an append went; a duplicate went there before."""

    first_position: int
    last_position: int
    ranges: Sequence[Range]
    duplicate: bool = False


Outcome = Appended | Rejection
"""What became of one append among others."""


class StoredEvent(NamedTuple):
    """A row of the log; `event` is the encoded message, or its stub where the payload was truncated."""

    position: int
    stream: str
    revision: int
    event_id: bytes
    type: str
    event: bytes


class Found(NamedTuple):
    """What is known of a stored event id: where it is, and the digest of its body."""

    position: int
    stream: str
    revision: int
    digest: bytes


class Commit(NamedTuple):
    """What one transaction made readable: contiguous, in order, never empty."""

    rows: Sequence[StoredEvent]

    @property
    def last_position(self) -> int:
        """Position of the last event."""
        return self.rows[-1].position


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events: all conditions hold together, each list is a choice, an empty one holds always."""

    stream: str = ""
    prefixes: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether every event matches."""
        return not (self.stream or self.prefixes or self.types)

    def matches(self, stream: str, event_type: str) -> bool:
        """Whether an event of this stream and type is wanted."""
        return (
            (not self.stream or stream == self.stream)
            and (not self.prefixes or stream.startswith(self.prefixes))
            and (not self.types or event_type in self.types)
        )


class Page(NamedTuple):
    """Some events, spliced (see `wire.splice`).

    `last`: everything up to here was looked at (a revision or a position; backwards: down to here).
    `end`: nothing more is there now.
    """

    chunk: bytes
    size: int
    last: int
    end: bool


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of a stream is kept; None is no limit."""

    max_count: int | None = None
    max_age_seconds: float | None = None
    truncate_before: int | None = None


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What is known of a stream; revision 0: there is none of that name."""

    stream: str
    revision: int = 0
    oldest_revision: int = 1
    last_position: int = 0
    retention: Retention = field(default_factory=Retention)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot's header: the state of `stream` after `revision`, `size` bytes in all."""

    stream: str
    revision: int
    schema_version: int
    size: int
    fence: Fence | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A process that lives; times in seconds, `acquired_us` in microseconds since the epoch."""

    name: str
    address: str
    epoch: int
    ttl_seconds: float
    metadata: Mapping[str, str]
    acquired_us: int


class LeaseEnd(Enum):
    """Why a lease is over."""

    RELEASED = 1
    EXPIRED = 2
    REPLACED = 3


@dataclass(frozen=True, slots=True)
class ShardRow:
    """Who owns a shard, under which epochs; an empty owner is nobody."""

    shard: int
    owner: str = ""
    owner_epoch: int = 0
    epoch: int = 0


class Checked(NamedTuple):
    """Progress of a verification: rows up to `last` are whole, or `damage` says what is wrong at `last`."""

    rows: int
    last: int
    end: bool
    damage: str = ""
