"""Commands: decided on head at once, answered after the commit, repeatable."""

import asyncio

import pytest

from podium.chassis.engine import EngineSettings
from podium.kernel.errors import Rejection
from tests.engine.counting import Nothing
from tests.engine.harness import ANNA, add, engine_over
from tests.fakes.log import MemoryLog


async def until(condition) -> None:  # type: ignore[no-untyped-def]
    """Let the loop run until a state is reached; bounded by the test's own limit."""
    while not condition():
        await asyncio.sleep(0)


async def test_a_command_is_answered_with_the_state_after_it() -> None:
    """Events are stored with actor, request id and time before the answer."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        outcome = await add(engine, "a", 12, "r1")
    assert (outcome.state.total, outcome.state.tens, outcome.revision) == (12, 1, 2)
    stored = log.streams["accounts/a"]
    assert [record.type for record in stored] == ["Added", "TensCounted"]
    assert stored[0].metadata["actor"] == "user:anna"
    assert stored[1].metadata["actor"] == "service:counting"
    assert {record.metadata["request_id"] for record in stored} == {"r1"}
    assert stored[1].metadata["causation"] == "schedule"
    assert [record.type for record in log.streams["notes/all"]] == ["Note"]


async def test_with_the_store_stalled_64_commands_commit_in_two_appends() -> None:
    """Pipelining: decided before the first commits, then committed in at most two appends."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
        log.stall()
        before = log.appends
        calls = [asyncio.ensure_future(add(engine, "a", 1, f"r{i}")) for i in range(1, 65)]
        await until(lambda: engine._entities["a"]._head.revision >= 65)
        assert not any(call.done() for call in calls)
        assert (await engine.view("a")).revision == 1
        log.flow()
        outcomes = await asyncio.gather(*calls)
    assert log.appends - before <= 2
    assert [outcome.state.total for outcome in outcomes] == list(range(2, 66))


async def test_a_rejection_on_uncommitted_events_waits_for_their_commit() -> None:
    """A refusal that rests on head is answered when that head is committed, not before."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
        log.stall()
        first = asyncio.ensure_future(add(engine, "a", 5, "r1", limit=6))
        refused = asyncio.ensure_future(add(engine, "a", 5, "r2", limit=6))
        nothing = asyncio.ensure_future(engine.execute("a", Nothing(), actor=ANNA, request_id="r3"))
        await until(lambda: log.waiting == 1)
        for _ in range(50):
            await asyncio.sleep(0)
        assert not refused.done()
        assert not nothing.done()
        log.flow()
        await first
        with pytest.raises(Rejection, match="GUARD_NOT_MET"):
            await refused
        assert (await nothing).state.total == 6


async def test_whoever_goes_away_takes_nobody_along() -> None:
    """A caller leaves amid its append: the command takes effect, and who rests on it hears its own answer after it."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
        log.stall()
        gone = asyncio.ensure_future(add(engine, "a", 5, "r1", limit=6))
        refused = asyncio.ensure_future(add(engine, "a", 5, "r2", limit=6))
        left = asyncio.ensure_future(add(engine, "a", 6, "r3", limit=6))
        again = asyncio.ensure_future(add(engine, "a", 5, "r1", limit=6))
        await until(lambda: engine._entities["a"]._head.revision >= 2)
        gone.cancel()
        left.cancel()
        await asyncio.wait({gone, left})
        assert not refused.done() and not again.done()
        log.flow()
        with pytest.raises(Rejection):
            await refused
        assert (await again).duplicate
        assert (await engine.view("a")).state.total == 6


