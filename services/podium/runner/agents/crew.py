"""All agents of this runner: claimed, living, ended, and those that an earlier run left behind."""

import asyncio
import logging
import time
from dataclasses import dataclass

from podium.chassis.tasks import TaskSet
from podium.client.ambient import TRACEPARENT
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.jobs.v1.job_events_pb2 import JobIssued
from podium.pods.v1.pod_pb2 import FAILURE_CAUSE_LOST, FAILURE_CAUSE_REPORTED, FAILURE_CAUSE_START_FAILED, Pod
from podium.pods.v1.pod_service_pb2 import RegisterAgentRequest
from podium.runner.agents import commands, finishing
from podium.runner.agents.calls import calls_of
from podium.runner.agents.household import Household
from podium.runner.agents.life import Life
from podium.runner.agents.live import LiveAgent
from podium.runner.agents.record import AgentRecord, AgentRecords
from podium.runner.layout import file_name
from podium.runner.lease import Lease
from podium.runner.redaction import Redactor
from podium.runner.reports.outbox import Outbox
from podium.runner.reports.spool import Spool
from podium.runner.settings import RunnerSettings
from podium.runner.transcripts import Transcript, TranscriptStore
from podium.runner.workspaces.errors import WorkspaceError

_log = logging.getLogger(__name__)

_FOR_NOW = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED"})
_FLUSH_SECONDS = 2.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_ENDING_SECONDS = 120.0
ENDED_KEPT = 50
"""Folders of ended agents that are kept: instructions and output, for people to look at."""


@dataclass(frozen=True)
class Means:
    """What the crew works with."""

    client: Podium
    settings: RunnerSettings
    household: Household
    store: TranscriptStore
    lease: Lease


