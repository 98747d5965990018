"""The one clock of a process.

Everything else takes a `Clock` (`chassis.engine.ports`), and so can be tested without waiting.
"""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """UTC, aware."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; nothing at all for zero and below, except that other tasks get their turn."""
        await asyncio.sleep(max(0.0, seconds))
