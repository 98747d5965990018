"""For views only: the first value at once, then at most one every 100 ms for each entity, and the last one always."""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from podium.client.clock import Clock, SystemClock
from podium.client.tasks import TaskSet

_log = logging.getLogger(__name__)

T = TypeVar("T")

PERIOD_SECONDS = 0.1


class Debounce(Generic[T]):
    """Thins out the values of each entity on their way to `show(entity_id, value)`; one that throws is logged.

    Holds one value for each entity that changed in the last period, and nothing of the others. Use it as an async
    context manager, or `close` it: what waits is shown then.
    """

    def __init__(
        self, show: Callable[[str, T], None], *, period_seconds: float = PERIOD_SECONDS, clock: Clock | None = None
    ) -> None:
        self._show = show
        self._period = period_seconds
        self._clock = clock or SystemClock()
        self._tasks = TaskSet("debounce")
        self._waiting: dict[str, list[T]] = {}
        """At most one value, for each entity that was shown less than a period ago."""

    def push(self, entity_id: str, value: T) -> None:
        """A new value."""
        if entity_id in self._waiting:
            self._waiting[entity_id][:] = [value]
            return
        self._waiting[entity_id] = []
        self._tasks.spawn(self._pace(entity_id), name=entity_id)
        self._deliver(entity_id, value)

    async def _pace(self, entity_id: str) -> None:
        while True:
            await self._clock.sleep(self._period)
            if not self._waiting[entity_id]:
                del self._waiting[entity_id]
                return
            self._deliver(entity_id, self._waiting[entity_id].pop())

    def _deliver(self, entity_id: str, value: T) -> None:
        try:
            self._show(entity_id, value)
        except Exception:
            _log.exception("showing %s failed", entity_id)

    def __len__(self) -> int:
        return len(self._waiting)

    async def close(self) -> None:
        """Show what waits, and end."""
        await self._tasks.close()
        while self._waiting:
            entity_id, values = self._waiting.popitem()
            for value in values:
                self._deliver(entity_id, value)

    async def __aenter__(self) -> "Debounce[T]":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
