"""How the parts of the pod-manager find each other."""

from collections.abc import Sequence

from podium.chassis.encoded import passing_encoded
from podium.chassis.entity_service import build_engine, ownership_of
from podium.chassis.server import Registration, Shell
from podium.chassis.store_leases import StoreLeases
from podium.pod_manager.adapters.boards import Boards
from podium.pod_manager.adapters.codec import entity_codec, make_codec
from podium.pod_manager.adapters.leases import EnginePods
from podium.pod_manager.adapters.rendering import Renderer
from podium.pod_manager.adapters.servicer import SERVICE, PodServicer
from podium.pod_manager.application.leases import LeaseFollower
from podium.pod_manager.domain.domain import PodDomain
from podium.pods.v1.pod_service_pb2_grpc import add_PodServiceServicer_to_server

ENCODED = ("WatchPod",)
"""What this watch yields is encoded already: once, for all its watchers."""


async def build(shell: Shell) -> Sequence[Registration]:
    """The service on the event store; it follows the runners' leases for as long as the shell lives."""
    codec = make_codec()
    ownership = ownership_of(shell)
    engine = await build_engine(shell, PodDomain(), entity_codec(codec), ownership=ownership)
    follower = LeaseFollower(StoreLeases(shell.client), EnginePods(engine), shell.clock, shell.tasks)
    shell.tasks.spawn(follower.run(), name="lease-follower")
    renderer = Renderer(codec)
    boards = Boards(engine, renderer, shell.client, shell.clock, ownership)
    servicer = PodServicer(engine, codec, renderer, boards, shell.client.events, shell.key)
    add = passing_encoded(add_PodServiceServicer_to_server, ENCODED)
    return [Registration(add=add, servicer=servicer, service=SERVICE)]
