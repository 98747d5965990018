"""The event store's leases, and this process' pods, as the lease follower sees them."""

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping

from podium.chassis.engine import Engine
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.events.v1.event_pb2 import Lease as StoredLease
from podium.events.v1.event_service_pb2 import ListLeasesRequest
from podium.kernel.identity import CallerKind, Identity
from podium.pod_manager.application.leases import LeasesUnavailable, Told
from podium.pod_manager.application.runners import Lease, Leases
from podium.pod_manager.domain.resources import Pod

MANAGER = Identity(CallerKind.SERVICE, "pod-manager")
STREAM = "$leases"


class StoreLeases:
    """Implements `application.leases.LeaseSource`."""

    def __init__(self, client: Podium) -> None:
        self._client = client

    async def living(self) -> Leases:
        """All leases; those of other services do no harm, since no agent names them and they offer nothing."""
        try:
            listing = await self._client.event_store.ListLeases(ListLeasesRequest())
        except PodiumError as error:
            raise LeasesUnavailable(str(error)) from error
        return {lease.name: _lease(lease) for lease in listing.leases}

    async def changes(self) -> AsyncIterator[None]:
        """An item for each batch of facts, from now on; the follower looks for itself what they mean."""
        try:
            async for item in self._client.events.subscribe(stream=STREAM):
                if item.WhichOneof("item") != "bookmark":
                    yield None
        except PodiumError as error:
            raise LeasesUnavailable(str(error)) from error


class EnginePods:
    """Implements `application.leases.Pods`."""

    def __init__(self, engine: Engine[Pod]) -> None:
        self._engine = engine

    def loaded(self) -> Iterable[Pod]:
        """The committed states of those that have to do with runners now."""
        pods = (view.state for view in self._engine.loaded_views().values())
        return [pod for pod in pods if pod.live_agents or pod.jobs or pod.runner_missing]

    async def tell(self, pod_id: str, command: Told) -> None:
        """Execute a command as the manager itself."""
        await self._engine.execute(pod_id, command, actor=MANAGER, request_id=uuid.uuid4().hex)


def _lease(lease: StoredLease) -> Lease:
    offers = lease.metadata
    return Lease(lease.epoch, offers.get("service") == "runner", _names(offers, "pools"), _names(offers, "profiles"))


def _names(offers: Mapping[str, str], what: str) -> frozenset[str]:
    return frozenset(filter(None, offers.get(what, "").split(",")))
