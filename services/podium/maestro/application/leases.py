"""Follows the runners' leases: projects are told of sessions whose runner is gone, or is back under another epoch.

A project knows which runner has a session's process, and under which epoch; the store knows which leases live. The
follower compares the two: at the start, so that a runner that died while nobody looked is noticed; at every fact about
leases; and every few seconds, which also finds the claim that was on its way while the lease ended. What looks wrong is
asked of the store once more before a project is told, since a lease may be newer than what was heard of it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Protocol

from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock
from podium.kernel.errors import Rejection
from podium.maestro.domain.model import SessionJobKind
from podium.maestro.domain.process_commands import RunnerLeaseChanged
from podium.maestro.domain.state import ProjectState

_log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 3.0
PROJECTS_AT_ONCE = 32
BACKOFF_SECONDS = 0.2
BACKOFF_LIMIT_SECONDS = 5.0

Leases = Mapping[str, int]
"""Living runners: their epochs by name."""


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
        epoch = leases.get(job.runner_id, 0)
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
        self._clock = clock
        self._tasks = tasks
        self._leases: Leases = {}
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Without end."""
        self._tasks.spawn(self._listen(), name="lease-facts")
        backoff = BACKOFF_SECONDS
        while True:
            try:
                await self.reconcile()
                backoff = BACKOFF_SECONDS
                await self._wait(LOOK_EVERY_SECONDS)
            except LeasesUnavailable as error:
                _log.warning("the runners' leases cannot be read now: %s", error)
                await self._clock.sleep(backoff)
                backoff = min(backoff * 2, BACKOFF_LIMIT_SECONDS)

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

    async def _listen(self) -> None:
        backoff = BACKOFF_SECONDS
        while True:
            try:
                async for _ in self._source.changes():
                    self._leases = {}
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
