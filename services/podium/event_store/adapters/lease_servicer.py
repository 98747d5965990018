"""Leases and shards."""

from collections.abc import Iterable, Mapping
from typing import Any

from podium.chassis.identity import current_identity
from podium.event_store.adapters.requests import render_lease
from podium.event_store.application.store import Store
from podium.event_store.domain.model import Lease, ShardRow
from podium.events.v1 import event_pb2
from podium.events.v1 import event_service_pb2 as pb
from podium.kernel.errors import denied
from podium.kernel.identity import CallerKind


class LeaseServicer:
    """Who lives, and who owns what."""

    _store: Store

    async def AcquireLease(self, request: pb.AcquireLeaseRequest, context: Any) -> pb.AcquireLeaseResponse:
        """Take a name, whoever had it."""
        _check_name(request.name)
        lease = await self._store.leases.acquire(
            request.name, request.address, request.ttl_seconds, dict(request.metadata)
        )
        return pb.AcquireLeaseResponse(lease=render_lease(lease))

    async def RenewLease(self, request: pb.RenewLeaseRequest, context: Any) -> pb.RenewLeaseResponse:
        """Live on."""
        _check_name(request.name)
        lease = await self._store.leases.renew(request.name, request.epoch, dict(request.metadata))
        return pb.RenewLeaseResponse(lease=render_lease(lease))

    async def ReleaseLease(self, request: pb.ReleaseLeaseRequest, context: Any) -> pb.ReleaseLeaseResponse:
        """Give up the name and its shards."""
        _check_name(request.name)
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


def _check_name(name: str) -> None:
    """A runner holds its own name only: under another's it could end a service."""
    caller = current_identity()
    if caller.kind is CallerKind.RUNNER and caller.name != name:
        raise denied(f"{caller} may not hold the lease {name}", caller=str(caller))


def _shard(row: ShardRow, leases: Mapping[str, Lease]) -> event_pb2.Shard:
    """An owner whose lease is over has no address: the shard can be claimed."""
    lease = leases.get(row.owner)
    lives = lease is not None and lease.epoch == row.owner_epoch
    return event_pb2.Shard(
        shard=row.shard, owner=row.owner, epoch=row.epoch, address=lease.address if lease and lives else ""
    )
