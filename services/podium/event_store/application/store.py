"""The store: a log, the hub of its commits, the keeper of its leases, and the ticking that they need."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine

from podium.chassis.engine.ports import Clock
from podium.event_store.application.hub import Hub
from podium.event_store.application.lease_keeper import TICK_SECONDS, LeaseKeeper
from podium.event_store.application.ports import Leases, Log
from podium.event_store.application.subscription import Subscription
from podium.event_store.domain.model import Filter, Page
from podium.kernel.errors import Rejection, unavailable

_log = logging.getLogger(__name__)

HUB_TICK_SECONDS = 1.0
SCAVENGE_SECONDS = 60.0
MIN_POSITION_WAIT_SECONDS = 5.0


class Store:
    """Open the log first; `run` must run as long as the store serves."""

    def __init__(self, log: Log, clock: Clock, leases: Leases | None = None) -> None:
        self.log = log
        self._clock = clock
        self.hub = Hub(log.position, monotonic=clock.monotonic)
        self.leases: Leases = leases or LeaseKeeper(log, clock.monotonic)
        log.listen(self.hub.publish)

    async def start(self) -> None:
        """Load what is kept in memory."""
        await self.leases.start()

    async def run_leases(self) -> None:
        """Tick for ever."""
        while True:
            await self._clock.sleep(TICK_SECONDS)
            await self.leases.tick()

    async def run_upkeep(self) -> None:
        """Bookmarks and retention, for ever."""
        last = self._clock.monotonic()
        while True:
            await self._clock.sleep(HUB_TICK_SECONDS)
            self.hub.tick()
            if self._clock.monotonic() - last >= SCAVENGE_SECONDS:
                last = self._clock.monotonic()
                try:
                    await self.log.scavenge()
                except Rejection as refusal:
                    _log.warning("scavenging waits for its next turn: %s", refusal)

    def subscribe(self, wanted: Filter, after: int | None) -> AsyncGenerator[bytes, None]:
        """Encoded `SubscribeResponse`s, without end."""
        return Subscription(self.log, self.hub, wanted, after, clock=self._clock).messages()

    async def reached(self, position: int) -> None:
        """Wait until the position can be read here. Raises UNAVAILABLE where it does not come in time."""
        if position <= self.hub.position:
            return
        try:
            async with asyncio.timeout(MIN_POSITION_WAIT_SECONDS):
                while position > self.hub.position:
                    await self.hub.arrival()
        except TimeoutError:
            raise unavailable(
                "STORAGE_UNAVAILABLE", f"position {position} is not here yet; {self.hub.position} is"
            ) from None

    async def read_stream(self, stream: str, first: int, *, backwards: bool, limit: int) -> AsyncGenerator[Page, None]:
        """A stream's pages up to its end or the limit."""

        async def page(start: int, left: int) -> Page:
            return await self.log.read_stream(stream, start, backwards=backwards, limit=left)

        async for each in _pages(page, first, backwards, limit):
            yield each

    async def read_all(self, wanted: Filter, first: int, *, backwards: bool, limit: int) -> AsyncGenerator[Page, None]:
        """The log's pages up to its end or the limit."""

        async def page(start: int, left: int) -> Page:
            return await self.log.read_all(wanted, start, backwards=backwards, limit=left)

        async for each in _pages(page, first, backwards, limit):
            yield each


async def _pages(
    read: Callable[[int, int], Coroutine[None, None, Page]], first: int, backwards: bool, limit: int
) -> AsyncGenerator[Page, None]:
    """Page after page; the next one is read while the last one is sent."""
    left = limit
    page = await read(first, left)
    while True:
        left = left - page.size if limit else 0
        start = page.last - 1 if backwards else page.last + 1
        if page.end or (limit and left <= 0) or (backwards and start < 1):
            yield page
            return
        ahead = asyncio.ensure_future(read(start, left))
        try:
            yield page
            page = await ahead
        finally:
            ahead.cancel()
