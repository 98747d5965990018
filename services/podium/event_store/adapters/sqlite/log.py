"""The `Log` on one SQLite file."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import apsw

from podium.event_store.adapters.sqlite import reading, registry, schema, snapshots, upkeep
from podium.event_store.adapters.sqlite.checkpoints import CHECKPOINT_PAGES
from podium.event_store.adapters.sqlite.connection import FileLock, Readers, keep_room, open_writer
from podium.event_store.adapters.sqlite.writer import Writer
from podium.event_store.application.ports import CommitListener
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

_log = logging.getLogger(__name__)

T = TypeVar("T")

WAL_BYTES = (CHECKPOINT_PAGES + 1_000) * 4120
"""What the write-ahead log holds when it is moved into the file, and what comes meanwhile: pages of 4 KiB, heads."""


def system_time_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


class SqliteLog:
    """See `application.ports.Log`. `vfs` names another SQLite file layer (tests break it on purpose)."""

    def __init__(self, path: Path, *, now_us: Callable[[], int] = system_time_us, vfs: str | None = None) -> None:
        self._path, self._vfs = path, vfs
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._readers = Readers(path)
        self._writer = Writer(path, lambda: open_writer(path, vfs), now_us, self._committed)
        self._listeners: list[CommitListener] = []
        self._position = 0

    async def open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.take()
        try:
            db = await asyncio.to_thread(self._prepare)
        except apsw.Error as error:
            self._lock.release()
            raise RuntimeError(f"{self._path} cannot be opened: {error}") from error
        except BaseException:
            self._lock.release()
            raise
        self._position = self._writer.start(db)

    def _prepare(self) -> apsw.Connection:
        if not self._path.exists():
            # Made before SQLite does, so that it is nobody else's from its first moment.
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        db = open_writer(self._path, self._vfs)
        version = schema.current_version(db)
        if version is None:
            schema.create(db)
        elif version != schema.HEAD:
            db.close()
            schema.upgrade(self._path)
            db = open_writer(self._path, self._vfs)
        snapshots.drop_unfinished(db)
        try:
            keep_room(self._path, WAL_BYTES)
        except OSError as error:
            _log.warning("no room is kept for the write-ahead log, commits may take longer: %s", error)
        return db

    async def close(self) -> None:
        await asyncio.to_thread(self._readers.close)
        await self._writer.stop()
        self._lock.release()

    # Events.

    @property
    def position(self) -> int:
        return self._position

    def listen(self, listener: CommitListener) -> None:
        self._listeners.append(listener)

    def _committed(self, commit: Commit) -> None:
        self._position = commit.last_position
        for listener in self._listeners:
            listener(commit)

    def append(self, appends: Sequence[Append]) -> Awaitable[Sequence[Outcome]]:
        return self._writer.append(appends)

    async def _read(self, work: Callable[[apsw.Connection], T]) -> T:
        return await self._readers.run(work)

    async def read_stream(
        self, stream: str, first: int, *, backwards: bool = False, limit: int = 0, max_bytes: int = 1 << 20
    ) -> Page:
        return await self._read(
            lambda db: reading.read_stream(db, stream, first, backwards=backwards, limit=limit, max_bytes=max_bytes)
        )

    async def read_all(
        self, wanted: Filter, first: int, *, backwards: bool = False, limit: int = 0, max_bytes: int = 1 << 20
    ) -> Page:
        return await self._read(
            lambda db: reading.read_all(db, wanted, first, backwards=backwards, limit=limit, max_bytes=max_bytes)
        )

    async def stream(self, stream: str) -> StreamInfo:
        return await self._read(lambda db: reading.stream_info(db, stream))

    async def streams(self, prefix: str, after: str, limit: int) -> Sequence[StreamInfo]:
        return await self._read(lambda db: reading.list_streams(db, prefix, after, limit))

    # Snapshots.

    async def begin_snapshot(self, header: Snapshot) -> int:
        return await self._writer.run(snapshots.begin(header))

    async def add_chunk(self, snapshot_id: int, number: int, chunk: bytes) -> None:
        await self._writer.run(snapshots.add(snapshot_id, number, chunk), size=len(chunk))

    async def finish_snapshot(self, snapshot_id: int, header: Snapshot) -> None:
        await self._writer.run(snapshots.finish(snapshot_id, header))

    async def drop_snapshot(self, snapshot_id: int) -> None:
        await self._writer.run(snapshots.drop(snapshot_id))

    async def find_snapshot(self, stream: str, at_revision: int, schema_version: int) -> tuple[int, Snapshot] | None:
        return await self._read(lambda db: snapshots.find(db, stream, at_revision, schema_version))

    async def chunk(self, snapshot_id: int, number: int) -> bytes | None:
        return await self._read(lambda db: snapshots.chunk(db, snapshot_id, number))

    # Leases and shards.

    async def acquire_lease(self, name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Lease:
        return await self._writer.run(registry.acquire(name, address, ttl_seconds, metadata))

    async def describe_lease(self, name: str, epoch: int, metadata: Mapping[str, str]) -> Lease:
        return await self._writer.run(registry.describe(name, epoch, metadata))

    async def end_lease(self, name: str, epoch: int, reason: LeaseEnd) -> None:
        await self._writer.run(registry.end(name, epoch, reason))

    async def leases(self) -> Sequence[Lease]:
        return await self._read(registry.live_leases)

    async def claim_shards(
        self, service: str, shards: Sequence[int], owner: str, owner_epoch: int
    ) -> Sequence[ShardRow]:
        return await self._writer.run(registry.claim(service, shards, owner, owner_epoch))

    async def release_shards(self, service: str, shards: Sequence[int], owner: str, owner_epoch: int) -> None:
        await self._writer.run(registry.release(service, shards, owner, owner_epoch))

    async def shards(self, service: str) -> Sequence[ShardRow]:
        return await self._read(lambda db: registry.read_shards(db, service))

    # Upkeep.

    async def set_retention(self, stream: str, retention: Retention) -> StreamInfo:
        info = await self._writer.run(upkeep.retain(stream, retention))
        await self._truncate(stream)
        return info

    async def delete_stream(self, stream: str) -> StreamInfo:
        info = await self._writer.run(upkeep.delete(stream))
        await self._truncate(stream)
        return info

    async def scavenge(self) -> int:
        truncated = 0
        for stream in await self._read(upkeep.retained_streams):
            await self._writer.run(upkeep.raise_floor(stream))
            truncated += await self._truncate(stream)
        return truncated

    async def _truncate(self, stream: str) -> int:
        truncated = 0
        while step := await self._writer.run(upkeep.truncate_step(stream)):
            truncated += step
        return truncated

    async def verify(self, first: int) -> Checked:
        return await self._read(lambda db: upkeep.verify(db, first))

    async def backup(self, path: str) -> int:
        return await self._read(lambda _: upkeep.backup(self._path, path))
