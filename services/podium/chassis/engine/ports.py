"""What the engine needs from the world: a log, a codec, a clock. Kernel words only."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class FenceToken:
    """Proof of ownership that rides with an append."""

    service: str
    shard: int
    epoch: int


@dataclass(frozen=True, slots=True)
class NewRecord:
    """An event to store: encoded, with its id (16 bytes) and metadata."""

    event_id: bytes
    type: str
    data: bytes
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """Records for one stream; `expected_revision` None means any."""

    stream: str
    records: Sequence[NewRecord]
    expected_revision: int | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an append went."""

    first_position: int
    last_position: int


@dataclass(slots=True)
class StoredRecord:
    """An event as read back. Not frozen only because many are made: each field would be set through a call."""

    position: int
    stream: str
    revision: int
    type: str
    data: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)


class AnyRecord(Protocol):
    """What has a `StoredRecord`'s fields: so the store's own events need not be copied where very many are read."""

    @property
    def position(self) -> int:
        """Global."""
        ...

    @property
    def stream(self) -> str:
        """`{category}/{id}`."""
        ...

    @property
    def revision(self) -> int:
        """In its stream."""
        ...

    @property
    def type(self) -> str:
        """Of the event."""
        ...

    @property
    def data(self) -> bytes:
        """Encoded."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """Beside it."""
        ...


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot as read back: the state after `revision`."""

    revision: int
    data: bytes


class AppendConflict(Exception):
    """The stream is not where the writer thought: another writer was there. The entity must be rebuilt."""


class AppendFenced(Exception):
    """A newer epoch owns the shard. The writer must stop."""


class AppendUnknown(Exception):
    """No answer in time: the append may or may not have happened."""


class AppendRefused(Exception):
    """The store refused the append for good, and nothing was written (limits, storage full)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class EntityHead:
    """Where the stream of an entity ends: its last revision, and the global position of that event."""

    entity_id: str
    revision: int
    position: int


class LogUnavailable(Exception):
    """The store cannot be read now."""


class Log(Protocol):
    """The event store as the engine sees it."""

    async def append(
        self, streams: Sequence[StreamBatch], fence: FenceToken | None, timeout_seconds: float
    ) -> Appended:
        """Store atomically; calls made one after another, without awaiting in between, are stored in that order.

        Raises AppendConflict, AppendFenced, AppendUnknown, AppendRefused. Retries (same event ids) are its own affair.
        """
        ...

    def read(self, stream: str, after_revision: int, limit: int = 0) -> AsyncIterator[Sequence[StoredRecord]]:
        """The stream's records after a revision, in batches; limit 0 is all. Raises LogUnavailable."""
        ...

    async def load_snapshot(self, stream: str, at_revision: int | None, schema_version: int) -> StoredSnapshot | None:
        """The newest snapshot (at or before the revision) of this schema version."""
        ...

    async def save_snapshot(
        self, stream: str, snapshot: StoredSnapshot, schema_version: int, fence: FenceToken | None
    ) -> None:
        """Keep a snapshot; best effort."""
        ...

    async def list_entities(self, category: str) -> Sequence[EntityHead]:
        """All entities that have a stream `{category}/{id}`. Raises LogUnavailable."""
        ...

    def read_category(self, category: str) -> AsyncIterator[Sequence[AnyRecord]]:
        """The records of all streams `{category}/…`, by position, in batches. Raises LogUnavailable."""
        ...


class EntityCodec(Protocol):
    """Events and states to bytes and back."""

    def encode_event(self, event: object) -> tuple[str, bytes]:
        """(type, data) of an own or outbound event."""
        ...

    def decode_event(self, type_name: str, data: bytes) -> object:
        """The event; raises LookupError for a type it does not know."""
        ...

    def encode_state(self, state: Any) -> bytes:
        """The state for a snapshot."""
        ...

    def decode_state(self, data: bytes) -> Any:
        """The state from a snapshot."""
        ...


class Clock(Protocol):
    """Time and waiting, so that tests can own both."""

    def now(self) -> datetime:
        """UTC, aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...
