"""When a lease is over, by the database's clock; time passes here by moving what was written into the past."""

import asyncio

import asyncpg
import pytest

from podium.event_store.adapters.postgres import leases
from podium.event_store.adapters.postgres.leases import SharedLeaseKeeper
from podium.event_store.adapters.postgres.log import PostgresLog
from podium.event_store.domain.limits import LEASES_STREAM
from podium.kernel.errors import Rejection
from tests.contracts.facts import events
from tests.event_store.postgres.conftest import OpenLog


class Scene:
    """Two store processes, and the passing of time."""

    def __init__(self, logs: list[PostgresLog], admin: asyncpg.Connection) -> None:
        self.log = logs[0]
        self.keepers = [SharedLeaseKeeper(log) for log in logs]
        self._admin = admin

    async def start(self) -> None:
        for keeper in self.keepers:
            await keeper.start()

    async def serve(self, seconds: float) -> None:
        """Time passes while renewals are served."""
        us = int(seconds * 1e6)
        await self._admin.execute("UPDATE leases SET renewed_us = renewed_us - $1", us)
        await self._admin.execute("UPDATE lease_service SET since_us = since_us - $1", us)
        await self.tick()

    async def be_away(self, seconds: float) -> None:
        """Time passes and nobody serves; a negative time is a clock that is set back."""
        us = int(seconds * 1e6)
        await self._admin.execute("UPDATE leases SET renewed_us = renewed_us - $1", us)
        await self._admin.execute("UPDATE lease_service SET since_us = since_us - $1, seen_us = seen_us - $1", us)
        await self.tick()

    async def tick(self) -> None:
        await asyncio.gather(*(keeper.tick() for keeper in self.keepers))

    async def live(self) -> list[str]:
        return [lease.name for lease in await self.log.leases()]


@pytest.fixture
async def scene(open_log: OpenLog, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> Scene:
    # Minutes instead of seconds: what the test itself takes is nothing beside them.
    monkeypatch.setattr(leases, "GAP_SECONDS", 60.0)
    made = Scene([await open_log(), await open_log()], admin)
    await made.be_away(3600)
    await made.start()
    return made


async def test_a_lease_that_is_not_renewed_ends_after_its_ttl(scene: Scene) -> None:
    """Renewals at any process count; the end is told once, whoever notices it; then it is LEASE_LOST."""
    first, second = scene.keepers
    lease = await first.acquire("r-1", "", 400.0, {})
    for keeper in (first, second):
        await scene.serve(350)
        assert (await keeper.renew("r-1", lease.epoch, {})).epoch == lease.epoch
    await scene.serve(350)
    assert await scene.live() == ["r-1"]
    await scene.serve(60)
    assert await scene.live() == []
    with pytest.raises(Rejection, match="LEASE_LOST"):
        await second.renew("r-1", lease.epoch, {})
    told = events(await scene.log.read_stream(LEASES_STREAM, 0))
    assert [event.type.rpartition(".")[2] for event in told] == ["LeaseAcquired", "LeaseEnded"]


async def test_a_gap_in_the_service_ends_nobody(scene: Scene) -> None:
    """The database or all processes were away, or the machine slept: everyone gets a full ttl anew."""
    await scene.keepers[0].acquire("r-1", "", 400.0, {})
    for _ in range(3):
        await scene.serve(350)
        await scene.be_away(3600)
    await scene.serve(350)
    assert await scene.live() == ["r-1"]
    await scene.serve(60)
    assert await scene.live() == []


async def test_a_clock_that_is_set_back_neither_ends_nor_keeps_a_lease(scene: Scene) -> None:
    """Renewals from the future are no renewals; the ttl counts from the step on."""
    await scene.keepers[0].acquire("r-1", "", 400.0, {})
    await scene.be_away(-3600)
    await scene.serve(350)
    assert await scene.live() == ["r-1"]
    await scene.serve(60)
    assert await scene.live() == []


async def test_metadata_are_replaced_by_a_renewal_that_brings_some(scene: Scene) -> None:
    """And stay otherwise."""
    keeper = scene.keepers[0]
    lease = await keeper.acquire("r-1", "", 400.0, {"capacity": "4"})
    assert (await keeper.renew("r-1", lease.epoch, {})).metadata == {"capacity": "4"}
    assert (await keeper.renew("r-1", lease.epoch, {"capacity": "2"})).metadata == {"capacity": "2"}
    assert (await scene.log.leases())[0].metadata == {"capacity": "2"}


async def test_the_shards_of_an_ended_lease_can_be_claimed(scene: Scene) -> None:
    """Not before; the former owner's fence is outdated then."""
    log, (keeper, other) = scene.log, scene.keepers
    old = await keeper.acquire("pm-1", "", 400.0, {})
    await log.claim_shards("pod-manager", [7], "pm-1", old.epoch)
    await scene.serve(300)
    new = await other.acquire("pm-2", "", 400.0, {})
    with pytest.raises(Rejection, match="SHARD_OWNED"):
        await log.claim_shards("pod-manager", [7], "pm-2", new.epoch)
    await scene.serve(110)
    (row,) = await log.claim_shards("pod-manager", [7], "pm-2", new.epoch)
    assert (row.owner, row.epoch) == ("pm-2", 2)
    assert await scene.live() == ["pm-2"]
