"""How often an entity's state is kept."""

import asyncio

from podium.chassis.engine import EngineSettings
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
