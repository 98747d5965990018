"""How often an entity's state is kept."""

import asyncio
import threading
from typing import Any

import pytest

from podium.chassis.engine import EngineSettings, loading
from podium.chassis.engine.snapshots import decode_snapshot
from tests.engine.harness import add, engine_over
from tests.fakes.log import MemoryLog


async def test_a_large_state_is_kept_less_often() -> None:
    """A snapshot of many bytes lasts for more events, so that keeping a board of 100,000 tasks stays cheap."""
    log = MemoryLog()
    async with engine_over(log, settings=EngineSettings(snapshot_every=10, snapshot_bytes_each=10)) as engine:
        for i in range(40):
            await add(engine, "a", 1, f"r{i}")
            if i == 20:
                while not log.snapshots:
                    await asyncio.sleep(0.001)
    ((_, kept),) = log.snapshots["accounts/a"]
    assert len(kept.data) > 400


async def test_a_large_snapshot_does_not_stop_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is decoded on a thread: leases are renewed meanwhile."""
    log = MemoryLog()
    async with engine_over(log, settings=EngineSettings(snapshot_every=5)) as engine:
        for i in range(6):
            await add(engine, "a", 1, f"r{i}")
        while not log.snapshots:
            await asyncio.sleep(0)
        expected = (await engine.view("a")).state
    monkeypatch.setattr(loading, "LARGE_BYTES", 10)
    threads: list[str] = []

    def decode(*args: Any, **kwargs: Any) -> Any:
        threads.append(threading.current_thread().name)
        return decode_snapshot(*args, **kwargs)

    monkeypatch.setattr(loading, "decode_snapshot", decode)
    async with engine_over(log, settings=EngineSettings(snapshot_every=5)) as engine:
        assert (await engine.view("a")).state == expected
    assert threads and threading.main_thread().name not in threads
