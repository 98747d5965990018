"""The one clock of a process.

Everything else takes a `Clock` (`chassis.engine.ports`), and so can be tested without waiting.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.chassis.engine.ports import Clock


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


def until_beat(clock: "Clock", seconds: float) -> float:
    """How long until the next multiple of an interval on the monotonic clock.

    Processes of one machine that renew on the same beat wake it up once, not once each; idle cost is mostly waking up.
    Those of other machines have other clocks, so a cluster is not struck by all of its leases at once.
    """
    pause = seconds - clock.monotonic() % seconds
    # A sleep may end a moment early: that beat has been had.
    return pause if pause > seconds / 10 else pause + seconds
