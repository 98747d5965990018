"""The view layer's debounce, on a clock that stands still."""

from podium.client.cache import Debounce
from tests.fakes.clock import ManualClock


async def step(clock: ManualClock, seconds: float) -> None:
    """Let time pass, and the pacing see it."""
    clock.advance(seconds)
    await clock.sleep(0)
    await clock.sleep(0)


async def test_first_at_once_then_every_100_ms_and_the_last_always():
    """M12, S36: values in between are left out; the last one is shown, also when nothing follows it."""
    clock, shown = ManualClock(), list[tuple[str, int]]()
    async with Debounce[int](lambda key, value: shown.append((key, value)), clock=clock) as view:
        view.push("a", 1)
        view.push("b", 1)
        assert shown == [("a", 1), ("b", 1)]
        await clock.wait_for_sleepers(2)
        for value in (2, 3, 4):
            view.push("a", value)
            await step(clock, 0.033)
        assert len(shown) == 2
        await step(clock, 0.001)
        assert shown[2:] == [("a", 4)]
        view.push("a", 5)
        await step(clock, 0.1)
        assert shown[3:] == [("a", 5)]
        await step(clock, 0.1)
        assert len(view) == 0
        view.push("a", 6)
        assert shown[4:] == [("a", 6)]


async def test_what_waits_is_shown_at_the_end():
    """Closing loses nothing; a view that throws does not stop the others."""
    shown: list[int] = []

    def show(_: str, value: int) -> None:
        shown.append(value)
        if value == 1:
            raise ValueError("broken on purpose")

    async with Debounce[int](show, clock=ManualClock()) as view:
        view.push("a", 1)
        view.push("a", 2)
        view.push("a", 3)
    assert shown == [1, 3]
