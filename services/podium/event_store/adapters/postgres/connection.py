"""Connections to the database, and what its errors mean."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from podium.kernel.errors import Kind, Rejection, exhausted, invalid, unavailable

T = TypeVar("T")

Connection = Any
"""asyncpg brings no types."""

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 20.0
ACQUIRE_SECONDS = 5.0
POOL_SIZE = 6

LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
)
"""The connection is gone, or as good as gone: what it was doing may be done again on another one."""

_SETTINGS = {
    "default_transaction_isolation": "read committed",
    "jit": "off",
    "lock_timeout": "15s",
    # A process that stands still in the middle of a transaction holds its locks no longer than this.
    "idle_in_transaction_session_timeout": "5s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


_READ_PLANS = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_bitmapscan": "off"}
"""Pages come in the order of an index, whatever the statistics of a young table say; planned once, not page by page."""


class Server:
    """Where the database is. The address may hold a password: show `name` only."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        self.name = f"{parts.hostname or 'local'}{parts.path}"

    async def connect(self, purpose: str, **settings: str) -> Connection:
        """A connection of one's own; `purpose` is for people who look at pg_stat_activity. Raises LOST and others."""
        connection = await asyncpg.connect(self._url, **self._options(purpose, settings))
        await _prepare(connection)
        return connection

    def pool(self) -> Any:
        """Connections for reading and for small transactions; they are opened when first needed."""
        return asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=POOL_SIZE,
            init=_prepare,
            reset=_keep,
            **self._options("reader", _READ_PLANS),
        )

    @staticmethod
    def _options(purpose: str, settings: dict[str, str]) -> dict[str, Any]:
        return {
            "timeout": CONNECT_SECONDS,
            "command_timeout": COMMAND_SECONDS,
            "server_settings": _SETTINGS | {"application_name": f"podium-event-store {purpose}"} | settings,
        }


async def _prepare(connection: Connection) -> None:
    """Acknowledged means synced, whatever the database or the role is set to; stronger settings stay."""
    if await connection.fetchval("SHOW synchronous_commit") == "off":
        await connection.execute("SET synchronous_commit = on")


async def _keep(_: Connection) -> None:
    """Nobody changes a pooled connection's settings: setting them back would cost each read a second round trip."""


async def close(connection: Connection | None) -> None:
    """Let go of a connection that may be broken."""
    if connection is not None:
        with suppress(*LOST, asyncpg.PostgresError):
            await connection.close(timeout=1)
        connection.terminate()


def storage_error(error: BaseException) -> Rejection:
    """What the caller is told when the database fails; the cause is in the log of the service."""
    if isinstance(error, asyncpg.exceptions.DiskFullError):
        return exhausted("STORAGE_FULL", "the event store's disk is full", 1.0)
    if isinstance(error, asyncpg.DataError):
        return invalid("request", "texts without NUL characters, numbers of 64 bits")
    if isinstance(error, asyncpg.exceptions.DataCorruptedError | asyncpg.exceptions.IndexCorruptedError):
        return Rejection(Kind.UNAVAILABLE, "STORAGE_DAMAGED", "the event store's database is damaged")
    return unavailable("STORAGE_UNAVAILABLE", "the event store's database cannot be used now", 0.5)


class Pool:
    """Work on pooled connections: a connection that turns out to be dead is replaced once."""

    def __init__(self, server: Server) -> None:
        self._pool = server.pool()

    async def open(self) -> None:
        """Ready the pool; it connects when it is used."""
        await self._pool

    async def close(self) -> None:
        """End what runs."""
        self._pool.terminate()

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Work that can be repeated without harm; raises the Rejection that its failure means."""
        try:
            return await self._once(work)
        except LOST:
            try:
                return await self._once(work)
            except (*LOST, asyncpg.PostgresError) as error:
                raise storage_error(error) from error
        except asyncpg.PostgresError as error:
            raise storage_error(error) from error

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """The same in a transaction of its own."""

        async def inside(db: Connection) -> T:
            async with db.transaction():
                return await work(db)

        return await self.run(inside)

    async def _once(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as db:
            return await work(db)
