"""How the parts of Maestro find each other."""

from collections.abc import Collection, Sequence

from podium.chassis.encoded import passing_encoded
from podium.chassis.engine import Engine
from podium.chassis.entity_service import build_engine, ownership_of
from podium.chassis.server import Registration, Shell
from podium.chassis.store_leases import StoreLeases
from podium.maestro.adapters import terminals
from podium.maestro.adapters.codec import BoardCodec, make_codec
from podium.maestro.adapters.feed import EventStoreFeed
from podium.maestro.adapters.leases import MAESTRO, EngineSpawned
from podium.maestro.adapters.projects import ProjectListing
from podium.maestro.adapters.servicer import ENCODED, SERVICE, MaestroServicer
from podium.maestro.adapters.terminals import EngineSessions, TerminalServicer
from podium.maestro.adapters.transcripts import StoreTranscripts
from podium.maestro.application.follower import Follower
from podium.maestro.application.leases import LeaseFollower
from podium.maestro.application.terminals.terminals import Terminals
from podium.maestro.domain.commands import FollowPod, PodFact
from podium.maestro.domain.domain import ProjectDomain
from podium.maestro.domain.state import Board
from podium.tasks.v1.maestro_service_pb2_grpc import add_MaestroServiceServicer_to_server
from podium.tasks.v1.terminal_service_pb2_grpc import add_TerminalServiceServicer_to_server


class EngineProjects:
    """Implements `application.ports.Projects` on the engine."""

    def __init__(self, engine: Engine[Board]) -> None:
        self._engine = engine

    def owned(self) -> Collection[int]:
        """The shards held now."""
        return self._engine.owned()

    async def follow(self, project_id: str, pod_id: str, facts: Sequence[PodFact]) -> None:
        """Take facts in; without a request id, since the project itself knows what it has followed."""
        await self._engine.execute(project_id, FollowPod(pod_id, tuple(facts)), actor=MAESTRO, request_id="")


async def build(shell: Shell) -> Sequence[Registration]:
    """The service on the event store; it follows the pods and the runners' leases for as long as the shell lives."""
    codec = make_codec()
    ownership = ownership_of(shell)
    engine = await build_engine(shell, ProjectDomain(), BoardCodec(codec), ownership=ownership)
    feed = EventStoreFeed(shell.client.events, shell.client.event_store, shell.settings.instance)
    follower = Follower(feed, EngineProjects(engine), shell.clock, shell.tasks)
    shell.tasks.spawn(follower.run(), name="follower")
    shell.on_stop(follower.save)
    leases = LeaseFollower(StoreLeases(shell.client), EngineSpawned(engine), shell.clock, shell.tasks)
    shell.tasks.spawn(leases.run(), name="lease-follower")
    relays = Terminals(EngineSessions(engine), StoreTranscripts(shell.client.events), shell.clock)
    return [
        Registration(
            add=passing_encoded(add_MaestroServiceServicer_to_server, ENCODED),
            servicer=MaestroServicer(engine, codec, ProjectListing(engine, codec, shell.client, ownership)),
            service=SERVICE,
        ),
        Registration(
            add=passing_encoded(add_TerminalServiceServicer_to_server, terminals.ENCODED),
            servicer=TerminalServicer(relays, shell.tasks, shell.clock),
            service=terminals.SERVICE,
        ),
    ]
