"""Scenario 22: random graphs, failures, retries, skips, edits, interrupts, lost runners, questions; on a virtual clock.

After every step the scene checks the invariants (no early start, no standstill without a stated cause, no slot too
many, one open job for each order). Afterwards everybody behaves, and the pod must come to its end.
"""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.kernel.errors import Rejection
from podium.pod_manager.domain.commands.agents import InterruptAgent, RestartAgent, StartAgent
from podium.pod_manager.domain.commands.documents import (
    ApprovePlan,
    ApproveSpec,
    ReopenPlan,
    RequestPlan,
    RequestSpec,
    UpdatePlan,
    UpdateSpec,
)
from podium.pod_manager.domain.commands.lifecycle import TransitionPhase, UpdatePolicy
from podium.pod_manager.domain.commands.messages import AnswerQuestion, AskQuestion, ResolveThread
from podium.pod_manager.domain.commands.review import ApproveReview, LandWork, ReportJob, RequestChanges
from podium.pod_manager.domain.commands.workstreams import (
    CancelWorkstream,
    CompleteWorkstream,
    CreateWorkstream,
    FailWorkstream,
    RetryWorkstream,
    SkipWorkstream,
    StartWorkstream,
    UpdateWorkstream,
)
from podium.pod_manager.domain.kinds import (
    AgentKind,
    AgentStatus,
    Autonomy,
    ChecksResult,
    DocumentState,
    FailureCause,
    JobKind,
    Phase,
    WorkstreamStatus,
)
from podium.pod_manager.domain.policy import Budget, Policy, ProfileChoice
from podium.pod_manager.domain.queries import CLAIMED, is_held, is_terminal
from podium.pod_manager.domain.reports import (
    AgentStarted,
    AgentStopped,
    ChangeRequest,
    JobBlocked,
    JobConflict,
    JobDone,
    JobFailed,
    JobLanded,
    JobMerged,
    JobReport,
    JobVerified,
)
from podium.pod_manager.domain.resources import PlanItem, Usage
from tests.pod_manager.scene import RUNNER, Scene, item

CAUSES = [
    FailureCause.REPORTED,
    FailureCause.NO_RESULT,
    FailureCause.CHECKS_FAILED,
    FailureCause.RATE_LIMITED,
    FailureCause.LOGIN_FAILED,
    FailureCause.LOST,
]


def random_plan(rng: Random) -> tuple[PlanItem, ...]:
    """A plan whose dependencies point backwards, so that it has no circle."""
    names = [f"ws-{n}" for n in range(rng.randint(1, 7))]
    return tuple(item(name, *(n for n in names[:i] if rng.random() < 0.35)) for i, name in enumerate(names))


