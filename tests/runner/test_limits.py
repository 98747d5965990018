"""Following the capacity that podium.toml states."""

import asyncio
from pathlib import Path

import pytest

from podium.chassis.tasks import TaskSet
from podium.runner.limits import LOOK_EVERY_SECONDS, follow_capacity
from tests.fakes.clock import ManualClock


async def test_each_change_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is saved is told at the next look, once; what is wrong, or gone, only warns and changes nothing."""
    path, clock, told = tmp_path / "podium.toml", ManualClock(), list[int]()
    path.write_text("[runner]\ncapacity = 2\n")

    async def note(capacity: int) -> None:
        told.append(capacity)

    async def look() -> None:
        await clock.wait_for_sleepers()
        clock.advance(LOOK_EVERY_SECONDS)
        await clock.wait_for_sleepers()

    async with TaskSet("test") as tasks, asyncio.timeout(30):
        tasks.spawn(follow_capacity(path, clock, note), name="follow")
        await look()
        assert told == []
        path.write_text("[runner]\ncapacity = 12\n")
        await look()
        await look()
        assert told == [12]
        path.write_text('[runner]\ncapacity = "many"\n')
        await look()
        await look()
        assert told == [12]
        assert caplog.text.count("was changed, but not for me") == 1
        path.write_text("[runner]\ncapacity = 3\n")
        await look()
        assert told == [12, 3]
