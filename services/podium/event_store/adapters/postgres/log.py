"""The `Log` on a PostgreSQL database, which any number of store processes may share."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import asyncpg

from podium.chassis.tasks import TaskSet
from podium.event_store.adapters.postgres import reading, registry, schema, snapshots, transfer, upkeep
from podium.event_store.adapters.postgres.connection import LOST, Connection, Pool, Server
from podium.event_store.adapters.postgres.tail import Hints, Tail
from podium.event_store.adapters.postgres.transaction import Job
from podium.event_store.adapters.postgres.writer import Writer
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

START_SECONDS = 20.0
START_PAUSE_SECONDS = 0.5
"""How long `open` waits for a database that is not there yet, and between two looks."""
FINISH_SECONDS = 10.0


class PostgresLog:
    """See `application.ports.Log`. `now_us` None is the database's clock (tests bring their own)."""

    def __init__(
        self, url: str, *, now_us: Callable[[], int] | None = None, start_seconds: float = START_SECONDS
    ) -> None:
        self._server = Server(url)
        self._now_us, self._start_seconds = now_us, start_seconds
        self._listeners: list[CommitListener] = []
        self._tail = Tail(self._server, self._committed)
        self._hints = Hints(self._server)
        self._writer = Writer(self._server, self._tail, self._hints, now_us)
        self._writing: asyncio.Task[None] | None = None
        self._pool: Pool | None = None
        self._tasks = TaskSet("postgres-log")

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._start_seconds
        while True:
            try:
                await schema.prepare(self._server)
                break
            except asyncpg.exceptions.ClientConfigurationError as error:
                raise RuntimeError(f"the address of the database {self._server.name} is wrong: {error}") from error
            except (*LOST, asyncpg.exceptions.InvalidCatalogNameError) as error:
                if loop.time() >= give_up:
                    raise RuntimeError(f"the database {self._server.name} cannot be reached: {error}") from error
                _log.info("waiting for the database %s", self._server.name)
                await asyncio.sleep(START_PAUSE_SECONDS)
            except asyncpg.PostgresError as error:
                raise RuntimeError(f"the database {self._server.name} cannot be used: {error}") from error
            except RuntimeError as error:
                raise RuntimeError(f"{self._server.name}: {error}") from error
        self._pool = Pool(self._server)
        await self._pool.open()
        self._tail.position = await self.run(reading.last_position)
        await self.transact(snapshots.drop_unfinished)
        self._writing = self._tasks.spawn(self._writer.run(), name="writer")
        self._tasks.spawn(self._tail.run(), name="tail")
        self._tasks.spawn(self._hints.run(), name="hints")

    async def close(self) -> None:
        self._writer.finish()
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=FINISH_SECONDS)
        await self._tasks.close()
        if self._pool is not None:
            await self._pool.close()

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Work on a connection of the pool; it may run twice."""
        assert self._pool is not None, "the log is not open"
        return await self._pool.run(work)

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """The same in a transaction."""
        assert self._pool is not None, "the log is not open"
        return await self._pool.transact(work)

    def run_job(self, job: Job[T]) -> Awaitable[T]:
        """Work in the writer's transaction."""
        return self._writer.run_job(job)

    # Events.

    @property
    def position(self) -> int:
        return self._tail.position

    def listen(self, listener: CommitListener) -> None:
        self._listeners.append(listener)

    def _committed(self, commit: Commit) -> None:
        for listener in self._listeners:
            listener(commit)

    def append(self, appends: Sequence[Append]) -> Awaitable[Sequence[Outcome]]:
        return self._writer.append(appends)

    async def read_stream(
        self, stream: str, first: int, *, backwards: bool = False, limit: int = 0, max_bytes: int = 1 << 20
    ) -> Page:
        return await self.run(
            lambda db: reading.read_stream(db, stream, first, backwards=backwards, limit=limit, max_bytes=max_bytes)
        )

    async def read_all(
        self, wanted: Filter, first: int, *, backwards: bool = False, limit: int = 0, max_bytes: int = 1 << 20
    ) -> Page:
        return await self.run(
            lambda db: reading.read_all(db, wanted, first, backwards=backwards, limit=limit, max_bytes=max_bytes)
        )

    async def stream(self, stream: str) -> StreamInfo:
        return await self.run(lambda db: reading.stream_info(db, stream))

    async def streams(self, prefix: str, after: str, limit: int) -> Sequence[StreamInfo]:
        return await self.run(lambda db: reading.list_streams(db, prefix, after, limit))

    # Snapshots.

    async def begin_snapshot(self, header: Snapshot) -> int:
        return await self.transact(lambda db: snapshots.begin(db, header))

    async def add_chunk(self, snapshot_id: int, number: int, chunk: bytes) -> None:
        await self.transact(lambda db: snapshots.add(db, snapshot_id, number, chunk))

    async def finish_snapshot(self, snapshot_id: int, header: Snapshot) -> None:
        await self.transact(lambda db: snapshots.finish(db, snapshot_id, header))

    async def drop_snapshot(self, snapshot_id: int) -> None:
        await self.transact(lambda db: snapshots.drop(db, snapshot_id))

    async def find_snapshot(self, stream: str, at_revision: int, schema_version: int) -> tuple[int, Snapshot] | None:
        return await self.run(lambda db: snapshots.find(db, stream, at_revision, schema_version))

    async def chunk(self, snapshot_id: int, number: int) -> bytes | None:
        return await self.run(lambda db: snapshots.chunk(db, snapshot_id, number))

    # Leases and shards.

    async def acquire_lease(self, name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Lease:
        return await self.run_job(registry.acquire(name, address, ttl_seconds, metadata))

    async def describe_lease(self, name: str, epoch: int, metadata: Mapping[str, str]) -> Lease:
        return await self.run_job(registry.describe(name, epoch, metadata))

    async def end_lease(self, name: str, epoch: int, reason: LeaseEnd) -> None:
        await self.run_job(registry.end(name, epoch, reason))

    async def leases(self) -> Sequence[Lease]:
        return await self.run(registry.live_leases)

    async def claim_shards(
        self, service: str, shards: Sequence[int], owner: str, owner_epoch: int
    ) -> Sequence[ShardRow]:
        return await self.run_job(registry.claim(service, shards, owner, owner_epoch))

    async def release_shards(self, service: str, shards: Sequence[int], owner: str, owner_epoch: int) -> None:
        await self.run_job(registry.release(service, shards, owner, owner_epoch))

    async def shards(self, service: str) -> Sequence[ShardRow]:
        return await self.run(lambda db: registry.read_shards(db, service))

    # Upkeep.

    async def set_retention(self, stream: str, retention: Retention) -> StreamInfo:
        info = await self.transact(lambda db: upkeep.retain(db, stream, retention, self._now()))
        await self._truncate(stream)
        return info

    async def delete_stream(self, stream: str) -> StreamInfo:
        info = await self.transact(lambda db: upkeep.delete(db, stream))
        await self._truncate(stream)
        return info

    async def scavenge(self) -> int:
        truncated = 0
        for stream in await self.run(upkeep.retained_streams):
            await self.transact(lambda db, stream=stream: upkeep.raise_floor(db, stream, self._now()))  # type: ignore[misc]
            truncated += await self._truncate(stream)
        await self.transact(snapshots.drop_unfinished)
        if truncated >= upkeep.VACUUM_ROWS:
            await self.run(lambda db: db.execute("VACUUM events", timeout=None))
        return truncated

    async def _truncate(self, stream: str) -> int:
        truncated = 0
        while step := await self.transact(lambda db: upkeep.truncate_step(db, stream)):
            truncated += step
        return truncated

    def _now(self) -> int | None:
        return None if self._now_us is None else self._now_us()

    async def verify(self, first: int) -> Checked:
        return await self.run(lambda db: upkeep.verify(db, first))

    async def backup(self, path: str) -> int:
        return await transfer.backup(self._server, path)
