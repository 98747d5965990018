"""Given / when / then for pods: a pod, its clock, its callers, and what a fake runner does with its jobs.

Every command goes through the engine's own step (`decide`, then `schedule` to a fixpoint), and after every one the
invariants of a pod are checked: nothing stuck without a stated cause, no slot too many, no early start.
"""

from collections.abc import Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from podium.chassis.engine.model import Folded
from podium.chassis.engine.step import run_step
from podium.kernel.entity import Context, Recorded
from podium.kernel.errors import Rejection
from podium.kernel.identity import CallerKind, Identity
from podium.pod_manager.domain import jobs
from podium.pod_manager.domain.commands.agents import RegisterAgent, ReportAgent, RunnerLeaseChanged
from podium.pod_manager.domain.commands.documents import ApprovePlan, ApproveSpec, UpdatePlan
from podium.pod_manager.domain.commands.lifecycle import OpenPod
from podium.pod_manager.domain.commands.review import ReportJob
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.domain import PodDomain
from podium.pod_manager.domain.graph import SATISFIED, find_cycle
from podium.pod_manager.domain.kinds import AgentStatus, ChecksResult, FailureCause, JobKind, Phase, WorkstreamStatus
from podium.pod_manager.domain.policy import Policy
from podium.pod_manager.domain.queries import CLAIMED, ENDED, is_terminal
from podium.pod_manager.domain.reports import (
    AgentFailure,
    AgentReport,
    AgentResult,
    AgentStarted,
    JobConflict,
    JobDone,
    JobFailed,
    JobLanded,
    JobMerged,
    JobReport,
    JobVerified,
)
from podium.pod_manager.domain.resources import Agent, PlanItem, Pod, Usage
from podium.pod_manager.domain.waiting import waiting_on

POD_ID = "task_0123456789abcdef"
ANNA = Identity(CallerKind.PERSON, "anna")
RUNNER = Identity(CallerKind.RUNNER, "runner-1")
OTHER_RUNNER = Identity(CallerKind.RUNNER, "runner-2")
MANAGER = Identity(CallerKind.SERVICE, "pod-manager")
START = datetime(2026, 1, 1, tzinfo=UTC)
DOMAIN = PodDomain()


def item(name: str, *needs: str, **values: Any) -> PlanItem:
    """A plan item."""
    return PlanItem(id=name, title=f"Do {name}", description=f"Please do {name}.", dependencies=needs, **values)


