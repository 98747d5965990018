"""Logs on one database, as many as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
import pytest

from podium.event_store.adapters.postgres.log import PostgresLog
from podium.event_store.domain.model import Commit
from tests.support.postgres import clean_database

OpenLog = Callable[[], Awaitable[PostgresLog]]


@pytest.fixture
def url() -> str:
    return clean_database()


@pytest.fixture
async def open_log(url: str) -> AsyncIterator[OpenLog]:
    async with AsyncExitStack() as stack:

        async def opened() -> PostgresLog:
            log = PostgresLog(url)
            await log.open()
            stack.push_async_callback(log.close)
            return log

        yield opened


@pytest.fixture
async def admin(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


class Told:
    """What a log tells its listeners: every position, in order."""

    def __init__(self, log: PostgresLog) -> None:
        self.positions: list[int] = []
        self._news = asyncio.Event()
        log.listen(self._take)

    def _take(self, commit: Commit) -> None:
        self.positions += [row.position for row in commit.rows]
        self._news.set()

    async def reach(self, position: int) -> None:
        """Wait until it was told; everything so far came once and in order."""
        while not self.positions or self.positions[-1] < position:
            self._news.clear()
            await self._news.wait()
        assert self.positions == list(range(self.positions[0], self.positions[-1] + 1))
