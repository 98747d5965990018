"""Follows the runners' leases: agents whose runner is gone, or came back under another epoch, are told to their pods.

A pod knows which runner holds an agent, and under which epoch. What looks wrong is asked of the store once more before
a pod is told, since a lease may be newer than what was heard of it.

It also tells a pod when no living runner can do what the pod waits for, and when one can again; after a moment, so
that a runner that is merely restarted is not missed.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock
from podium.chassis.leases import LOOK_EVERY_SECONDS, Leases, LeaseSource, LeaseWatch
from podium.kernel.errors import Rejection
from podium.pod_manager.application.runners import missing_runner
from podium.pod_manager.domain.commands.agents import RunnerLeaseChanged, RunnersLooked
from podium.pod_manager.domain.queries import CLAIMED, live_agents
from podium.pod_manager.domain.resources import Pod

_log = logging.getLogger(__name__)

MISSING_GRACE_SECONDS = 4.0
"""Before a pod hears that nobody can do its jobs; with the lease's ttl less than ten seconds after the fault."""
PODS_AT_ONCE = 32

Told = RunnerLeaseChanged | RunnersLooked


class Pods(Protocol):
    """The pods of this process."""

    def loaded(self) -> Iterable[Pod]:
        """Their committed states."""
        ...

    async def tell(self, pod_id: str, command: Told) -> None:
        """Execute a command; raises Rejection."""
        ...


def doubts(pod: Pod, leases: Leases) -> list[RunnerLeaseChanged]:
    """What a pod must be told, given the living leases: one command for each runner and epoch it wrongly trusts."""
    found: dict[tuple[str, int], RunnerLeaseChanged] = {}
    for agent in live_agents(pod):
        if agent.status not in CLAIMED or agent.runner_lost_time is not None:
            continue
        lease = leases.get(agent.runner_id)
        epoch = lease.epoch if lease is not None else 0
        if epoch < agent.lease_epoch:
            command = RunnerLeaseChanged(agent.runner_id, agent.lease_epoch, live=False)
        elif epoch > agent.lease_epoch:
            command = RunnerLeaseChanged(agent.runner_id, epoch, live=True)
        else:
            continue
        found[command.runner_id, command.lease_epoch] = command
    return list(found.values())


class LeaseFollower:
    """One for each process; `run` it for the process' life."""

    def __init__(self, source: LeaseSource, pods: Pods, clock: Clock, tasks: Spawner) -> None:
        self._source = source
        self._pods = pods
        self._clock = clock
        self._watch = LeaseWatch(source, clock, tasks, self._look, self._forget)
        self._leases: Leases | None = None
        """What the store said last; None: something has happened since."""
        self._fine: dict[str, int] = {}
        """Pods whose jobs somebody can do, as of their revisions, under these leases."""
        self._missed: dict[str, float] = {}
        """Pods whose jobs nobody can do: since when, on the monotonic clock."""

    async def run(self) -> None:
        """Without end."""
        await self._watch.run()

    async def _look(self) -> float:
        await self.reconcile()
        return self._pause()

    def _forget(self) -> None:
        self._leases = None

    async def reconcile(self) -> None:
        """Tell every pod what its trust in runners is worth, and whether it has one; raises LeasesUnavailable."""
        pods = list(self._pods.loaded())
        if not pods:
            return
        if self._leases is None or any(doubts(pod, self._leases) for pod in pods):
            self._leases = await self._source.living()
            self._fine.clear()
        leases = self._leases
        told = [(pod.pod_id, command) for pod in pods for command in self._commands(pod, leases)]
        self._missed = {pod.pod_id: self._missed[pod.pod_id] for pod in pods if pod.pod_id in self._missed}
        gate = asyncio.Semaphore(PODS_AT_ONCE)

        async def tell(pod_id: str, command: Told) -> None:
            async with gate:
                await self._tell(pod_id, command)

        await asyncio.gather(*(tell(pod_id, command) for pod_id, command in told))

    def _commands(self, pod: Pod, leases: Leases) -> list[Told]:
        found: list[Told] = list(doubts(pod, leases))
        if self._fine.get(pod.pod_id) == pod.revision:
            return found
        missing = missing_runner(pod, leases)
        if not missing:
            self._missed.pop(pod.pod_id, None)
            if not pod.runner_missing:
                self._fine[pod.pod_id] = pod.revision
        else:
            since = self._missed.setdefault(pod.pod_id, self._clock.monotonic())
            if self._clock.monotonic() - since < MISSING_GRACE_SECONDS:
                return found
        if missing != pod.runner_missing:
            found.append(RunnersLooked(missing))
        return found

    def _pause(self) -> float:
        """Until the next look: sooner where a grace ends before."""
        now = self._clock.monotonic()
        ends = [since + MISSING_GRACE_SECONDS - now for since in self._missed.values()]
        return min([LOOK_EVERY_SECONDS, *(left for left in ends if left > 0)])

    async def _tell(self, pod_id: str, command: Told) -> None:
        try:
            await self._pods.tell(pod_id, command)
        except Rejection as refusal:
            # Another owner's by now, or the store is away: the next look tries again.
            _log.debug("pod %s was not told %s: %s", pod_id, command, refusal)
