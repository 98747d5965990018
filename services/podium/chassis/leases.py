"""What a service knows of the leases of others: who lives, what runners offer, and when to look again.

A service trusts runners under their epochs; the store knows which leases live. `LeaseWatch` has the two compared at
the start, so that a runner that died while nobody looked is noticed; at every fact about leases; and every few seconds,
which also finds the claim that was on its way while the lease ended.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock

_log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 3.0
"""Lease ttl (4 s), this, and the grace (5 s) may not add up to more than what is lost may hold its slot."""
BACKOFF_SECONDS = 0.2
BACKOFF_LIMIT_SECONDS = 5.0


class LeasesUnavailable(Exception):
    """The store cannot say now."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that lives: its epoch, and what its holder offers where it is a runner."""

    epoch: int
    is_runner: bool = False
    pools: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()


Leases = Mapping[str, Lease]
"""By name; a runner's name is its id."""


class LeaseSource(Protocol):
    """The event store's leases."""

    async def living(self) -> Leases:
        """The leases that live now, of runners and of services; raises LeasesUnavailable."""
        ...

    def changes(self) -> AsyncIterator[None]:
        """An item whenever a lease was taken or ended; without end. Raises LeasesUnavailable."""
        ...


class LeaseWatch:
    """Calls `look` when there may be something to see; `run` it for the process' life.

    `look` returns after how many seconds it wants to look again, and may raise LeasesUnavailable; `heard` is called at
    each fact about leases, before the look that follows it.
    """

    def __init__(
        self,
        source: LeaseSource,
        clock: Clock,
        tasks: Spawner,
        look: Callable[[], Awaitable[float]],
        heard: Callable[[], None],
    ) -> None:
        self._source = source
        self._clock = clock
        self._tasks = tasks
        self._look = look
        self._heard = heard
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Without end."""
        self._tasks.spawn(self._listen(), name="lease-facts")
        backoff = BACKOFF_SECONDS
        while True:
            try:
                pause = await self._look()
                backoff = BACKOFF_SECONDS
                await self._wait(pause)
            except LeasesUnavailable as error:
                _log.warning("the runners' leases cannot be read now: %s", error)
                await self._clock.sleep(backoff)
                backoff = min(backoff * 2, BACKOFF_LIMIT_SECONDS)

    async def _listen(self) -> None:
        backoff = BACKOFF_SECONDS
        while True:
            try:
                async for _ in self._source.changes():
                    self._heard()
                    self._news.set()
                    backoff = BACKOFF_SECONDS
            except LeasesUnavailable as error:
                _log.debug("the facts about leases cannot be followed now: %s", error)
            await self._clock.sleep(backoff)
            backoff = min(backoff * 2, BACKOFF_LIMIT_SECONDS)

    async def _wait(self, seconds: float) -> None:
        """Until something is said about leases, or the time is over."""
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        woken = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({sleeper, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            woken.cancel()
            self._news.clear()