class Machine:
    """Chooses what happens next."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.scene = Scene()
        autonomous = rng.random() < 0.3
        policy = Policy(
            autonomy=Autonomy.AUTONOMOUS if autonomous else Autonomy.GUIDED,
            budget=Budget(tokens=10_000) if autonomous or rng.random() < 0.2 else Budget(),
            max_parallel_agents=rng.randint(1, 3),
            max_attempts=rng.randint(1, 3),
            auto_start_agents=rng.random() < 0.8,
            profiles=(ProfileChoice(AgentKind.REVIEWER, "critic"),) if rng.random() < 0.2 else (),
        )
        self.scene.open_pod(policy=policy, quick=rng.random() < 0.2, spec="" if rng.random() < 0.5 else "# Spec")

    # -- everything that may happen -------------------------------------------------------------------------------

    def step(self) -> None:
        """Something happens; what is refused changes nothing (the scene checks that)."""
        options = [*self.agent_steps(), *self.job_steps(), *self.person_steps(), self.pass_time]
        before = self.scene.folded
        try:
            self.rng.choice(options)()
        except Rejection:
            assert self.scene.folded is before

    def pass_time(self) -> None:
        self.scene.wait(self.rng.choice([1, 6, 30, 400, 8000]))

    def agent_steps(self) -> list[Callable[[], object]]:
        scene, rng, steps = self.scene, self.rng, []
        for name in scene.pod.live_agents:
            agent = scene.agent(name)
            if agent.status is AgentStatus.REQUESTED:
                steps.append(lambda name=name: scene.run(name))
                steps.append(lambda name=name: scene.claim(name))
            elif agent.status in CLAIMED:
                steps += [
                    lambda name=name: self.finish(name),
                    lambda name=name: scene.fail(name, rng.choice(CAUSES)),
                    lambda name=name: scene.report(name, interrupted=AgentStopped("gone")),
                    lambda name=name: scene.report(name, usage=Usage(input_tokens=rng.randint(0, 3000))),
                    lambda name=name: scene.report(name, started=AgentStarted(1, "base", "branch")),
                    lambda name=name: scene.do(
                        AskQuestion(content="?", blocking=True, question_key=rng.choice("ab")), scene.as_agent(name)
                    ),
                    lambda name=name: scene.claim(name),
                ]
        return [*steps, scene.lease_ended, scene.runner_restarted]

    def finish(self, name: str) -> None:
        """The agent hands in what it was to write, and completes."""
        scene, kind = self.scene, self.scene.agent(name).kind
        if kind is AgentKind.SPEC_WRITER and scene.pod.spec.state is DocumentState.GENERATING:
            scene.do(UpdateSpec(content="# Spec"), scene.as_agent(name))
        if kind is AgentKind.PLANNER and scene.pod.plan.state is DocumentState.GENERATING:
            scene.do(UpdatePlan(items=random_plan(self.rng)), scene.as_agent(name))
        scene.complete(name)

    def job_steps(self) -> list[Callable[[], object]]:
        scene, steps = self.scene, []
        outcomes = {
            JobKind.MERGE: [JobMerged("m"), JobConflict(("a",)), JobFailed("no")],
            JobKind.VERIFY: [
                JobVerified("tip", ChecksResult.PASSED),
                JobVerified("tip", ChecksResult.FAILED),
                JobFailed("no"),
            ],
            JobKind.LAND: [JobLanded("l"), JobConflict(("a",)), JobBlocked("dirty"), JobFailed("no")],
            JobKind.INTERRUPT: [JobDone(), JobFailed("no such agent")],
            JobKind.INPUT: [JobDone(), JobFailed("gone")],
            JobKind.RELEASE: [JobDone()],
        }
        for name, (_, order) in scene.open.items():
            for outcome in outcomes.get(order.kind, []):
                steps.append(lambda name=name, outcome=outcome: self.report_job(name, outcome))
        return steps

    def report_job(self, job_id: str, outcome: object) -> None:
        field = type(outcome).__name__.removeprefix("Job").lower()
        self.scene.do(ReportJob(job_id=job_id, report=JobReport(**{field: outcome})), RUNNER)

    def person_steps(self) -> list[Callable[[], object]]:
        rng, pod = self.rng, self.scene.pod
        ws = rng.choice(sorted(pod.workstreams) or ["none"])
        agent = rng.choice(sorted(pod.agents) or ["none"])
        needs = tuple(sorted(n for n in pod.workstreams if rng.random() < 0.3))
        message = rng.choice(sorted(pod.messages) or ["none"])
        commands = [
            RetryWorkstream(workstream_id=ws),
            SkipWorkstream(workstream_id=ws),
            CancelWorkstream(workstream_id=ws),
            FailWorkstream(workstream_id=ws, reason="no"),
            CompleteWorkstream(workstream_id=ws),
            StartWorkstream(workstream_id=ws),
            CreateWorkstream(item=item(f"extra-{rng.randint(0, 3)}", *needs)),
            UpdateWorkstream(item=PlanItem(id=ws, dependencies=needs), update_mask=("dependencies",)),
            InterruptAgent(agent_id=agent),
            RestartAgent(agent_id=agent),
            StartAgent(agent_id=agent),
            AnswerQuestion(message_id=message, text="yes"),
            ResolveThread(thread_id=message),
            ApproveSpec(version=pod.spec.version),
            ApprovePlan(version=pod.plan.version),
            RequestSpec(feedback="again"),
            RequestPlan(feedback="again"),
            UpdateSpec(content="# Mine", draft=rng.random() < 0.5),
            UpdatePlan(items=random_plan(rng)),
            ReopenPlan(),
            ApproveReview(integration_commit="tip"),
            LandWork(),
            RequestChanges(changes=(ChangeRequest(ws, "better"),)),
            TransitionPhase(to=rng.choice([Phase.SPEC_CLARIFICATION, Phase.PLANNING, Phase.WORKSTREAM_EXECUTION])),
            UpdatePolicy(Policy(max_parallel_agents=rng.randint(1, 3)), ("max_parallel_agents",)),
            UpdatePolicy(Policy(auto_start_agents=rng.random() < 0.5), ("auto_start_agents",)),
            UpdatePolicy(Policy(budget=Budget(tokens=100_000)), ("budget",)),
        ]
        return [lambda command=command: self.scene.do(command) for command in rng.sample(commands, 8)]

    # -- everybody behaves ----------------------------------------------------------------------------------------

    def finish_pod(self) -> None:
        """Do what the pod asks for, and only that, until it has ended."""
        scene = self.scene
        scene.do(
            UpdatePolicy(Policy(budget=Budget(tokens=10**9), auto_start_agents=True), ("budget", "auto_start_agents"))
        )
        for _ in range(400):
            if is_terminal(scene.pod) and not scene.pod.live_agents and not scene.open:
                return
            if not (self.runner_behaves() or self.person_behaves()):
                before = scene.now
                scene.wait(600)
                assert scene.now > before
        raise AssertionError(f"not finished: {scene.phase()}, {scene.waits()}, {scene.open}")

    def runner_behaves(self) -> bool:
        """One thing that is open for the runner."""
        scene, good = (
            self.scene,
            {
                JobKind.MERGE: JobMerged("m"),
                JobKind.VERIFY: JobVerified("tip", ChecksResult.PASSED),
                JobKind.LAND: JobLanded("l"),
                JobKind.INTERRUPT: JobDone(),
                JobKind.INPUT: JobDone(),
                JobKind.RELEASE: JobDone(),
            },
        )
        for name, (_, order) in sorted(scene.open.items()):
            if order.kind is JobKind.LAUNCH:
                assert order.launch is not None
                scene.run(order.launch.agent_id)
            else:
                self.report_job(name, good[order.kind])
            return True
        for name in scene.pod.live_agents:
            if scene.agent(name).status in (AgentStatus.STARTING, AgentStatus.RUNNING):
                self.finish(name)
                return True
        return False

    def person_behaves(self) -> bool:
        """One thing that waiting_on names; what is not named there is not done."""
        scene = self.scene
        for kind, subject in sorted(scene.waits()):
            command = self.answer_to(kind, subject)
            if command is not None:
                scene.do(command)
                return True
        return False

    def answer_to(self, kind: str, subject: str) -> object | None:
        pod = self.scene.pod
        match kind, subject:
            case "APPROVAL", "spec":
                return ApproveSpec(version=pod.spec.version)
            case "APPROVAL", "plan":
                return ApprovePlan(version=pod.plan.version)
            case "APPROVAL", "review":
                return ApproveReview(integration_commit=pod.review.integration_commit)
            case "ANSWER", _:
                return AnswerQuestion(message_id=subject, text="yes")
            case (("DOCUMENT" | "DECISION"), "spec"):
                return UpdateSpec(content="# Mine")
            case (("DOCUMENT" | "DECISION"), "plan"):
                return UpdatePlan(items=random_plan(self.rng))
            case "DECISION", "phase":
                return TransitionPhase(to=Phase.REVIEW) if self.all_done() else None
            case "DECISION", "review":
                return TransitionPhase(to=Phase.COMPLETED, reason="nothing to do")
            case "DECISION", _:
                return self.decide_workstream(subject)
            case "DEPENDENCY", _:
                return SkipWorkstream(workstream_id=subject)
            case "LANDING", _:
                return LandWork()
        return None

    def all_done(self) -> bool:
        done = (WorkstreamStatus.COMPLETED, WorkstreamStatus.SKIPPED, WorkstreamStatus.CANCELLED)
        return all(ws.status in done for ws in self.scene.pod.workstreams.values())

    def decide_workstream(self, name: str) -> object:
        ws = self.scene.pod.workstreams[name]
        assert ws.status is WorkstreamStatus.FAILED or is_held(self.scene.pod, ws)
        return SkipWorkstream(workstream_id=name)


def play(rng: Random, steps: int) -> Scene:
    """Chaos, then order."""
    machine = Machine(rng)
    for _ in range(steps):
        if is_terminal(machine.scene.pod):
            break
        machine.step()
    if not is_terminal(machine.scene.pod):
        machine.finish_pod()
    assert machine.scene.refolded() == machine.scene.pod
    return machine.scene


COMMON = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


SEEDS = st.integers(0, 2**32)
"""Of an ordinary Random: choices that Hypothesis draws one by one cost ten times as much as the pods themselves."""


@pytest.mark.timeout(240)
@settings(COMMON, max_examples=500)
@given(SEEDS, st.integers(0, 60))
def test_22_nothing_early_nothing_stuck(seed: int, steps: int) -> None:
    """Whatever happens, nothing starts early or stands still without a cause, and the pod can be finished."""
    play(Random(seed), steps)


@pytest.mark.soak
@settings(COMMON, max_examples=10_000)
@given(SEEDS, st.integers(0, 200))
def test_22_many(seed: int, steps: int) -> None:
    """The same, for long."""
    play(Random(seed), steps)
