"""Background tasks that cannot get lost, and the clock that tests turn by hand."""

import asyncio
from contextvars import ContextVar

import pytest

from podium.client.tasks import TaskSet
from tests.fakes.clock import START, ManualClock


async def test_failures_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    """A failed task is logged with its name and handed to `on_failure`; the others go on."""
    failures: list[BaseException] = []
    told = asyncio.Event()

    def note(error: BaseException) -> None:
        failures.append(error)
        told.set()

    async def fail() -> None:
        raise LookupError("lost")

    async with TaskSet("engine", note) as tasks:
        other = tasks.spawn(asyncio.Event().wait(), name="other")
        tasks.spawn(fail(), name="reader")
        await told.wait()
        assert not other.done()
    assert other.cancelled()
    assert [str(error) for error in failures] == ["lost"]
    assert "engine/reader" in caplog.text


async def test_close_waits_for_the_end() -> None:
    """`close` cancels, and returns when every task has ended, also those that take their time or spawn others."""
    order: list[str] = []
    tasks = TaskSet("x")

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            order.append("slow ended")

    task = tasks.spawn(slow())
    await asyncio.sleep(0)
    await tasks.close()
    order.append("closed")
    assert order == ["slow ended", "closed"] and task.cancelled() and len(tasks) == 0
    with pytest.raises(RuntimeError, match="closed"):
        tasks.spawn(slow())


async def test_a_task_may_close_its_own_set() -> None:
    """`close` from inside: the other tasks end, the calling one goes on."""
    tasks = TaskSet("x")
    other = tasks.spawn(asyncio.Event().wait())

    async def closing() -> str:
        await tasks.close()
        return "went on"

    assert await tasks.spawn(closing()) == "went on"
    assert other.cancelled()


async def test_tasks_do_not_inherit_the_calls_context() -> None:
    """What belongs to the call that happens to start a task (deadline, identity) is not the task's."""
    variable: ContextVar[str] = ContextVar("test_tasks_variable", default="nothing")
    variable.set("the call's")

    async def read() -> str:
        return variable.get()

    async with TaskSet("x") as tasks:
        assert await tasks.spawn(read()) == "nothing"


async def test_the_manual_clock_wakes_sleepers_in_order() -> None:
    """Time passes only by `advance`; each sleeper wakes when its own time has come."""
    clock = ManualClock()
    woken: list[int] = []

    async def sleep(seconds: int) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async with TaskSet("x") as tasks:
        sleepers = [tasks.spawn(sleep(seconds)) for seconds in (3, 1, 2)]
        await clock.wait_for_sleepers(3)
        assert clock.next_wake == 1
        clock.advance(2)
        await asyncio.gather(*sleepers[1:])
        assert woken == [1, 2] and clock.sleeping == 1
        assert (clock.now() - START).total_seconds() == clock.monotonic() == 2
        clock.advance(1)
        await sleepers[0]
