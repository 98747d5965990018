"""Restart, snapshots, timers, time travel, moving shards."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from podium.chassis.engine import Bookmark, EngineSettings
from podium.chassis.engine.ports import StoredRecord
from podium.kernel.errors import Rejection
from podium.kernel.ids import shard_of
from tests.engine.counting import Account, Remind
from tests.engine.harness import ANNA, add, engine_over
from tests.fakes.clock import ManualClock
from tests.fakes.log import MemoryLog


async def remind(engine, seconds: int, request_id: str) -> None:  # type: ignore[no-untyped-def]
    await engine.execute("a", Remind(seconds), actor=ANNA, request_id=request_id)


async def reminders(engine, count: int) -> Account:  # type: ignore[no-untyped-def]
    """Wait on the watch until so many reminders fired."""
    async for item in engine.watch("a", snapshot=True):
        if not isinstance(item, Bookmark) and item.state.reminders >= count:
            return item.state
    raise AssertionError


async def test_a_timer_fires_when_due_and_once() -> None:
    """One timer an entity, derived from the committed state; when due the scheduler looks."""
    clock = ManualClock()
    async with engine_over(MemoryLog(), clock) as engine:
        await remind(engine, 10, "r0")
        await clock.wait_for_sleepers()
        clock.advance(9)
        assert (await engine.view("a")).state.reminders == 0
        clock.advance(1.1)
        assert (await reminders(engine, 1)).due == ""


async def test_a_later_command_replaces_the_timer() -> None:
    """An earlier instant set afterwards is not missed."""
    clock = ManualClock()
    async with engine_over(MemoryLog(), clock) as engine:
        await remind(engine, 100, "r0")
        await clock.wait_for_sleepers()
        await remind(engine, 5, "r1")
        await clock.wait_for_sleepers()
        while clock.next_wake is None or clock.next_wake > 5:
            await asyncio.sleep(0)
        clock.advance(5.1)
        assert (await reminders(engine, 1)).reminders == 1


async def test_what_became_due_while_nobody_ran_is_done_at_once_after_restart() -> None:
    """A process that takes over looks at every entity at once, not when somebody asks for it."""
    log, clock = MemoryLog(), ManualClock()
    async with engine_over(log, clock) as engine:
        await remind(engine, 10, "r0")
    clock.set(clock.now() + timedelta(hours=1))
    async with engine_over(log, clock):
        while len(log.streams["accounts/a"]) < 2:
            await asyncio.sleep(0)
    assert log.streams["accounts/a"][1].type == "Reminded"


async def test_snapshots_are_taken_and_used() -> None:
    """State and request table come back from snapshot and tail; replay from the start gives the same."""
    log = MemoryLog()
    settings = EngineSettings(snapshot_every=10)
    async with engine_over(log, settings=settings) as engine:
        for i in range(25):
            await add(engine, "a", 1, f"r{i}")
        while not log.snapshots:
            await asyncio.sleep(0.001)
        expected = (await engine.view("a")).state
    async with engine_over(log, settings=settings) as engine:
        assert (await engine.view("a")).state == expected
        assert (await add(engine, "a", 1, "r3")).duplicate
    log.snapshots.clear()
    async with engine_over(log, settings=settings) as engine:
        assert (await engine.view("a")).state == expected


async def test_time_travel_shows_every_revision() -> None:
    """view_at(n) is the fold of the first n events; past the end is refused; history pages both ways."""
    async with engine_over(MemoryLog()) as engine:
        for i in range(5):
            await add(engine, "a", 1, f"r{i}")
        totals = [(await engine.view_at("a", n)).state.total for n in range(1, 6)]
        assert totals == [1, 2, 3, 4, 5]
        with pytest.raises(Rejection, match="at_revision"):
            await engine.view_at("a", 6)
        assert [r.revision for r in await engine.history("a", 1, 3)] == [2, 3, 4]
        assert [r.revision for r in await engine.history("a", 0, 2, backwards=True)] == [5, 4]
        assert [r.revision for r in await engine.history("a", 4, 9, backwards=True)] == [3, 2, 1]


async def test_looking_around_reads_little() -> None:
    """Any order of looks shows the same states as the fold; one beside another reads only what lies between them."""
    log = CountingLog()
    async with engine_over(log, settings=EngineSettings(snapshot_every=20)) as engine:
        states = {}
        for i in range(100):
            outcome = await add(engine, "a", 1, f"r{i}")
            states[outcome.revision] = outcome.state
        known = sorted(states)
        rng = Random(7)
        for revision in rng.choices(known, k=60):
            assert (await engine.view_at("a", revision)).state == states[revision]
        steps = known[30:35]
        await engine.view_at("a", steps[0])
        log.asked.clear()
        for revision in steps[1:]:
            assert (await engine.view_at("a", revision)).state == states[revision]
        assert log.asked == [after - before for before, after in pairwise(steps)]


class CountingLog(MemoryLog):
    """Notes how many records each read asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def read(self, stream: str, after_revision: int, limit: int = 0) -> AsyncIterator[Sequence[StoredRecord]]:
        self.asked.append(limit)
        return super().read(stream, after_revision, limit)


async def test_released_shards_end_their_watches_and_refuse_calls() -> None:
    """When a shard moves, whoever watches is sent away with NOT_OWNER."""
    async with engine_over(MemoryLog()) as engine:
        await add(engine, "a", 1, "r0")
        watch = engine.watch("a")
        await anext(watch)
        engine.release({shard_of("a")})
        with pytest.raises(Rejection, match="NOT_OWNER"):
            await anext(watch)
        assert "a" not in engine.loaded_views()


async def test_request_ids_are_remembered_up_to_a_bound() -> None:
    """The last 1,000 ids are known; older ones are forgotten, so the table is bounded."""
    async with engine_over(MemoryLog()) as engine:
        await asyncio.gather(*(add(engine, "a", 1, f"r{i}") for i in range(1001)))
        table = engine._entities["a"].committed.requests
        assert len(table.records) == len(table.order) == 1000
        assert table.get("r0") is None
        assert (await add(engine, "a", 1, "r1")).duplicate