class Crew:
    """The agents of this runner by id."""

    def __init__(self, means: Means, tasks: TaskSet) -> None:
        self._means = means
        self._tasks = tasks
        self.capacity = means.settings.capacity
        self._layout = means.household.workspaces.layout
        self._call = calls_of(means.client)
        self._records = AgentRecords(self._layout.agents)
        self._claiming: set[str] = set()
        self._transcripts: dict[str, Transcript] = {}
        self.live: dict[str, LiveAgent] = {}
        self.changed = asyncio.Event()
        """Set when an agent came or went: there may be room."""

    @property
    def room(self) -> int:
        """How many more agents may be claimed; below 0 where there are more than there may be by now."""
        return self.capacity - len(self.live) - len(self._claiming)

    def resize(self, capacity: int) -> None:
        """Take so many agents at once from now on; those that run go on, more than that too."""
        if capacity != self.capacity:
            _log.info("agents at once: %d, from %d", capacity, self.capacity)
            self.capacity = capacity
            self.changed.set()

    def offers(self, profile: str) -> bool:
        """Whether this runner has the profile."""
        return profile in self._means.settings.profiles

    # -- a new agent -------------------------------------------------------------------------------------------------

    async def claim(self, job: JobIssued) -> bool:
        """Claim and start a LAUNCH job's agent; False where the pod did not give it to us. Raises PodiumError."""
        agent_id = job.launch.agent_id
        if agent_id in self.live or agent_id in self._claiming:
            return True
        self._claiming.add(agent_id)
        try:
            record = self._records.begin(job, TRACEPARENT.get())
            try:
                pod, token = await self._register(record, job.job_id)
            except PodiumError as error:
                if error.code not in _FOR_NOW:
                    _log.info("agent %s was not given to us: %s", agent_id, error)
                    self._records.remove(agent_id)
                    return False
                raise
            record = self._records.change(record, token=token)
            _log.info("agent %s of pod %s: claimed (%s)", agent_id, job.pod_id, job.launch.profile)
            self._begin(record, pod)
        finally:
            self._claiming.discard(agent_id)
        return True

    async def _register(self, record: AgentRecord, job_id: str) -> tuple[Pod, str]:
        """Claim an agent, or say that it still lives (no job id)."""
        epoch = await self._means.lease.epoch()
        response = await self._means.client.pods.RegisterAgent(
            RegisterAgentRequest(
                pod_id=record.pod_id,
                agent_id=record.agent_id,
                job_id=job_id,
                lease_epoch=epoch,
                request_id=f"{record.agent_id}:register:{self._means.settings.id}:{epoch}",
            )
        )
        return response.pod, response.agent_token

    def _begin(self, record: AgentRecord, pod: Pod) -> None:
        agent = self._revive(record)
        profile = self._means.settings.profiles.get(record.order.launch.profile)
        if profile is None:
            known = ", ".join(sorted(self._means.settings.profiles)) or "none"
            reason = f"this runner has no profile {record.order.launch.profile!r}; it has: {known}"
            finishing.fail(agent, FAILURE_CAUSE_START_FAILED, reason)
            self._tasks.spawn(self._see_off(agent), name=f"end {record.agent_id}")
            return
        life = Life(self._means.household, agent, profile, pod, self._transcripts[record.agent_id])
        self._tasks.spawn(self._live(life, agent), name=f"agent {record.agent_id}")

    def _revive(self, record: AgentRecord) -> LiveAgent:
        """An agent with its outbox and transcript, from its record."""
        spool = Spool(self._layout.spool / f"{file_name(record.agent_id)}.jsonl")
        outbox = Outbox(record.pod_id, record.agent_id, spool, self._call)
        outbox.token = record.token
        outbox.traceparent = record.traceparent
        agent = LiveAgent(record, self._records, outbox)
        outbox.on_refused = agent.refuse
        transcript = Transcript(self._means.store, record.agent_id, self._means.household.clock, time.time)
        profile = self._means.settings.profiles.get(record.order.launch.profile)
        if profile is not None:
            agent.redactor = Redactor(commands.secrets(profile, record.token))
        outbox.clean, transcript.redactor = agent.redactor.message, agent.redactor
        self._transcripts[record.agent_id] = transcript
        self.live[record.agent_id] = agent
        self._tasks.spawn(outbox.run(), name=f"outbox {record.agent_id}")
        self._tasks.spawn(transcript.run(), name=f"transcript {record.agent_id}")
        self.changed.set()
        return agent

    async def _live(self, life: Life, agent: LiveAgent) -> None:
        TRACEPARENT.set(agent.record.traceparent)  # of this task alone
        try:
            await life.run()
        finally:
            await self._see_off(agent)

    async def _see_off(self, agent: LiveAgent) -> None:
        """Its end is reported: let go of it."""
        agent_id = agent.record.agent_id
        if not agent.record.ended:
            try:
                agent.record = self._records.change(agent.record, ended=True)
            except OSError as error:  # the next runner says its end once more, which the pod refuses
                _log.warning("agent %s: its end is not kept: %s", agent_id, error)
        _log.info("agent %s of pod %s: over", agent_id, agent.record.pod_id)
        agent.over.set()
        agent.outbox.finish()
        for told in agent.unheard:
            told.heard.set()  # it will hear nothing more, and nobody shall wait for that
        self.live.pop(agent_id, None)
        self.changed.set()
        transcript = self._transcripts.pop(agent_id, None)
        if transcript is not None:
            await transcript.close()

    # -- what others want of it --------------------------------------------------------------------------------------

    async def interrupt(self, agent_id: str, reason: str) -> None:
        """End an agent and wait until it has ended and the pod knows; one that is not here has ended."""
        agent = self.live.get(agent_id)
        if agent is not None:
            agent.interrupt(reason)
            await agent.over.wait()
            await agent.outbox.sent.wait()

    async def until_over(self, worktree: str, pod_id: str) -> None:
        """Wait until no agent works in a worktree: what it left is committed then. Raises WorkspaceError."""
        for agent in list(self.live.values()):
            if agent.record.pod_id == pod_id and agent.record.worktree == worktree:
                try:
                    async with asyncio.timeout(_ENDING_SECONDS):
                        await agent.over.wait()
                except TimeoutError:
                    raise WorkspaceError(f"agent {agent.record.agent_id} is still at work on it") from None

    # -- leases and restarts -----------------------------------------------------------------------------------------

    async def register_again(self) -> None:
        """The lease has a new epoch: say of each agent that it lives. One that the pod gave up is ended."""
        for agent in list(self.live.values()):
            if agent.end_reported:
                continue
            try:
                await self._register(agent.record, "")
            except PodiumError as error:
                if error.code in _FOR_NOW:
                    _log.warning("agent %s could not be registered again: %s", agent.record.agent_id, error)
                else:
                    agent.refuse(error.reason)

    async def recover(self) -> None:
        """Say what became of the agents of an earlier run; their processes are ended already."""
        records = self._records.all()
        for record in records:
            if not record.token:
                # It was not known to be ours. If it was, the pod misses it and says so; else its job is still open.
                self._records.remove(record.agent_id)
                continue
            spooled = (self._layout.spool / f"{file_name(record.agent_id)}.jsonl").exists()
            if not record.ended or spooled:
                self._tasks.spawn(self._recover(record), name=f"recover {record.agent_id}")
        for record in [r for r in records if r.ended][:-ENDED_KEPT]:
            self._records.remove(record.agent_id)

    async def _recover(self, record: AgentRecord) -> None:
        agent = self._revive(record)
        try:
            if record.ended:
                return  # only what it said is still on its way
            if record.verdict == "complete":
                try:
                    await self._conclude(agent)
                except Exception:
                    _log.exception("agent %s could not be concluded", record.agent_id)
            elif record.verdict == "fail":
                finishing.fail(agent, FAILURE_CAUSE_REPORTED, record.words)
            elif record.session:
                await self._resume(agent)
                return
            if not agent.end_reported:
                reason = "its runner was restarted, and could not speak to its process any more"
                finishing.fail(agent, FAILURE_CAUSE_LOST, reason)
                self._means.household.workspaces.mark_failed(record.pod_id, record.worktree)
        finally:
            await self._see_off(agent)

    async def _resume(self, agent: LiveAgent) -> None:
        """Its session can be loaded again: it lives on under the same id, where the pod has not given it up."""
        profile = self._means.settings.profiles.get(agent.record.order.launch.profile)
        if profile is None or profile.kind != "acp":
            finishing.fail(agent, FAILURE_CAUSE_LOST, "its runner was restarted without its profile")
            return
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                pod, _ = await self._register(agent.record, "")
                break
            except PodiumError as error:
                if error.code not in _FOR_NOW:
                    _log.info("agent %s is not ours any more: %s", agent.record.agent_id, error)
                    self._means.household.workspaces.mark_failed(agent.record.pod_id, agent.record.worktree)
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        _log.info("agent %s of pod %s: its session is loaded again", agent.record.agent_id, agent.record.pod_id)
        transcript = self._transcripts[agent.record.agent_id]
        await Life(self._means.household, agent, profile, pod, transcript, resumed=True).run()

    async def _conclude(self, agent: LiveAgent) -> None:
        """It had said complete before the runner died: its work counts, if it holds."""
        profile = self._means.settings.profiles.get(agent.record.order.launch.profile)
        if profile is not None:
            transcript = self._transcripts[agent.record.agent_id]
            await Life(self._means.household, agent, profile, Pod(), transcript).conclude("")

    async def stop(self) -> None:
        """The runner stops: end every agent, and try to say so."""
        agents = list(self.live.values())
        for agent in agents:
            agent.give_up("its runner was stopped")
        for agent in agents:
            await agent.over.wait()
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                for agent in agents:
                    await agent.outbox.sent.wait()
        except TimeoutError:
            _log.info("what was not acknowledged is kept for the next start")