async def test_a_rejection_whose_ground_never_committed_is_outcome_unknown() -> None:
    """When the append that a refusal rests on fails, the refusal is not told."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
        log.stall()
        first = asyncio.ensure_future(add(engine, "a", 5, "r1", limit=6))
        refused = asyncio.ensure_future(add(engine, "a", 5, "r2", limit=6))
        await until(lambda: log.waiting == 1)
        log.faults.append("lost")
        log.flow()
        for call in (first, refused):
            with pytest.raises(Rejection, match="OUTCOME_UNKNOWN"):
                await call
        assert (await add(engine, "a", 5, "r2", limit=6)).state.total == 6


@pytest.mark.parametrize("fault", ["lost", "stored"])
async def test_repeating_an_unknown_outcome_applies_it_once(fault: str) -> None:
    """The same request id is safe whether or not the lost append was stored."""
    log = MemoryLog(faults=[fault])
    async with engine_over(log) as engine:
        with pytest.raises(Rejection, match="OUTCOME_UNKNOWN"):
            await add(engine, "a", 3, "r1")
        outcome = await add(engine, "a", 3, "r1")
    assert outcome.state.total == 3
    assert outcome.duplicate is (fault == "stored")
    assert len(log.streams["accounts/a"]) == 1


async def test_an_append_that_lands_late_is_found_by_its_conflict() -> None:
    """An append thought lost that arrives after the rebuild makes the next one conflict; nothing is applied twice."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
        log.faults.append("late")
        with pytest.raises(Rejection, match="OUTCOME_UNKNOWN"):
            await add(engine, "a", 3, "r1")
        await engine.view("a")
        log.land_late()
        with pytest.raises(Rejection, match="OUTCOME_UNKNOWN"):
            await add(engine, "a", 4, "r2")
        assert (await add(engine, "a", 4, "r2")).state.total == 8
        assert (await add(engine, "a", 3, "r1")).duplicate


async def test_the_same_request_twice_at_once_is_applied_once() -> None:
    """A repeat waits for the first and returns the same revision; another body is refused; restarts forget nothing."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        first, second = await asyncio.gather(add(engine, "a", 7, "r1"), add(engine, "a", 7, "r1"))
        assert first.revision == second.revision == 1
        assert (first.duplicate, second.duplicate) == (False, True)
        await add(engine, "a", 1, "r2")
        with pytest.raises(Rejection, match="REQUEST_ID_REUSED"):
            await add(engine, "a", 8, "r1")
    async with engine_over(log) as engine:
        again = await add(engine, "a", 7, "r1")
    assert (again.revision, again.state.total, again.duplicate) == (1, 7, True)


async def test_a_recent_repeat_reads_nothing() -> None:
    """The state that it is answered with is among the last changes: a large entity is not built again for it."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 7, "r1")
        await add(engine, "a", 1, "r2")
        log.reads = 0
        again = await add(engine, "a", 7, "r1")
    assert (again.revision, again.state.total, again.duplicate, log.reads) == (1, 7, True, 0)


async def test_a_full_mailbox_refuses() -> None:
    """The mailbox is bounded: RESOURCE_EXHAUSTED, and what was taken still commits."""
    log = MemoryLog()
    async with engine_over(log, settings=EngineSettings(mailbox_limit=4)) as engine:
        await add(engine, "a", 1, "r0")
        log.stall()
        calls = [asyncio.ensure_future(add(engine, "a", 1, f"r{i}")) for i in range(1, 9)]
        await until(lambda: sum(call.done() for call in calls) >= 3)
        log.flow()
        results = await asyncio.gather(*calls, return_exceptions=True)
        refused = [r for r in results if isinstance(r, Rejection)]
        assert refused
        assert {r.reason for r in refused} == {"MAILBOX_FULL"}
        assert (await engine.view("a")).state.total == 1 + len(results) - len(refused)


async def test_an_unreadable_stream_is_unavailable_never_empty() -> None:
    """What cannot be decoded is refused; nothing is written over it."""
    log = MemoryLog()
    async with engine_over(log) as engine:
        await add(engine, "a", 1, "r0")
    log.streams["accounts/a"][0] = type(log.records[0])(1, "accounts/a", 1, "Unheard", b"{}", {"time": "1"})
    async with engine_over(log, settings=EngineSettings(ready_timeout_seconds=0.05)) as engine:
        with pytest.raises(Rejection, match="NOT_READY"):
            await add(engine, "a", 1, "r1")
    assert len(log.streams["accounts/a"]) == 1


async def test_a_refused_append_reports_full_storage() -> None:
    """Storage full is said as such, and the entity goes on when there is room again."""
    log = MemoryLog(faults=["refused"])
    async with engine_over(log) as engine:
        with pytest.raises(Rejection, match="STORAGE_FULL"):
            await add(engine, "a", 1, "r1")
        assert (await add(engine, "a", 1, "r1")).state.total == 1


async def test_entities_that_do_not_exist_are_not_kept() -> None:
    """Asking for unknown ids costs no memory."""
    async with engine_over(MemoryLog()) as engine:
        for i in range(10):
            assert (await engine.view(f"nobody-{i}")).revision == 0
        assert not engine._entities
