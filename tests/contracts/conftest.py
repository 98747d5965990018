"""Every log under one suite: `logs` is a bench that can close and open its log again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.event_store.adapters.postgres.log import PostgresLog
from podium.event_store.adapters.sqlite.log import SqliteLog
from podium.event_store.application.ports import Log
from tests.fakes.memory_event_log import MemoryEventLog
from tests.support.postgres import clean_database

START_US = 1_795_000_000_000_000


class Bench:
    """A log on the bench, with a wall clock (`now_us`) that the test moves."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.now_us = START_US
        self._folder = folder
        self._url = clean_database() if kind == "postgres" else ""
        self.log: Log = self._make()

    def _make(self) -> Log:
        if self.kind == "memory":
            return MemoryEventLog(lambda: self.now_us)
        if self.kind == "postgres":
            return PostgresLog(self._url, now_us=lambda: self.now_us)
        return SqliteLog(self._folder / "store.sqlite3", now_us=lambda: self.now_us)

    async def reopen(self) -> Log:
        """As after a restart."""
        await self.log.close()
        if self.kind != "memory":
            self.log = self._make()
        await self.log.open()
        return self.log


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(request.param, tmp_path)
    await made.log.open()
    yield made
    await made.log.close()


@pytest.fixture
async def log(bench: Bench) -> Log:
    return bench.log
