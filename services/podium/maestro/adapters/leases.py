"""This process' projects, as the lease follower sees them."""

from collections.abc import Iterable

from podium.chassis.engine import Engine
from podium.kernel.identity import CallerKind, Identity
from podium.maestro.domain.process_commands import RunnerLeaseChanged
from podium.maestro.domain.state import Board, ProjectState

MAESTRO = Identity(CallerKind.SERVICE, "maestro")


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
