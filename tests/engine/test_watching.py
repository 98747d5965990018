"""Watches: no revision uncovered, the slow conflated, the resumed caught up."""

import asyncio

import pytest

from podium.chassis.engine import Bookmark, Change, EngineSettings, Snapshot
from podium.kernel.errors import Rejection
from tests.engine.harness import add, engine_over
from tests.fakes.log import MemoryLog


async def test_a_snapshot_watch_begins_with_the_state() -> None:
    """Snapshot, bookmark, then changes with their events and the state after them."""
    async with engine_over(MemoryLog()) as engine:
        await add(engine, "a", 1, "r0")
        watch = engine.watch("a", snapshot=True)
        first, second = await anext(watch), await anext(watch)
        assert isinstance(first, Snapshot)
        assert first.state.total == 1
        assert second == Bookmark(1)
        await add(engine, "a", 2, "r1")
        change = await anext(watch)
        assert isinstance(change, Change)
        assert (change.from_revision, change.to_revision, change.state.total) == (1, 2, 3)
        assert change.touched == {("Added", "2")}
        await watch.aclose()


async def test_all_watchers_share_one_change() -> None:
    """A change is one object, so it can be serialized once."""
    async with engine_over(MemoryLog()) as engine:
        await add(engine, "a", 1, "r0")
        watches = [engine.watch("a") for _ in range(3)]
        for watch in watches:
            assert await anext(watch) == Bookmark(1)
        await add(engine, "a", 2, "r1")
        changes = [await anext(watch) for watch in watches]
        assert changes[0] is changes[1] is changes[2]


async def test_who_changes_it_hears_before_who_watches() -> None:
    """However many watch: the answer does not wait for them."""
    async with engine_over(MemoryLog()) as engine:
        await add(engine, "a", 1, "r0")
        heard: list[str] = []

        async def watch() -> None:
            items = engine.watch("a")
            await anext(items)
            heard.append("bookmark")
            await anext(items)
            heard.append("change")
            await items.aclose()

        async def change() -> None:
            await add(engine, "a", 2, "r1")
            heard.append("answer")

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(watch())
            while heard != ["bookmark"] * 3:
                await asyncio.sleep(0)
            group.create_task(change())
        assert heard[3:] == ["answer", "change", "change", "change"]


async def test_a_slow_watcher_gets_one_conflated_change() -> None:
    """Whoever is far behind gets the current state of all that was touched, in one change."""
    settings = EngineSettings(backlog_before_conflation=4)
    async with engine_over(MemoryLog(), settings=settings) as engine:
        await add(engine, "a", 1, "r0")
        watch = engine.watch("a")
        await anext(watch)
        for i in range(1, 9):
            await add(engine, "a", 1, f"r{i}")
        change = await anext(watch)
        assert isinstance(change, Change)
        assert change.conflated
        assert (change.from_revision, change.to_revision) == (1, 9)
        assert len(change.touched) == 8
        assert change.recorded == ()


async def test_a_watcher_older_than_the_ring_is_caught_up_from_the_log() -> None:
    """Resuming after a restart gives one conflated change with every touched part."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        for i in range(6):
            await add(engine, "a", 1, f"r{i}")
    async with engine_over(log) as engine:
        watch = engine.watch("a", after_revision=2)
        change = await anext(watch)
        assert isinstance(change, Change)
        assert (change.from_revision, change.to_revision, len(change.touched)) == (2, 6, 4)


async def test_resuming_too_far_back_or_in_the_future_is_out_of_range() -> None:
    """Past the bound, or from another world: take a new snapshot."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        for i in range(6):
            await add(engine, "a", 1, f"r{i}")
    async with engine_over(log, settings=EngineSettings(resume_limit=3)) as engine:
        for resume_point in (1, 7):
            with pytest.raises(Rejection, match="RESUME_POINT_TRUNCATED"):
                await anext(engine.watch("a", after_revision=resume_point))


async def test_idle_watches_get_bookmarks() -> None:
    """The heartbeat is a bookmark with the current revision."""
    async with engine_over(MemoryLog(), settings=EngineSettings(heartbeat_seconds=0.01)) as engine:
        await add(engine, "a", 1, "r0")
        watch = engine.watch("a")
        assert [await anext(watch) for _ in range(3)] == [Bookmark(1)] * 3


async def test_a_failed_append_is_not_published_and_a_stored_one_is_after_the_rebuild() -> None:
    """Watchers see exactly what the log has, also when its answer was lost."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
        watch = engine.watch("a")
        await anext(watch)
        log.faults[:] = ["lost", "stored"]
        for request in ("r1", "r2"):
            with pytest.raises(Rejection):
                await add(engine, "a", 5, request)
        change = await anext(watch)
        assert isinstance(change, Change)
        assert (change.from_revision, change.to_revision, change.state.total) == (1, 2, 6)


async def test_the_board_shows_all_entities_and_then_each_change() -> None:
    """watch_all: everything once, then what changed; resuming after a position misses nothing."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
        await add(engine, "b", 2, "r0")
        watch = engine.watch_all()
        first = await anext(watch)
        assert {eid: view.state.total for eid, view in first.changed.items()} == {"a": 1, "b": 2}
        await add(engine, "b", 3, "r1")
        step = await anext(watch)
        assert {eid: view.state.total for eid, view in step.changed.items()} == {"b": 5}
        resumed = await anext(engine.watch_all(after_position=first.position))
        assert set(resumed.changed) == {"b"}


async def test_a_board_position_never_passes_an_append_under_way() -> None:
    """While an append is in flight, the position to resume after stays before it."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
        log.stall()
        slow = asyncio.ensure_future(add(engine, "b", 1, "r0"))
        while not log.waiting:
            await asyncio.sleep(0)
        assert engine.position() <= 1
        log.flow()
        await slow
        assert engine.position() == 2
