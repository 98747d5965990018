"""What the store needs from a database: the `Log`.

Implementations: memory (tests), SQLite, PostgreSQL; one contract suite (`tests/contracts`) runs on all of them. Every
refusal is a `kernel.errors.Rejection`; a database that is full raises RESOURCE_EXHAUSTED / STORAGE_FULL, one that
cannot be reached UNAVAILABLE / STORAGE_UNAVAILABLE, with nothing half-written; later calls find it recovered by
themselves.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from podium.event_store.domain.model import (
    Append,
    Checked,
    Commit,
    Filter,
    Lease,
    LeaseEnd,
    Outcome,
    Page,
    Retention,
    ShardRow,
    Snapshot,
    StreamInfo,
)

CommitListener = Callable[[Commit], None]


class EventLog(Protocol):
    """Appending and reading."""

    @property
    def position(self) -> int:
        """The last position whose commit was told to the listeners."""
        ...

    def listen(self, listener: CommitListener) -> None:
        """Call it with every commit, in order, on the event loop, before the appends' callers get their answers."""
        ...

    def append(self, appends: Sequence[Append]) -> Awaitable[Sequence[Outcome]]:
        """Store each of them, or say why not, in order; all that waits shares one durable commit.

        Taken at the call, not when the answer is awaited: calls are admitted in their order. The call raises
        TOO_MANY_REQUESTS where too much waits.
        """
        ...

    async def read_stream(
        self, stream: str, first: int, *, backwards: bool = False, limit: int = 0, max_bytes: int = 1 << 20
    ) -> Page:
        """Events of a stream from a revision on (forwards; backwards: down from it, 0 being the end).

        Raises RESUME_POINT_TRUNCATED where `first` is below the floor; 0 forwards begins at the floor.
        """
        ...

    async def read_all(
        self, wanted: Filter, first: int, *, backwards: bool = False, limit: int = 0, max_bytes: int = 1 << 20
    ) -> Page:
        """Events of the log from a position on; truncated ones come as stubs (no payload, no metadata)."""
        ...

    async def stream(self, stream: str) -> StreamInfo:
        """What is known of a stream."""
        ...

    async def streams(self, prefix: str, after: str, limit: int) -> Sequence[StreamInfo]:
        """Streams by name, after a name."""
        ...


class SnapshotShelf(Protocol):
    """Snapshots of entities, in chunks."""

    async def begin_snapshot(self, header: Snapshot) -> int:
        """A place for chunks; not visible before `finish_snapshot`. Raises FENCED; INVALID_FIELD above the head."""
        ...

    async def add_chunk(self, snapshot_id: int, number: int, chunk: bytes) -> None:
        """The next chunk; numbers count from 0."""
        ...

    async def finish_snapshot(self, snapshot_id: int, header: Snapshot) -> None:
        """Make it visible and drop those that it supersedes. Raises FENCED."""
        ...

    async def drop_snapshot(self, snapshot_id: int) -> None:
        """Forget an unfinished one."""
        ...

    async def find_snapshot(self, stream: str, at_revision: int, schema_version: int) -> tuple[int, Snapshot] | None:
        """The newest at or before the revision (0: any) of the schema version (0: any), with its id."""
        ...

    async def chunk(self, snapshot_id: int, number: int) -> bytes | None:
        """A chunk; None past the last."""
        ...


class Registry(Protocol):
    """Leases and shards, as stored; when a lease is over is for the keeper of leases to decide."""

    async def acquire_lease(self, name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Lease:
        """A new epoch under the name; the old lease ends as REPLACED. The events go to `$leases`."""
        ...

    async def describe_lease(self, name: str, epoch: int, metadata: Mapping[str, str]) -> Lease:
        """Replace what the process offers. Raises LEASE_LOST."""
        ...

    async def end_lease(self, name: str, epoch: int, reason: LeaseEnd) -> None:
        """End it (RELEASED frees its shards too). Raises LEASE_LOST."""
        ...

    async def leases(self) -> Sequence[Lease]:
        """The live ones, by name."""
        ...

    async def claim_shards(
        self, service: str, shards: Sequence[int], owner: str, owner_epoch: int
    ) -> Sequence[ShardRow]:
        """All or none. Raises LEASE_LOST, SHARD_OWNED."""
        ...

    async def release_shards(self, service: str, shards: Sequence[int], owner: str, owner_epoch: int) -> None:
        """Give up those of them that are owned under this lease."""
        ...

    async def shards(self, service: str) -> Sequence[ShardRow]:
        """All 256, by number."""
        ...


class Leases(Protocol):
    """Leases as processes use them: with somebody who sees to their ends."""

    async def start(self) -> None:
        """Before the store serves."""
        ...

    async def acquire(self, name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Lease:
        """A new epoch; whoever held the name loses it at once. A ttl of 0 is the default."""
        ...

    async def renew(self, name: str, epoch: int, metadata: Mapping[str, str]) -> Lease:
        """Count anew; metadata, where there are any, replace the old ones. Raises LEASE_LOST."""
        ...

    async def release(self, name: str, epoch: int) -> None:
        """End it now. Raises LEASE_LOST."""
        ...

    async def tick(self) -> None:
        """End what is over; called several times a second as long as the store serves."""
        ...


class Upkeep(Protocol):
    """What operators do."""

    async def set_retention(self, stream: str, retention: Retention) -> StreamInfo:
        """Set it whole and apply it. Raises STREAM_NOT_FOUND."""
        ...

    async def delete_stream(self, stream: str) -> StreamInfo:
        """Truncate everything; the name and its revisions live on. Raises STREAM_NOT_FOUND."""
        ...

    async def scavenge(self) -> int:
        """Apply every stream's retention; the events truncated."""
        ...

    async def verify(self, first: int) -> Checked:
        """Check a page of rows from a position on."""
        ...

    async def backup(self, path: str) -> int:
        """Write a consistent copy; the last position in it. Raises INVALID_FIELD where the path is not free."""
        ...


class Log(EventLog, SnapshotShelf, Registry, Upkeep, Protocol):
    """A database with everything above."""

    async def open(self) -> None:
        """Make it ready; raises RuntimeError with a sentence for people where it cannot be."""
        ...

    async def close(self) -> None:
        """Finish what was taken, refuse the rest, let go of all files and threads."""
        ...
