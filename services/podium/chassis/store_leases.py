"""The event store's leases, through the same client as everybody else."""

from collections.abc import AsyncIterator, Mapping

from podium.chassis.leases import Lease, Leases, LeasesUnavailable
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.events.v1.event_pb2 import Lease as StoredLease
from podium.events.v1.event_service_pb2 import ListLeasesRequest

STREAM = "$leases"


class StoreLeases:
    """Implements `leases.LeaseSource`."""

    def __init__(self, client: Podium) -> None:
        self._client = client

    async def living(self) -> Leases:
        """All leases; those of services do no harm, since nobody trusts them with work and they offer nothing."""
        try:
            listing = await self._client.event_store.ListLeases(ListLeasesRequest())
        except PodiumError as error:
            raise LeasesUnavailable(str(error)) from error
        return {lease.name: _lease(lease) for lease in listing.leases}

    async def changes(self) -> AsyncIterator[None]:
        """An item for each batch of facts, from now on; whoever hears it looks for itself what they mean."""
        try:
            async for item in self._client.events.subscribe(stream=STREAM):
                if item.WhichOneof("item") != "bookmark":
                    yield None
        except PodiumError as error:
            raise LeasesUnavailable(str(error)) from error


def _lease(lease: StoredLease) -> Lease:
    offers = lease.metadata
    return Lease(lease.epoch, offers.get("service") == "runner", _names(offers, "pools"), _names(offers, "profiles"))


def _names(offers: Mapping[str, str], what: str) -> frozenset[str]:
    return frozenset(filter(None, offers.get(what, "").split(",")))
