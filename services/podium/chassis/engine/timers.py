"""One timer for each entity, all of them in one heap behind one task."""

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime

from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock

LONGEST_WAIT_SECONDS = 30.0
"""The wall clock may be stepped while we wait; looking again this often bounds what that can cost."""


class Timers:
    """Calls `fire(entity_id)` when an entity's instant has come; a later `set` replaces an earlier one."""

    def __init__(self, clock: Clock, tasks: Spawner, fire: Callable[[str], None]) -> None:
        self._clock = clock
        self._tasks = tasks
        self._fire = fire
        self._due: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def set(self, entity_id: str, due: datetime | None) -> None:
        """The entity's one timer; None: none."""
        if due is None:
            self._due.pop(entity_id, None)
            return
        if self._due.get(entity_id) == due:
            return
        self._due[entity_id] = due
        heapq.heappush(self._heap, (due, entity_id))
        if self._heap[0] == (due, entity_id):
            self._wake.set()
        if self._task is None or self._task.done():
            self._task = self._tasks.spawn(self._run(), name="engine-timers")

    def close(self) -> None:
        """Fire nothing any more."""
        self._due.clear()
        self._heap.clear()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while self._heap:
            self._wake.clear()
            due, entity_id = self._heap[0]
            if self._due.get(entity_id) != due:
                heapq.heappop(self._heap)
                continue
            delay = (due - self._clock.now()).total_seconds()
            if delay > 0:
                await self._wait(min(delay, LONGEST_WAIT_SECONDS))
                continue
            heapq.heappop(self._heap)
            del self._due[entity_id]
            self._fire(entity_id)

    async def _wait(self, seconds: float) -> None:
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        waker = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({sleeper, waker}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            waker.cancel()