class Scene:
    """One pod under test; every verb returns the new events of the pod."""

    def __init__(self, pod_id: str = POD_ID) -> None:
        self.now = START
        self.folded: Folded[Pod] = Folded(DOMAIN.initial(pod_id))
        self.history: list[Recorded] = []
        self.open: dict[str, tuple[str, jobs.JobIssued]] = {}
        """Open jobs as runners see them: (stream, order) by id."""
        self.heeded = True
        """The last step asked the scheduler."""
        self._requests = 0
        self._epochs: dict[str, int] = {}

    @property
    def pod(self) -> Pod:
        """The state."""
        return self.folded.state

    def fork(self) -> "Scene":
        """Another scene that goes on from here."""
        other = copy(self)
        other.history, other.open, other._epochs = list(self.history), dict(self.open), dict(self._epochs)
        return other

    # -- steps -------------------------------------------------------------------------------------------------

    def do(self, command: Any, actor: Identity = ANNA) -> list[Any]:
        """Run a command (None: only the scheduler looks); raises its Rejection."""
        self._requests += 1
        context = Context(self.now, actor, f"request-{self._requests}")
        before = self.folded
        step = run_step(DOMAIN, before, command, context, "", 100)
        self.heeded = step.heeded
        if not step.heeded:
            self._check_rest(before.state, step.after.state)
        self.folded = step.after
        for event, _, _ in step.items:
            if not isinstance(event, Recorded):
                self._to_runners(event.stream, event.event)
        self.history += step.recorded
        self._check(before.state, step.recorded, step.states)
        return [recorded.event for recorded in step.recorded]

    def refuse(self, reason: str, command: Any, actor: Identity = ANNA) -> Rejection:
        """The command is refused for this reason, and nothing happens."""
        before = self.folded
        with pytest.raises(Rejection) as caught:
            self.do(command, actor)
        assert caught.value.reason == reason, caught.value
        assert self.folded is before
        return caught.value

    def wait(self, seconds: float) -> list[Any]:
        """Let time pass; the pod's timer fires whenever it is due."""
        end = self.now + timedelta(seconds=seconds)
        events: list[Any] = []
        while (due := DOMAIN.due(self.pod)) is not None and due <= end:
            self.now = max(self.now, due)
            happened = self.do(None, MANAGER)
            assert happened, "a due instant at which nothing happens would spin the timer"
            events += happened
        self.now = end
        return events

    def _to_runners(self, stream: str, event: object) -> None:
        if isinstance(event, jobs.JobIssued):
            assert event.job_id not in self.open
            self.open[event.job_id] = (stream, event)
        elif isinstance(event, jobs.JobClosed):
            assert self.open.pop(event.job_id)[0] == stream, "closed in the stream where it was open"

    def _check_rest(self, before: Pod, after: Pod) -> None:
        context = Context(self.now, MANAGER, "")
        assert DOMAIN.schedule(before, context) or not DOMAIN.schedule(after, context), "nothing else follows"
        assert DOMAIN.due(after) == DOMAIN.due(before), "nor is anything due at another time"

    def _check(self, before: Pod, recorded: Sequence[Recorded], states: Sequence[Pod]) -> None:
        pod = self.pod
        live = {name for name, agent in pod.agents.items() if agent.status not in ENDED}
        assert live == set(pod.live_agents)
        assert set(self.open) == set(pod.jobs), "a job is open in its stream exactly as long as in the pod"
        for name, (stream, _) in self.open.items():
            assert pod.jobs[name].stream == stream
        started = [name for name in pod.agents if name not in before.agents]
        assert not started or len(live) <= pod.policy.max_parallel_agents
        for name in started:
            _check_start(pod, pod.agents[name])
        assert not find_cycle({ws.id: ws.dependencies for ws in pod.workstreams.values()})
        due = DOMAIN.due(pod)
        assert due is None or due > self.now, "what is due now has happened"
        runs = any(pod.agents[name].status in CLAIMED for name in live)
        causes = [entry for entry in waiting_on(pod) if entry.until_time is None or entry.until_time > self.now]
        assert runs or is_terminal(pod) or causes or not pod.revision, "stuck without a cause"
        previous = before
        for event, state in zip(recorded, states, strict=True):
            _check_touched(previous, state, DOMAIN.touched(state, event))
            previous = state

    # -- people ------------------------------------------------------------------------------------------------

    def open_pod(self, **values: Any) -> list[Any]:
        """FULL unless `quick`."""
        given = {"project_id": "project", "number": 1, "title": "Fix the sums", "request": "Please fix the sums."}
        given |= {"repository": "/repo", "base_branch": "main", "policy": Policy()}
        return self.do(OpenPod(**(given | values)))

    def executing(self, *items: PlanItem, **policy: Any) -> "Scene":
        """A pod whose plan of these items was approved, on a home runner; document agents have come and gone."""
        self.open_pod(policy=Policy(**policy), spec="# Spec")
        self.do(ApproveSpec(version=1))
        if policy.get("auto_start_agents", True):
            planner = self.run(self.only_agent())
            self.do(UpdatePlan(summary="", items=items), self.as_agent(planner))
            self.complete(planner)
            self.do(ApprovePlan(version=1))
        return self

    # -- runners -----------------------------------------------------------------------------------------------

    def as_agent(self, agent_id: str) -> Identity:
        """The identity of an agent's token."""
        return Identity(CallerKind.AGENT, agent_id, self.pod.pod_id)

    def only_agent(self) -> str:
        """The id of the one live agent."""
        (name,) = self.pod.live_agents
        return name

    def agent_on(self, workstream_id: str) -> str:
        """The id of the newest agent on a workstream."""
        return self.pod.workstreams[workstream_id].attempts[-1].agent_id

    def agent(self, agent_id: str) -> Agent:
        """The agent."""
        return self.pod.agents[agent_id]

    def epoch(self, runner: Identity) -> int:
        """The runner's lease epoch."""
        return self._epochs.get(runner.name, 1)

    def claim(self, agent_id: str, runner: Identity = RUNNER) -> list[Any]:
        """RegisterAgent."""
        job_id = self.pod.agents[agent_id].job_id
        return self.do(RegisterAgent(agent_id=agent_id, job_id=job_id, lease_epoch=self.epoch(runner)), runner)

    def report(self, agent_id: str, runner: Identity = RUNNER, seq: int = 0, **values: Any) -> list[Any]:
        """The agent's next report."""
        seq = seq or self.pod.agents[agent_id].last_report_seq + 1
        report = AgentReport(**values)
        return self.do(ReportAgent(agent_id=agent_id, report_seq=seq, report=report), runner)

    def run(self, agent_id: str, runner: Identity = RUNNER) -> str:
        """Claim and start an agent."""
        self.claim(agent_id, runner)
        agent = self.pod.agents[agent_id]
        prefix = self.pod.repository.branch_prefix
        branch = f"{prefix}/{agent.workstream_id}.{agent.attempt}" if agent.workstream_id else ""
        self.report(agent_id, runner, started=AgentStarted(process_id=7, base_commit="base", branch=branch))
        return agent_id

    def complete(self, agent_id: str, runner: Identity = RUNNER, **usage: int) -> list[Any]:
        """The agent says that it is done."""
        result = AgentResult(summary="done", commit="c0ffee", checks=ChecksResult.PASSED)
        return self.report(agent_id, runner, completed=result, usage=Usage(**usage))

    def fail(self, agent_id: str, cause: FailureCause = FailureCause.REPORTED, **values: Any) -> list[Any]:
        """The agent ends without a result."""
        return self.report(agent_id, failed=AgentFailure(cause=cause, error="it broke", **values))

    def job(self, kind: JobKind) -> str:
        """The id of the oldest open job of a kind."""
        return min(name for name, (_, order) in self.open.items() if order.kind is kind)

    def report_job(self, kind: JobKind, runner: Identity = RUNNER, **values: Any) -> list[Any]:
        """The outcome of the oldest open job of a kind."""
        return self.do(ReportJob(job_id=self.job(kind), report=JobReport(**values)), runner)

    def merge(self, commit: str = "merge-commit") -> list[Any]:
        """The oldest open merge succeeds."""
        return self.report_job(JobKind.MERGE, merged=JobMerged(integration_commit=commit))

    def conflict(self, *paths: str) -> list[Any]:
        """The oldest open merge conflicts."""
        return self.report_job(JobKind.MERGE, conflict=JobConflict(paths=paths))

    def finish_workstream(self, workstream_id: str) -> None:
        """From REQUESTED to COMPLETED."""
        self.complete(self.run(self.agent_on(workstream_id)))
        self.merge(f"merge-{workstream_id}")

    def verify(self, checks: ChecksResult = ChecksResult.PASSED, commit: str = "tip") -> list[Any]:
        """The verification is done."""
        return self.report_job(JobKind.VERIFY, verified=JobVerified(integration_commit=commit, checks=checks))

    def landed(self, commit: str = "landed") -> list[Any]:
        """The landing succeeds."""
        return self.report_job(JobKind.LAND, landed=JobLanded(commit=commit))

    def done(self, kind: JobKind) -> list[Any]:
        """An errand is done."""
        return self.report_job(kind, done=JobDone())

    def job_failed(self, kind: JobKind) -> list[Any]:
        """A job could not be done."""
        return self.report_job(kind, failed=JobFailed(error="no disk"))

    def lease_ended(self, runner: Identity = RUNNER) -> list[Any]:
        """The runner's lease ends."""
        return self.do(RunnerLeaseChanged(runner.name, self.epoch(runner), live=False), MANAGER)

    def runner_restarted(self, runner: Identity = RUNNER) -> list[Any]:
        """The runner has a lease under a new epoch."""
        self._epochs[runner.name] = self.epoch(runner) + 1
        return self.do(RunnerLeaseChanged(runner.name, self.epoch(runner), live=True), MANAGER)

    # -- looking -----------------------------------------------------------------------------------------------

    def status(self, workstream_id: str) -> WorkstreamStatus:
        """Of a workstream."""
        return self.pod.workstreams[workstream_id].status

    def in_progress(self) -> set[str]:
        """Workstreams with an agent."""
        at_work = (self.pod.agents[name].workstream_id for name in self.pod.live_agents)
        return {name for name in at_work if name}

    def waits(self) -> set[tuple[str, str]]:
        """(kind, subject) of everything in waiting_on."""
        return {(entry.kind.name, entry.subject) for entry in waiting_on(self.pod)}

    def inbox(self) -> set[str]:
        """The ids of the inbox."""
        return set(self.pod.inbox)

    def phase(self) -> Phase:
        """The phase."""
        return self.pod.phase

    def refolded(self) -> Pod:
        """The state that the history folds to."""
        pod = DOMAIN.initial(self.pod.pod_id)
        for recorded in self.history:
            pod = DOMAIN.evolve(pod, recorded)
        return pod


def _check_start(pod: Pod, agent: Agent) -> None:
    ws = pod.workstreams.get(agent.workstream_id)
    if ws is not None and agent.status is not AgentStatus.INTERRUPTED:
        early = [need for need in ws.dependencies if pod.workstreams[need].status not in SATISFIED]
        assert not early, f"{ws.id} started before {early}"


def _check_touched(before: Pod, after: Pod, keys: frozenset[tuple[str, str]]) -> None:
    """Whoever keeps a copy by the touched parts alone keeps a true one."""
    for collection in ("workstreams", "agents", "jobs", "messages", "inbox"):
        old, new = getattr(before, collection), getattr(after, collection)
        if old is new:
            continue
        changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
        assert changed <= {name for part, name in keys if part == collection}, collection
    own = ("workstreams", "agents", "jobs", "messages", "inbox")
    blank = {name: type(before.jobs)() for name in own}
    assert replace(before, **blank) == replace(after, **blank) or ("", "") in keys
