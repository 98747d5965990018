"""So many at a time, the others in order behind them: what keeps a crowd of callers from delaying everybody's news.

Sixty appends of one call each, all let in at once, go through the event loop and a commit as one lump: while the loop
parses them the writer waits for the interpreter, while it answers them the subscribers wait for the loop. A few at a
time take the same processor time, and news of a commit passes between them.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

LEAST = 6
"""How many at a time where the processor is what they wait for: they fill one commit while another is under way."""
MOST = 1024
LOOK_SECONDS = 0.02
IDLE, BUSY = 0.3, 0.6
"""Shares of the time in which the loop works: with less more are let in, with more fewer."""
MOST_AT_ONCE = 16
"""How many times as many one look may let in."""


_SCHEDULED = Path("/proc/thread-self/schedstat")


def busy_seconds() -> float:
    """How long this thread has worked so far, or been ready to, while a busy machine had no processor for it."""
    try:
        worked, waited, _ = _SCHEDULED.read_bytes().split()
    except (OSError, ValueError):
        return time.thread_time()
    return (int(worked) + int(waited)) / 1e9


class Turnstile:
    """`async with` it around what is to be few at a time; it may be cancelled while it waits.

    On a slow disk a few at a time would be too few for a commit, and where it does not answer at all the last would
    hear of it late: as long as somebody waits while the loop is idle, more are let in, in proportion.
    """

    def __init__(
        self, worked: Callable[[], float] = busy_seconds, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit = LEAST
        self._worked, self._monotonic = worked, monotonic
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._looked = (0.0, 0.0)

    async def __aenter__(self) -> None:
        if self._inside < self.limit and not self._waiting:
            self._inside += 1
            return
        if not self._waiting:
            self._looked = (self._monotonic(), self._worked())
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self._leave()  # it was just let in
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        if self._waiting:
            self._look()
            while self._waiting and self._inside < self.limit:
                waiter = self._waiting.popleft()
                if not waiter.done():
                    self._inside += 1
                    waiter.set_result(None)

    def _look(self) -> None:
        now = self._monotonic()
        passed = now - self._looked[0]
        if passed < LOOK_SECONDS:
            return
        worked = self._worked()
        share = (worked - self._looked[1]) / passed
        self._looked = (now, worked)
        if share < IDLE:
            self.limit = min(int(self.limit * IDLE / max(share, IDLE / MOST_AT_ONCE)), MOST)
        elif share > BUSY:
            self.limit = max(self.limit // 2, LEAST)
