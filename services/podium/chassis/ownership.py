"""Which shards this process owns: its lease, its claims, and its share among the live processes.

A process holds one lease, renewed as it goes; a shard's row names its owner and an epoch that rises with each claim.
The owner is the configured instance's name, so a restarted process replaces its own lease and claims anew at once.
Each live process of a service holds ceil(256 / live) shards at most. One process owning all 256 is the local case.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any

from podium.chassis.clock import until_beat
from podium.chassis.engine import Engine
from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock, FenceToken, LogUnavailable
from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.events.v1.event_pb2 import Lease, Shard
from podium.events.v1.event_service_pb2 import (
    AcquireLeaseRequest,
    ClaimShardsRequest,
    ListLeasesRequest,
    ListShardsRequest,
    ReleaseLeaseRequest,
    ReleaseShardsRequest,
    RenewLeaseRequest,
)
from podium.kernel.errors import Rejection, unavailable
from podium.kernel.ids import SHARDS, shard_of

_log = logging.getLogger(__name__)

LEASES = "$leases"
STARTING_BACKOFF_SECONDS = 0.05
STARTING_BACKOFF_LIMIT_SECONDS = 1.0


class ReplacedError(Exception):
    """Another process took this one's place; this one must end, and its supervisor may start it anew."""


class Ownership:
    """Implements `engine.model.Owner` for one process of one service.

    `fail` ends the process: it is called when a newer epoch shows that another process took its place.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        client: Podium,
        clock: Clock,
        tasks: Spawner,
        fail: Callable[[BaseException], None],
    ) -> None:
        self._service = settings.service
        self._name = settings.instance
        self._address = settings.advertise or settings.listen
        self._ttl = settings.lease_ttl_seconds
        self._renew_every = settings.lease_renew_seconds
        self._store = client.event_store
        self._events = client.events
        self._clock = clock
        self._tasks = tasks
        self._fail = fail
        self._lease: Lease | None = None
        self._epochs: dict[int, int] = {}
        self._addresses: dict[int, str] = {}
        self._balancing = asyncio.Lock()
        self._unsettled = False
        self._stirred = asyncio.Event()

    # -- the engine's view ----------------------------------------------------------------------------------------

    def fence(self, entity_id: str) -> FenceToken:
        """The fence of an entity's shard; raises NOT_OWNER with the owner's address where it is another's."""
        shard = shard_of(entity_id)
        epoch = self._epochs.get(shard)
        if epoch is None:
            raise unavailable(
                "NOT_OWNER",
                f"shard {shard} of {self._service} is not held by {self._name}",
                owner_address=self._addresses.get(shard, ""),
            )
        return FenceToken(self._service, shard, epoch)

    def owned(self) -> Collection[int]:
        """The shards held now."""
        return self._epochs.keys()

    # -- for what needs all owners (`gathering.Peers`) ----------------------------------------------------------------

    def peers(self) -> frozenset[str]:
        """The addresses of the other processes that own shards of this service, as far as is known here."""
        elsewhere = {address for shard, address in self._addresses.items() if shard not in self._epochs}
        return frozenset(elsewhere - {"", self._address})

    async def moved(self) -> None:
        """Wait until shards have moved."""
        await self._stirred.wait()

    def fenced_off(self, fence: FenceToken | None) -> None:
        """The store refused a fence: another process holds the shard, so this one has been replaced."""
        if fence is not None and self._epochs.get(fence.shard) == fence.epoch:
            self._fail(ReplacedError(f"shard {fence.shard} of {self._service} has a newer owner"))

    # -- life -------------------------------------------------------------------------------------------------------

    async def start(self, engine: Engine[Any]) -> None:
        """Take the lease, claim this process's share, let the engine adopt it; waits for the store to be there."""
        await self._patiently(self._acquire)
        # Before the claim: to adopt many entities may take longer than the lease lasts.
        self._tasks.spawn(self._keep_lease(engine), name="keep-lease")
        await self._patiently(lambda: self._rebalance(engine))
        self._tasks.spawn(self._follow_leases(engine), name="follow-leases")

    async def stop(self) -> None:
        """Give everything up, so that others need not wait for the lease's end."""
        lease, self._lease = self._lease, None
        self._epochs.clear()
        if lease is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await self._store.ReleaseLease(ReleaseLeaseRequest(name=self._name, epoch=lease.epoch))
        except (PodiumError, TimeoutError):
            _log.info("the lease was not released; it ends by itself")

    async def _patiently(self, action: Callable[[], Any]) -> None:
        """Repeat until the store answers: services start in any order."""
        backoff = STARTING_BACKOFF_SECONDS
        while True:
            try:
                await action()
                return
            except (PodiumError, LogUnavailable, Rejection) as error:
                _log.debug("waiting for the event store: %s", error)
                await self._clock.sleep(backoff)
                backoff = min(backoff * 2, STARTING_BACKOFF_LIMIT_SECONDS)

    async def _acquire(self) -> None:
        response = await self._store.AcquireLease(
            AcquireLeaseRequest(
                name=self._name,
                address=self._address,
                ttl_seconds=self._ttl,
                metadata={"service": self._service},
            )
        )
        self._lease = response.lease

    async def _keep_lease(self, engine: Engine[Any]) -> None:
        """Renew for ever; and while shards are still changing hands, look again."""
        pause, away = until_beat(self._clock, self._renew_every), False
        while True:
            await self._clock.sleep(pause)
            lease = self._lease
            if lease is None:
                return
            try:
                await self._store.RenewLease(RenewLeaseRequest(name=self._name, epoch=lease.epoch))
            except PodiumError as error:
                if error.reason == "LEASE_LOST":
                    self._fail(ReplacedError(f"the lease {self._name} is lost: {error.message}"))
                    return
                _log.log(logging.DEBUG if away else logging.WARNING, "the lease is not renewed: %s", error)
                pause, away = self._renew_every / 4, True
                continue
            if away:
                _log.warning("the lease is renewed again")
                away = False
            pause = until_beat(self._clock, self._renew_every)
            if self._unsettled and not self._balancing.locked():
                # Beside the renewals, not between them: adopting may take longer than the lease lasts.
                self._tasks.spawn(self._patiently(lambda: self._rebalance(engine)), name="rebalance")

    async def _follow_leases(self, engine: Engine[Any]) -> None:
        """Share out anew whenever a process of this service comes or goes.

        The first item (caught up) covers what happened between the first claim and this subscription.
        """
        async for item in self._events.subscribe(stream=LEASES):
            if item.WhichOneof("item") != "bookmark" and self._lease is not None:
                await self._patiently(lambda: self._rebalance(engine))

    # -- shares -----------------------------------------------------------------------------------------------------

    async def _rebalance(self, engine: Engine[Any]) -> None:
        async with self._balancing:
            held = self._lease
            if held is None:
                return
            leases = (await self._store.ListLeases(ListLeasesRequest())).leases
            live = {lease.name for lease in leases if lease.metadata.get("service") == self._service}
            shards = (await self._store.ListShards(ListShardsRequest(service=self._service))).shards
            self._addresses = {shard.shard: shard.address for shard in shards}
            share = -(-SHARDS // max(1, len(live)))
            surplus = sorted(self._epochs)[share:]
            if surplus:
                await self._give_up(engine, held, surplus)
            wanted = self._claimable(shards, live, share)
            if wanted:
                await self._claim(engine, held, wanted)
            # Until every other shard has another living owner, look again: nobody says that it has been claimed.
            claimed = {shard.shard for shard in shards if shard.owner in live - {self._name}}
            short = len(self._epochs) < SHARDS // max(1, len(live))
            self._unsettled = short or len(claimed | self._epochs.keys()) < SHARDS
            self._stirred.set()
            self._stirred = asyncio.Event()

    def _claimable(self, shards: Sequence[Shard], live: set[str], share: int) -> list[int]:
        """Free shards, those of ended processes, and this instance's own from before; up to the share."""
        free = [
            shard.shard
            for shard in shards
            if shard.shard not in self._epochs and (shard.owner == self._name or shard.owner not in live)
        ]
        return free[: max(0, share - len(self._epochs))]

    async def _claim(self, engine: Engine[Any], held: Lease, wanted: list[int]) -> None:
        request = ClaimShardsRequest(service=self._service, shards=wanted, owner=self._name, owner_epoch=held.epoch)
        claimed = (await self._store.ClaimShards(request)).shards
        self._epochs.update({shard.shard: shard.epoch for shard in claimed})
        # Claimed once, adopted until it works: a store that goes away in between must not leave pods unattended.
        await self._patiently(lambda: engine.adopt([shard.shard for shard in claimed]))

    async def _give_up(self, engine: Engine[Any], held: Lease, surplus: list[int]) -> None:
        for shard in surplus:
            del self._epochs[shard]
            self._addresses.pop(shard, None)
        engine.release(surplus)
        await self._store.ReleaseShards(
            ReleaseShardsRequest(service=self._service, shards=surplus, owner=self._name, owner_epoch=held.epoch)
        )
