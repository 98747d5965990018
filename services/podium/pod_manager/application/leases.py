"""Follows the runners' leases: agents whose runner is gone, or came back under another epoch, are told to their pods.

A pod knows which runner holds an agent, and under which epoch; the store knows which leases live. `LeaseFollower`
compares the two: at the start, at every fact about leases, and every few seconds, which also finds the claim that was
on its way while the lease ended. What looks wrong is asked of the store once more before a pod is told, since a lease
may be newer than what was heard of it.

It also tells a pod when no living runner can do what the pod waits for, and when one can again; after a moment, so
that a runner that is merely restarted is not missed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock
from podium.kernel.errors import Rejection
from podium.pod_manager.application.runners import Leases, missing_runner
from podium.pod_manager.domain.commands.agents import RunnerLeaseChanged, RunnersLooked
from podium.pod_manager.domain.queries import CLAIMED, live_agents
from podium.pod_manager.domain.resources import Pod

_log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 3.0
"""Lease ttl (4 s), this, and the grace (5 s) may not add up to more than a lost agent may hold its slot."""
MISSING_GRACE_SECONDS = 4.0
"""Before a pod hears that nobody can do its jobs; with the lease's ttl less than ten seconds after the fault."""
PODS_AT_ONCE = 32
BACKOFF_SECONDS = 0.2
BACKOFF_LIMIT_SECONDS = 5.0

Told = RunnerLeaseChanged | RunnersLooked


class LeasesUnavailable(Exception):
    """The store cannot say now."""


class LeaseSource(Protocol):
    """The event store's leases."""

    async def living(self) -> Leases:
        """The leases that live now; raises LeasesUnavailable."""
        ...

    def changes(self) -> AsyncIterator[None]:
        """An item whenever a lease was taken or ended; without end. Raises LeasesUnavailable."""
        ...


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
        self._tasks = tasks
        self._leases: Leases | None = None
        """What the store said last; None: something has happened since."""
        self._fine: dict[str, int] = {}
        """Pods whose jobs somebody can do, as of their revisions, under these leases."""
        self._missed: dict[str, float] = {}
        """Pods whose jobs nobody can do: since when, on the monotonic clock."""
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Without end."""
        self._tasks.spawn(self._listen(), name="lease-facts")
        backoff = BACKOFF_SECONDS
        while True:
            try:
                await self.reconcile()
                backoff = BACKOFF_SECONDS
                await self._wait(self._pause())
            except LeasesUnavailable as error:
                _log.warning("the runners' leases cannot be read now: %s", error)
                await self._clock.sleep(backoff)
                backoff = min(backoff * 2, BACKOFF_LIMIT_SECONDS)

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

    async def _listen(self) -> None:
        backoff = BACKOFF_SECONDS
        while True:
            try:
                async for _ in self._source.changes():
                    self._leases = None
                    self._look.set()
                    backoff = BACKOFF_SECONDS
            except LeasesUnavailable as error:
                _log.debug("the facts about leases cannot be followed now: %s", error)
            await self._clock.sleep(backoff)
            backoff = min(backoff * 2, BACKOFF_LIMIT_SECONDS)

    async def _wait(self, seconds: float) -> None:
        """Until something is said about leases, or the time is over."""
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        woken = asyncio.ensure_future(self._look.wait())
        try:
            await asyncio.wait({sleeper, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            woken.cancel()
            self._look.clear()
