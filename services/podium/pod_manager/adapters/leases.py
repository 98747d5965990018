"""This process' pods, as the lease follower sees them."""

import uuid
from collections.abc import Iterable

from podium.chassis.engine import Engine
from podium.kernel.identity import CallerKind, Identity
from podium.pod_manager.application.leases import Told
from podium.pod_manager.domain.resources import Pod

MANAGER = Identity(CallerKind.SERVICE, "pod-manager")


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
