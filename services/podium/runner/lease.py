"""The runner's lease: its heartbeat, and what it offers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from podium.chassis.clock import until_beat
from podium.client.errors import PodiumError
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest, ReleaseLeaseRequest, RenewLeaseRequest

if TYPE_CHECKING:
    from podium.chassis.engine.ports import Clock
    from podium.events.v1.event_service_pb2_grpc import EventStoreServiceAsyncStub

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0


class Lease:
    """Acquired under the runner's name, renewed as it goes, acquired again when it is lost.

    The runner's lock file keeps a second runner of this name away, so a lost lease is one that ran out (the machine
    slept, the store was away), not one that was taken.
    """

    def __init__(
        self,
        stub: "EventStoreServiceAsyncStub",
        clock: "Clock",
        *,
        name: str,
        address: str,
        metadata: Mapping[str, str],
        ttl_seconds: float,
        renew_seconds: float,
    ) -> None:
        self._stub = stub
        self._clock = clock
        self._name = name
        self._address = address
        self._metadata = dict(metadata)
        self._ttl = ttl_seconds
        self._renew = renew_seconds
        self._epoch = 0
        self._offered = True
        """The store knows what is offered."""
        self._held = asyncio.Event()

    async def epoch(self) -> int:
        """The epoch of the lease; waits where there is none just now."""
        await self._held.wait()
        return self._epoch

    async def acquire(self) -> None:
        """Acquire it; repeats until the store answers."""
        pause = _FIRST_PAUSE_SECONDS
        self._held.clear()
        while True:
            try:
                response = await self._stub.AcquireLease(
                    AcquireLeaseRequest(
                        name=self._name, address=self._address, ttl_seconds=self._ttl, metadata=self._metadata
                    )
                )
            except PodiumError as error:
                _log.debug("waiting for the event store: %s", error)
                await self._clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                self._epoch = response.lease.epoch
                self._offered = True
                self._held.set()
                return

    async def offer(self, **metadata: str) -> None:
        """Say something else of what is offered, at once where the store can be reached, else with a renewal."""
        self._metadata |= metadata
        self._offered = False
        if self._held.is_set():
            try:
                await self._renew_once()
            except PodiumError as error:
                _log.info("what is offered is said with the next renewal: %s", error)

    async def _renew_once(self) -> None:
        changed = {} if self._offered else dict(self._metadata)
        await self._stub.RenewLease(RenewLeaseRequest(name=self._name, epoch=self._epoch, metadata=changed))
        self._offered = self._offered or changed == self._metadata

    async def keep(self, on_new_epoch: Callable[[], Awaitable[None]]) -> None:
        """Renew for ever; after a loss acquire again and call `on_new_epoch`."""
        pause, away = until_beat(self._clock, self._renew), False
        while True:
            await self._clock.sleep(pause)
            pause = until_beat(self._clock, self._renew)
            try:
                await self._renew_once()
            except PodiumError as error:
                if error.reason != "LEASE_LOST":
                    _log.log(logging.DEBUG if away else logging.WARNING, "the lease is not renewed: %s", error)
                    pause, away = self._renew / 4, True
                    continue
                _log.warning("the lease is lost; acquiring it again")
                await self.acquire()
                await on_new_epoch()
            if away:
                _log.warning("the lease is held again")
                away = False

    async def release(self) -> None:
        """Give it up; best effort."""
        if not self._held.is_set():
            return
        try:
            async with asyncio.timeout(1.0):
                await self._stub.ReleaseLease(ReleaseLeaseRequest(name=self._name, epoch=self._epoch))
        except (PodiumError, TimeoutError):
            _log.info("the lease was not released; it ends by itself")
