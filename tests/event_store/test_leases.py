"""When a lease is over, by a clock that the test moves."""

import asyncio
from datetime import timedelta

import pytest

from podium.client.errors import PodiumError
from podium.event_store.application.lease_keeper import LeaseKeeper
from podium.event_store.domain.model import LeaseEnd
from podium.events.v1.event_service_pb2 import (
    AcquireLeaseRequest,
    ClaimShardsRequest,
    ListLeasesRequest,
    ListShardsRequest,
    ReleaseLeaseRequest,
    RenewLeaseRequest,
)
from podium.events.v1.lease_events_pb2 import LeaseEnded
from podium.kernel.errors import Rejection, unavailable
from podium.kernel.identity import CallerKind
from tests.event_store.conftest import Server
from tests.event_store.words import until
from tests.fakes.clock import ManualClock
from tests.fakes.memory_event_log import MemoryEventLog


class Scene:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.log = MemoryEventLog()
        self.keeper = LeaseKeeper(self.log, self.clock.monotonic)

    async def serve(self, seconds: float) -> None:
        """Let time pass as it does while the store serves: in ticks."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)
            await self.keeper.tick()

    async def live(self) -> list[str]:
        return [lease.name for lease in await self.log.leases()]


async def test_a_lease_that_is_not_renewed_ends_after_its_ttl() -> None:
    """Not before; renewals count anew; afterwards it is LEASE_LOST."""
    scene = Scene()
    lease = await scene.keeper.acquire("r-1", "", 4.0, {})
    await scene.serve(3.8)
    await scene.keeper.renew("r-1", lease.epoch, {})
    await scene.serve(3.8)
    assert await scene.live() == ["r-1"]
    await scene.serve(0.4)
    assert await scene.live() == []
    with pytest.raises(Rejection, match="LEASE_LOST"):
        await scene.keeper.renew("r-1", lease.epoch, {})


async def test_a_gap_in_the_service_ends_nobody() -> None:
    """The store stood still, or the machine slept: every lease gets its full ttl anew, as often as that happens."""
    scene = Scene()
    await scene.keeper.acquire("r-1", "", 4.0, {})
    for _ in range(3):
        await scene.serve(3.5)
        scene.clock.advance(3600)
        await scene.keeper.tick()
    await scene.serve(3.8)
    assert await scene.live() == ["r-1"]
    await scene.serve(0.4)
    assert await scene.live() == []


async def test_a_restarted_store_gives_everyone_a_full_ttl() -> None:
    """What was stored lives on, whatever the wall clock says."""
    scene = Scene()
    lease = await scene.keeper.acquire("r-1", "", 4.0, {"a": "b"})
    await scene.serve(3.5)
    scene.clock.set(scene.clock.now() + timedelta(days=1))
    scene.keeper = LeaseKeeper(scene.log, scene.clock.monotonic)
    await scene.keeper.start()
    await scene.serve(3.5)
    await scene.keeper.renew("r-1", lease.epoch, {})
    assert await scene.live() == ["r-1"]


async def test_a_storage_that_fails_postpones_the_end() -> None:
    """An end that cannot be told has not happened; it is tried again, and a renewal meanwhile counts."""
    scene = Scene()
    lease = await scene.keeper.acquire("r-1", "", 1.0, {})
    real = scene.log.end_lease

    async def failing(name: str, epoch: int, reason: LeaseEnd) -> None:
        raise unavailable("STORAGE_UNAVAILABLE", "away")

    scene.log.end_lease = failing  # type: ignore[method-assign]
    await scene.serve(2)
    await scene.keeper.renew("r-1", lease.epoch, {})
    scene.log.end_lease = real  # type: ignore[method-assign]
    await scene.serve(0.5)
    assert await scene.live() == ["r-1"]
    await scene.serve(1)
    assert await scene.live() == []


async def test_a_renewal_may_change_what_is_offered() -> None:
    """Only then something is written."""
    scene = Scene()
    lease = await scene.keeper.acquire("r-1", "", 4.0, {"capacity": "4"})
    before = scene.log.position
    await scene.keeper.renew("r-1", lease.epoch, {})
    assert (await scene.log.leases())[0].metadata == {"capacity": "4"}
    await scene.keeper.renew("r-1", lease.epoch, {"capacity": "2"})
    assert (await scene.log.leases())[0].metadata == {"capacity": "2"}
    assert scene.log.position == before


async def test_the_life_of_a_lease_over_the_wire(server: Server) -> None:
    """Acquire, claim, renew, replace, release; `$leases` tells it; a list names a position to subscribe after."""
    podium = server.connect()
    store = podium.event_store
    lease = (await store.AcquireLease(AcquireLeaseRequest(name="pm-1", address="unix:a"))).lease
    assert (lease.epoch, lease.ttl_seconds) == (1, 4.0)
    claim = ClaimShardsRequest(service="pod-manager", shards=range(256), owner="pm-1", owner_epoch=1)
    claimed = (await store.ClaimShards(claim)).shards
    assert {(shard.owner, shard.epoch, shard.address) for shard in claimed} == {("pm-1", 1, "unix:a")}
    await store.RenewLease(RenewLeaseRequest(name="pm-1", epoch=1))
    listing = await store.ListLeases(ListLeasesRequest(prefix="pm"))
    assert [each.name for each in listing.leases] == ["pm-1"]
    events = podium.events.subscribe(prefixes=["$leases"], after=listing.position)
    await store.AcquireLease(AcquireLeaseRequest(name="pm-1", address="unix:b"))
    await store.ReleaseLease(ReleaseLeaseRequest(name="pm-1", epoch=2))
    told = [event.type.rpartition(".")[2] for event in await until(events, 3)]
    assert told == ["LeaseEnded", "LeaseAcquired", "LeaseEnded"]
    shards = (await store.ListShards(ListShardsRequest(service="pod-manager"))).shards
    assert {(shard.owner, shard.address) for shard in shards} == {("pm-1", "")}


async def test_a_runner_holds_its_own_name_only(server: Server) -> None:
    """Under another's name it could end a service."""
    store = server.connect(CallerKind.RUNNER, "runner-1").event_store
    assert (await store.AcquireLease(AcquireLeaseRequest(name="runner-1"))).lease.epoch == 1
    with pytest.raises(PodiumError, match="CALLER_NOT_ALLOWED"):
        await store.AcquireLease(AcquireLeaseRequest(name="pod-manager-1"))
    with pytest.raises(PodiumError, match="CALLER_NOT_ALLOWED"):
        await store.ReleaseLease(ReleaseLeaseRequest(name="pod-manager-1", epoch=1))


async def test_a_dead_process_is_told_of_over_the_wire(server: Server) -> None:
    """By a real clock: nobody renews, and the end comes as an event."""
    podium = server.connect()
    events = podium.events.subscribe(stream="$leases", after=0)
    async with asyncio.timeout(10):
        await podium.event_store.AcquireLease(AcquireLeaseRequest(name="r-1", ttl_seconds=0.2))
        _, ended = await until(events, 2)
    assert LeaseEnded.FromString(ended.data).name == "r-1"
