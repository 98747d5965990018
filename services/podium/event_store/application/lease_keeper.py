"""When a lease is over.

The clock is monotonic, and counts only while this store serves: a lease ends after a full ttl in which it could have
been renewed at any moment and was not. A store that was stopped, a laptop that slept, a process that stood still: each
gives every lease its full ttl anew.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from podium.event_store.application.ports import Registry
from podium.event_store.domain.model import Lease, LeaseEnd
from podium.event_store.domain.ownership import lease_lost
from podium.kernel.errors import Rejection

_log = logging.getLogger(__name__)

DEFAULT_TTL_SECONDS = 4.0
TICK_SECONDS = 0.5
GAP_SECONDS = 1.0
"""A tick that comes this much after the one before it tells of a gap in the service."""


class LeaseKeeper:
    """Keeps the deadlines in memory; what must outlive the process is in the registry."""

    def __init__(self, registry: Registry, monotonic: Callable[[], float]) -> None:
        self._registry, self._monotonic = registry, monotonic
        self._held: dict[str, tuple[Lease, float]] = {}
        self._ending: set[tuple[str, int]] = set()
        self._last_tick = monotonic()

    async def start(self) -> None:
        """Give all that are stored a full ttl."""
        for lease in await self._registry.leases():
            self._hold(lease)
        self._last_tick = self._monotonic()

    def _hold(self, lease: Lease) -> None:
        current = self._held.get(lease.name)
        if current is None or current[0].epoch <= lease.epoch:
            self._held[lease.name] = (lease, self._monotonic() + lease.ttl_seconds)

    async def acquire(self, name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Lease:
        """A new epoch; whoever held the name loses it at once."""
        ttl_seconds = ttl_seconds or DEFAULT_TTL_SECONDS
        lease = await self._registry.acquire_lease(name, address, ttl_seconds, metadata)
        self._hold(lease)
        return lease

    async def renew(self, name: str, epoch: int, metadata: Mapping[str, str]) -> Lease:
        """Count anew. Raises LEASE_LOST. Writes only where the metadata change."""
        lease = self._get(name, epoch)
        if metadata and dict(metadata) != dict(lease.metadata):
            lease = await self._registry.describe_lease(name, epoch, metadata)
        self._hold(lease)
        return lease

    async def release(self, name: str, epoch: int) -> None:
        """End it now. Raises LEASE_LOST."""
        self._get(name, epoch)
        await self._end(name, epoch, LeaseEnd.RELEASED)

    def _get(self, name: str, epoch: int) -> Lease:
        held = self._held.get(name)
        if held is None or held[0].epoch != epoch or (name, epoch) in self._ending:
            raise lease_lost(name, epoch)
        return held[0]

    def live(self, prefix: str = "") -> Sequence[Lease]:
        """By name."""
        return [lease for name, (lease, _) in sorted(self._held.items()) if name.startswith(prefix)]

    async def tick(self) -> None:
        """End what is over; call it every `TICK_SECONDS`. A storage that fails is tried again with the next tick."""
        now = self._monotonic()
        gap = now - self._last_tick > GAP_SECONDS
        self._last_tick = now
        if gap:
            for lease, _ in list(self._held.values()):
                self._hold(lease)
            return
        for name in list(self._held):
            held = self._held.get(name)  # looked up anew: renewals are served while an end is written
            if held is None or held[1] > now:
                continue
            try:
                await self._end(name, held[0].epoch, LeaseEnd.EXPIRED)
            except Rejection as refusal:
                _log.warning("the end of lease %s waits for the storage: %s", name, refusal)
                break
        # Writing an end takes a while, during which renewals were served: no gap either.
        self._last_tick = self._monotonic()

    async def _end(self, name: str, epoch: int, reason: LeaseEnd) -> None:
        self._ending.add((name, epoch))
        try:
            await self._registry.end_lease(name, epoch, reason)
        except Rejection as refusal:
            if refusal.reason != "LEASE_LOST":
                raise
        finally:
            self._ending.discard((name, epoch))
        held = self._held.get(name)
        if held is not None and held[0].epoch == epoch:
            del self._held[name]
