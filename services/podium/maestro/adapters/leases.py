"""The event store's leases, and this process' projects, as the lease follower sees them."""

from collections.abc import AsyncIterator, Iterable

from podium.chassis.engine import Engine
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.events.v1.event_service_pb2 import ListLeasesRequest
from podium.kernel.identity import CallerKind, Identity
from podium.maestro.application.leases import Leases, LeasesUnavailable
from podium.maestro.domain.process_commands import RunnerLeaseChanged
from podium.maestro.domain.state import Board, ProjectState

MAESTRO = Identity(CallerKind.SERVICE, "maestro")
STREAM = "$leases"


class StoreLeases:
    """Implements `application.leases.LeaseSource`."""

    def __init__(self, client: Podium) -> None:
        self._client = client

    async def living(self) -> Leases:
        """All leases; those of services do no harm, since no session names them."""
        try:
            listing = await self._client.event_store.ListLeases(ListLeasesRequest())
        except PodiumError as error:
            raise LeasesUnavailable(str(error)) from error
        return {lease.name: lease.epoch for lease in listing.leases}

    async def changes(self) -> AsyncIterator[None]:
        """An item for each batch of facts, from now on; the follower looks for itself what they mean."""
        try:
            async for item in self._client.events.subscribe(stream=STREAM):
                if item.WhichOneof("item") != "bookmark":
                    yield None
        except PodiumError as error:
            raise LeasesUnavailable(str(error)) from error


class EngineSpawned:
    """Implements `application.leases.SpawnedSessions`."""

    def __init__(self, engine: Engine[Board]) -> None:
        self._engine = engine

    def loaded(self) -> Iterable[ProjectState]:
        """The committed states of the projects that have orders open."""
        return [view.state.state for view in self._engine.loaded_views().values() if view.state.state.session_jobs]

    async def tell(self, project_id: str, command: RunnerLeaseChanged) -> None:
        """Without a request id: the project itself knows whom it doubts already."""
        await self._engine.execute(project_id, command, actor=MAESTRO, request_id="")
