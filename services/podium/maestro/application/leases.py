"""Follows the runners' leases: projects are told of sessions whose runner is gone, or is back under another epoch.

A project knows which runner has a session's process, and under which epoch. What looks wrong is asked of the store once
more before a project is told, since a lease may be newer than what was heard of it.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock
from podium.chassis.leases import LOOK_EVERY_SECONDS, Leases, LeaseSource, LeaseWatch
from podium.kernel.errors import Rejection
from podium.maestro.domain.model import SessionJobKind
from podium.maestro.domain.process_commands import RunnerLeaseChanged
from podium.maestro.domain.state import ProjectState

_log = logging.getLogger(__name__)

PROJECTS_AT_ONCE = 32


class SpawnedSessions(Protocol):
    """The projects of this process that have sessions' processes with runners."""

    def loaded(self) -> Iterable[ProjectState]:
        """Their committed states."""
        ...

    async def tell(self, project_id: str, command: RunnerLeaseChanged) -> None:
        """Execute a command; raises Rejection."""
        ...


def doubts(state: ProjectState, leases: Leases) -> list[RunnerLeaseChanged]:
    """What a project must be told, given the living leases: one command for each runner and epoch it wrongly trusts."""
    found: dict[tuple[str, int], RunnerLeaseChanged] = {}
    for job in state.session_jobs.values():
        if job.kind is not SessionJobKind.SPAWN or not job.runner_id or job.runner_lost_time is not None:
            continue
        lease = leases.get(job.runner_id)
        epoch = lease.epoch if lease is not None else 0
        if epoch == 0 or epoch < job.lease_epoch:
            command = RunnerLeaseChanged(job.runner_id, job.lease_epoch, live=False)
        elif 0 < job.lease_epoch < epoch:
            command = RunnerLeaseChanged(job.runner_id, epoch, live=True)
        else:
            continue
        found[command.runner_id, command.lease_epoch] = command
    return list(found.values())


class LeaseFollower:
    """One for each process; `run` it for the process' life."""

    def __init__(self, source: LeaseSource, sessions: SpawnedSessions, clock: Clock, tasks: Spawner) -> None:
        self._source = source
        self._sessions = sessions
        self._watch = LeaseWatch(source, clock, tasks, self._look, self._forget)
        self._leases: Leases = {}

    async def run(self) -> None:
        """Without end."""
        await self._watch.run()

    async def _look(self) -> float:
        await self.reconcile()
        return LOOK_EVERY_SECONDS

    def _forget(self) -> None:
        self._leases = {}

    async def reconcile(self) -> None:
        """Tell every project what its trust in runners is worth; raises LeasesUnavailable."""
        suspects = [state for state in self._sessions.loaded() if doubts(state, self._leases)]
        if not suspects:
            return
        self._leases = await self._source.living()
        gate = asyncio.Semaphore(PROJECTS_AT_ONCE)

        async def tell(state: ProjectState) -> None:
            async with gate:
                for command in doubts(state, self._leases):
                    await self._tell(state.id, command)

        await asyncio.gather(*(tell(state) for state in suspects))

    async def _tell(self, project_id: str, command: RunnerLeaseChanged) -> None:
        try:
            await self._sessions.tell(project_id, command)
        except Rejection as refusal:
            # Another owner's by now, or the store is away: the next look tries again.
            _log.debug("project %s was not told of runner %s: %s", project_id, command.runner_id, refusal)
