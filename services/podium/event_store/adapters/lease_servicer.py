"""Leases and shards."""

from collections.abc import Iterable, Mapping
from typing import Any

from podium.event_store.adapters.requests import render_lease
from podium.event_store.application.store import Store
from podium.event_store.domain.model import Lease, ShardRow
from podium.events.v1 import event_pb2
from podium.events.v1 import event_service_pb2 as pb


class LeaseServicer:
    """Who lives, and who owns what."""

    _store: Store

    async def AcquireLease(self, request: pb.AcquireLeaseRequest, context: Any) -> pb.AcquireLeaseResponse:
        """Take a name, whoever had it."""
        lease = await self._store.leases.acquire(
            request.name, request.address, request.ttl_seconds, dict(request.metadata)
        )
        return pb.AcquireLeaseResponse(lease=render_lease(lease))

    async def RenewLease(self, request: pb.RenewLeaseRequest, context: Any) -> pb.RenewLeaseResponse:
        """Live on."""
        lease = await self._store.leases.renew(request.name, request.epoch, dict(request.metadata))
        return pb.RenewLeaseResponse(lease=render_lease(lease))

    async def ReleaseLease(self, request: pb.ReleaseLeaseRequest, context: Any) -> pb.ReleaseLeaseResponse:
        """Give up the name and its shards."""
        await self._store.leases.release(request.name, request.epoch)
        return pb.ReleaseLeaseResponse()

    async def ListLeases(self, request: pb.ListLeasesRequest, context: Any) -> pb.ListLeasesResponse:
        """The live ones; events of `$leases` after `position` tell the rest."""
        position = self._store.hub.position  # before the read: what it shows may be newer, never older
        return pb.ListLeasesResponse(
            leases=[
                render_lease(lease) for lease in await self._store.log.leases() if lease.name.startswith(request.prefix)
            ],
            position=position,
        )

    async def ClaimShards(self, request: pb.ClaimShardsRequest, context: Any) -> pb.ClaimShardsResponse:
        """All or none."""
        rows = await self._store.log.claim_shards(request.service, request.shards, request.owner, request.owner_epoch)
        return pb.ClaimShardsResponse(shards=await self._render(rows))

    async def ReleaseShards(self, request: pb.ReleaseShardsRequest, context: Any) -> pb.ReleaseShardsResponse:
        """Give up those that are owned under this lease."""
        await self._store.log.release_shards(request.service, request.shards, request.owner, request.owner_epoch)
        return pb.ReleaseShardsResponse()

    async def ListShards(self, request: pb.ListShardsRequest, context: Any) -> pb.ListShardsResponse:
        """All of a service."""
        return pb.ListShardsResponse(shards=await self._render(await self._store.log.shards(request.service)))

    async def _render(self, rows: Iterable[ShardRow]) -> list[event_pb2.Shard]:
        leases = {lease.name: lease for lease in await self._store.log.leases()}
        return [_shard(row, leases) for row in rows]


def _shard(row: ShardRow, leases: Mapping[str, Lease]) -> event_pb2.Shard:
    """An owner whose lease is over has no address: the shard can be claimed."""
    lease = leases.get(row.owner)
    lives = lease is not None and lease.epoch == row.owner_epoch
    return event_pb2.Shard(
        shard=row.shard, owner=row.owner, epoch=row.epoch, address=lease.address if lease and lives else ""
    )
