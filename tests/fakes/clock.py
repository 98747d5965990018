"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class ManualClock:
    """Implements `chassis.engine.ports.Clock`; `advance` wakes those whose time has come, earliest first."""

    def __init__(self, now: datetime = START) -> None:
        self._start = now
        self._now = now
        self._monotonic = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Jump to a wall time, as an administrator would; sleepers do not notice."""
        self._now = now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), future))
        self._changed.set()
        await future

    @property
    def sleeping(self) -> int:
        """How many tasks sleep."""
        return sum(1 for *_, future in self._sleepers if not future.done())

    @property
    def next_wake(self) -> float | None:
        """Seconds from now until the first sleeper wakes; None where nobody sleeps."""
        times = [at for at, _, future in self._sleepers if not future.done()]
        return min(times) - self._monotonic if times else None

    def advance(self, seconds: float) -> None:
        """Let time pass at once; the woken tasks run when the caller next awaits."""
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._monotonic + 1e-9:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    async def wait_for_sleepers(self, count: int = 1) -> None:
        """Wait until so many tasks sleep: the state in which `advance` means something."""
        while self.sleeping < count:
            self._changed.clear()
            await self._changed.wait()
