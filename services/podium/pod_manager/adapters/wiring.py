"""How the parts of the pod-manager find each other."""

from collections.abc import Sequence

from podium.chassis.entity_service import build_engine
from podium.chassis.server import Registration, Shell
from podium.pod_manager.adapters.codec import entity_codec, make_codec
from podium.pod_manager.adapters.encoded import add_pods
from podium.pod_manager.adapters.leases import EnginePods, StoreLeases
from podium.pod_manager.adapters.servicer import SERVICE, PodServicer
from podium.pod_manager.application.leases import LeaseFollower
from podium.pod_manager.domain.domain import PodDomain


async def build(shell: Shell) -> Sequence[Registration]:
    """The service on the event store; it follows the runners' leases for as long as the shell lives."""
    codec = make_codec()
    engine = await build_engine(shell, PodDomain(), entity_codec(codec))
    follower = LeaseFollower(StoreLeases(shell.client), EnginePods(engine), shell.clock, shell.tasks)
    shell.tasks.spawn(follower.run(), name="lease-follower")
    servicer = PodServicer(engine, codec, shell.client.events, shell.key)
    return [Registration(add=add_pods, servicer=servicer, service=SERVICE)]
