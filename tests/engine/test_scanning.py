"""Taking over many entities: one pass over the log, or a call for each, and always the same states."""

import asyncio

from podium.chassis.engine import Engine, EngineSettings
from tests.engine.counting import Account
from tests.engine.harness import add, engine_over
from tests.fakes.log import MemoryLog


def seen(engine: Engine[Account]) -> dict[str, tuple[Account, int]]:
    """What a reader of each entity sees."""
    return {name: (view.state, view.revision) for name, view in engine.loaded_views().items()}


async def filled(
    entities: int, settings: EngineSettings | None = None
) -> tuple[MemoryLog, dict[str, tuple[Account, int]]]:
    """A log with so many entities, and what a reader of each sees."""
    log = MemoryLog()
    async with engine_over(log, settings=settings) as engine:
        for round_ in range(3):
            for number in range(entities):
                await add(engine, f"e{number}", number + round_, f"{number}-{round_}")
        while settings is not None and not log.snapshots:
            await asyncio.sleep(0)
        states = seen(engine)
    log.reads = log.scans = 0
    return log, states


async def test_many_are_read_in_one_pass() -> None:
    """The states, revisions and request ids are those that each entity's own reading gives."""
    log, states = await filled(40)
    async with engine_over(log) as engine:
        assert (log.scans, log.reads) == (1, 0)
        assert seen(engine) == states
        assert (await add(engine, "e7", 7, "7-0")).duplicate
        assert (await add(engine, "e7", 1, "new")).revision == states["e7"][1] + 1


async def test_few_are_read_by_themselves() -> None:
    """A pass over a log that holds mostly other things would cost more."""
    log, states = await filled(40)
    settings = EngineSettings(scan_positions_each=2)
    async with engine_over(log, settings=settings) as engine:
        assert (log.scans, log.reads) == (0, 40)
        assert seen(engine) == states


async def test_one_that_has_a_snapshot_is_read_from_it() -> None:
    """Only what is too short for a snapshot is read from its beginning."""
    settings = EngineSettings(snapshot_every=3, scan_entities=1)
    log, states = await filled(20, settings)
    async with engine_over(log) as engine:
        assert log.scans == 1
        assert seen(engine) == states
    log.scans = 0
    async with engine_over(log, settings=settings) as engine:
        assert log.scans == 0
        assert seen(engine) == states


async def test_one_that_cannot_be_decoded_does_not_hold_up_the_others() -> None:
    """It stays unavailable by itself; the rest serves."""
    log, states = await filled(40)
    log.streams["accounts/e3"][0].metadata["time"] = "never"  # type: ignore[index]
    ready = EngineSettings(ready_timeout_seconds=0.05)
    async with engine_over(log, settings=ready) as engine:
        found = seen(engine)
    assert found == {name: view for name, view in states.items() if name != "e3"}
