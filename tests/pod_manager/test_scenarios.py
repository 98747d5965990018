"""The scenarios that must hold (pods.md), by their numbers. 19 and 21 need servers: see test_wire."""

import pytest

from podium.pod_manager.domain.commands.agents import (
    InterruptAgent,
    MarkAgentDone,
    RegisterAgent,
    ReportAgent,
    RestartAgent,
    StartAgent,
)
from podium.pod_manager.domain.commands.documents import (
    ApprovePlan,
    ApproveSpec,
    RequestPlan,
    UpdatePlan,
    UpdateSpec,
)
from podium.pod_manager.domain.commands.lifecycle import CancelPod, TransitionPhase, UpdatePolicy
from podium.pod_manager.domain.commands.messages import AnswerQuestion, AskQuestion
from podium.pod_manager.domain.commands.workstreams import RetryWorkstream, SkipWorkstream
from podium.pod_manager.domain.events.messages import AnswerDelivered
from podium.pod_manager.domain.kinds import (
    AgentKind,
    AgentStatus,
    FailureCause,
    JobKind,
    Phase,
    WorkstreamStatus,
)
from podium.pod_manager.domain.policy import Budget, Policy
from podium.pod_manager.domain.reports import AgentDelivery, AgentReport, AgentResult, AgentStopped
from podium.pod_manager.domain.resources import Usage
from tests.pod_manager.scene import OTHER_RUNNER, RUNNER, Scene, item

W = WorkstreamStatus


def planning() -> Scene:
    """A pod in PLANNING whose planner was claimed and runs."""
    scene = Scene()
    scene.open_pod(spec="# Spec")
    scene.do(ApproveSpec(version=1))
    scene.run(scene.only_agent())
    return scene


def test_01_unapproved_spec() -> None:
    """To PLANNING with an unapproved spec is GUARD_NOT_MET, and nothing happens."""
    scene = Scene()
    scene.open_pod(spec="# Spec")
    refusal = scene.refuse("GUARD_NOT_MET", TransitionPhase(to=Phase.PLANNING))
    assert refusal.metadata["guard"] == "spec approved"


def test_02_approving_twice() -> None:
    """A second approval is SPEC_ALREADY_APPROVED (FAILED_PRECONDITION)."""
    scene = Scene()
    scene.open_pod(spec="# Spec")
    scene.do(ApproveSpec(version=1))
    assert scene.refuse("SPEC_ALREADY_APPROVED", ApproveSpec(version=1)).kind.name == "FAILED_PRECONDITION"


def test_03_updating_an_approved_spec() -> None:
    """An approved spec is reopened before it is edited."""
    scene = Scene()
    scene.open_pod(spec="# Spec")
    scene.do(ApproveSpec(version=1))
    scene.refuse("SPEC_ALREADY_APPROVED", UpdateSpec(content="# Another"))


def test_04_stale_plan() -> None:
    """Plan v1 cannot be approved after v2 came."""
    scene = planning()
    planner = scene.as_agent(scene.only_agent())
    scene.do(UpdatePlan(items=(item("a"),)), planner)
    scene.do(UpdatePlan(items=(item("b"),)), planner)
    refusal = scene.refuse("STALE_VERSION", ApprovePlan(version=1))
    assert refusal.metadata == {"given": "1", "current": "2"}


@pytest.mark.parametrize(
    ("items", "reason", "ids"),
    [
        ((item("a", "b"), item("b", "c"), item("c", "a"), item("d")), "DEPENDENCY_CYCLE", {"a", "b", "c"}),
        ((item("a", "a"),), "DEPENDENCY_CYCLE", {"a"}),
        ((item("a", "x", "y"),), "UNKNOWN_DEPENDENCY", {"x", "y"}),
    ],
)
def test_05_bad_dependencies(items: tuple, reason: str, ids: set) -> None:
    """A plan with a cycle or an unknown dependency is INVALID_ARGUMENT naming the ids; nothing is stored."""
    scene = planning()
    refusal = scene.refuse(reason, UpdatePlan(items=items), scene.as_agent(scene.only_agent()))
    assert refusal.kind.name == "INVALID_ARGUMENT"
    assert set(refusal.metadata["ids"].split(", ")) == ids


def test_06_dependencies_bind() -> None:
    """ws-2 needs ws-1: only ws-1 starts; when it is merged, ws-2 starts."""
    scene = Scene().executing(item("ws-1"), item("ws-2", "ws-1"))
    assert scene.in_progress() == {"ws-1"}
    scene.complete(scene.run(scene.agent_on("ws-1")))
    assert scene.status("ws-1") is W.MERGING
    assert scene.in_progress() == set()
    scene.merge()
    assert scene.status("ws-1") is W.COMPLETED
    assert scene.in_progress() == {"ws-2"}


def test_07_the_limit() -> None:
    """Five ready, limit 3: three start, the fourth when one ends."""
    scene = Scene().executing(*(item(f"ws-{n}") for n in range(5)))
    assert scene.in_progress() == {"ws-0", "ws-1", "ws-2"}
    scene.complete(scene.run(scene.agent_on("ws-1")))
    assert scene.in_progress() == {"ws-0", "ws-2", "ws-3"}


@pytest.mark.parametrize("remedy", [SkipWorkstream(workstream_id="ws-1"), RetryWorkstream(workstream_id="ws-1")])
def test_08_a_failure_blocks(remedy: object) -> None:
    """ws-1 fails for good: ws-2 is BLOCKED, inbox and waiting_on say why; skip or retry resolves it."""
    scene = Scene().executing(item("ws-1"), item("ws-2", "ws-1"), max_attempts=1)
    scene.fail(scene.run(scene.agent_on("ws-1")))
    assert (scene.status("ws-1"), scene.status("ws-2")) == (W.FAILED, W.BLOCKED)
    assert scene.pod.workstreams["ws-2"].blocked_on == ("ws-1",)
    assert scene.waits() == {("DECISION", "ws-1"), ("DEPENDENCY", "ws-2")}
    assert scene.inbox() == {"workstream_failed:ws-1"}
    scene.do(remedy)
    assert scene.inbox() == set()
    assert scene.in_progress() == ({"ws-2"} if isinstance(remedy, SkipWorkstream) else {"ws-1"})


def test_09_back_off() -> None:
    """A failed attempt is retried after its back-off and not before; attempts are counted."""
    scene = Scene().executing(item("ws-1"), max_attempts=2)
    first = scene.agent_on("ws-1")
    scene.fail(scene.run(first))
    assert scene.waits() == {("COOLDOWN", "ws-1")}
    scene.wait(9.9)
    assert scene.in_progress() == set()
    scene.wait(2.7)  # 10 s and at most a quarter more
    second = scene.agent_on("ws-1")
    assert scene.agent(second).restarted_from == first
    assert scene.agent(second).attempt == 2
    scene.fail(scene.run(second))
    assert scene.status("ws-1") is W.FAILED
    assert [a.outcome for a in scene.pod.workstreams["ws-1"].attempts] == [AgentStatus.FAILED] * 2


def ask(scene: Scene, agent_id: str, **values: object) -> str:
    """The agent asks a blocking question; the message's id."""
    command = AskQuestion(content="Which one?", blocking=True, question_key="which", **values)
    scene.do(command, scene.as_agent(agent_id))
    return next(iter(scene.pod.messages))


def test_10_asking_and_waiting() -> None:
    """A blocking question holds the slot; its answer is there when the agent asks again, delivered once."""
    scene = Scene().executing(item("ws-1"), item("ws-2"), max_parallel_agents=1)
    agent = scene.run(scene.agent_on("ws-1"))
    question = ask(scene, agent)
    assert scene.agent(agent).status is AgentStatus.AWAITING_INPUT
    assert scene.waits() == {("ANSWER", question)}
    assert scene.inbox() == {f"question_asked:{question}"}
    assert scene.in_progress() == {"ws-1"}
    scene.do(AnswerQuestion(message_id=question, text="The left one."))
    assert scene.agent(agent).status is AgentStatus.RUNNING
    assert scene.inbox() == set()
    assert scene.job(JobKind.INPUT)
    again = AskQuestion(content="Which one?", blocking=True, question_key="which")
    events = scene.do(again, scene.as_agent(agent))
    assert [type(event) for event in events if isinstance(event, AnswerDelivered)] == [AnswerDelivered]
    assert not any(order.kind is JobKind.INPUT for _, order in scene.open.values())
    assert scene.do(again, scene.as_agent(agent)) == []
    assert scene.report(agent, delivery=AgentDelivery((question,)))[1:] == []


def test_10_delivered_by_the_runner() -> None:
    """The INPUT job brings the answer too, and its delivery is recorded once."""
    scene = Scene().executing(item("ws-1"))
    agent = scene.run(scene.agent_on("ws-1"))
    question = ask(scene, agent)
    scene.do(AnswerQuestion(message_id=question, text="The left one."))
    order = scene.open[scene.job(JobKind.INPUT)][1]
    assert order.input is not None
    assert (order.input.text, order.input.message_id) == ("The left one.", question)
    scene.report(agent, delivery=AgentDelivery((question,)))
    assert scene.pod.messages[question].answer.delivered
    delivered = [r for r in scene.history if isinstance(r.event, AnswerDelivered)]
    assert len(delivered) == 1


def test_11_answering() -> None:
    """Answering twice is ALREADY_ANSWERED; a choice that was not offered is INVALID_CHOICE."""
    scene = Scene().executing(item("ws-1"))
    question = ask(scene, scene.run(scene.agent_on("ws-1")), options=("Yes", "No"))
    scene.refuse("INVALID_CHOICE", AnswerQuestion(message_id=question, choice="Maybe"))
    scene.do(AnswerQuestion(message_id=question, choice="Yes"))
    refusal = scene.refuse("ALREADY_ANSWERED", AnswerQuestion(message_id=question, choice="No"))
    assert refusal.metadata == {"by": "user:anna", "choice": "Yes"}


def test_12_interrupting() -> None:
    """The runner is told; when its word comes the agent is INTERRUPTED and the slot free; the workstream waits."""
    scene = Scene().executing(item("ws-1"), item("ws-2"), max_parallel_agents=1)
    agent = scene.run(scene.agent_on("ws-1"))
    scene.do(InterruptAgent(agent_id=agent))
    assert ("RUNNER", agent) in scene.waits()
    assert scene.open[scene.job(JobKind.INTERRUPT)][0] == "jobs/runner-1"
    scene.report(agent, interrupted=AgentStopped("asked"))
    assert scene.agent(agent).status is AgentStatus.INTERRUPTED
    assert scene.in_progress() == {"ws-2"}
    assert ("DECISION", "ws-1") in scene.waits()
    assert scene.inbox() == {"workstream_failed:ws-1"}
    scene.wait(1000)
    assert scene.status("ws-1") is W.IN_PROGRESS  # held, not retried
    scene.do(RetryWorkstream(workstream_id="ws-1"))
    assert scene.inbox() == set()


def test_13_cancelling() -> None:
    """All agents are interrupted, the pod is CANCELLED with its reason, its workspaces are released when they ended."""
    scene = Scene().executing(item("ws-1"), item("ws-2"), item("ws-3"))
    running, starting = scene.agent_on("ws-1"), scene.agent_on("ws-2")
    scene.run(running)
    scene.claim(starting)
    scene.do(CancelPod(reason="not needed"))
    assert (scene.phase(), scene.pod.closing_reason) == (Phase.CANCELLED, "not needed")
    assert scene.agent(scene.agent_on("ws-3")).status is AgentStatus.INTERRUPTED
    assert {order.kind for _, order in scene.open.values()} == {JobKind.INTERRUPT}
    scene.report(running, interrupted=AgentStopped("asked"))
    scene.done(JobKind.INTERRUPT)
    assert scene.agent(starting).status is AgentStatus.INTERRUPTED
    assert {order.kind for _, order in scene.open.values()} == {JobKind.RELEASE}
    scene.done(JobKind.RELEASE)
    assert not scene.open
    assert not scene.pod.live_agents


def test_14_back_with_agents_running() -> None:
    """Back to PLANNING with agents running is GUARD_NOT_MET."""
    scene = Scene().executing(item("ws-1"))
    refusal = scene.refuse("GUARD_NOT_MET", TransitionPhase(to=Phase.PLANNING))
    assert refusal.metadata["guard"] == "nothing under way"


def test_15_one_planner() -> None:
    """Two planners cannot run at once."""
    scene = planning()
    refusal = scene.refuse("GENERATION_IN_PROGRESS", RequestPlan(feedback="smaller"))
    assert refusal.metadata["agent_id"] == scene.only_agent()
    scene.wait(3600)
    assert [agent.kind for agent in scene.pod.agents.values()] == [AgentKind.PLANNER]


def test_16_auto_start_off() -> None:
    """Agents wait in PENDING_START, nothing runs until StartAgent."""
    scene = Scene()
    scene.open_pod(policy=Policy(auto_start_agents=False))
    agent = scene.only_agent()
    assert scene.agent(agent).status is AgentStatus.PENDING_START
    assert not scene.open
    assert scene.waits() == {("START", agent)}
    scene.do(StartAgent(agent_id=agent))
    assert scene.agent(agent).status is AgentStatus.REQUESTED
    assert scene.job(JobKind.LAUNCH)
    scene.refuse("AGENT_NOT_PENDING", StartAgent(agent_id=agent))


def test_17_marking_an_ended_agent() -> None:
    """An ended agent cannot be marked as done."""
    scene = Scene().executing(item("ws-1"))
    agent = scene.run(scene.agent_on("ws-1"))
    scene.fail(agent)
    scene.refuse("AGENT_ALREADY_TERMINAL", MarkAgentDone(agent_id=agent))


def test_18_restarting() -> None:
    """A failed agent is restarted as a new one that knows whom it follows; a running one is not."""
    scene = Scene().executing(item("ws-1"))
    agent = scene.run(scene.agent_on("ws-1"))
    scene.refuse("AGENTS_RUNNING", RestartAgent(agent_id=agent))
    scene.fail(agent)
    scene.do(RestartAgent(agent_id=agent))
    new = scene.agent(scene.only_agent())
    assert (new.id != agent, new.restarted_from, new.workstream_id) == (True, agent, "ws-1")


def test_20_folding_twice() -> None:
    """The same facts fold to the same state, and that is the state the pod had."""
    scene = Scene().executing(item("ws-1"), item("ws-2", "ws-1"))
    scene.fail(scene.run(scene.agent_on("ws-1")))
    scene.wait(20)
    scene.complete(scene.run(scene.agent_on("ws-1")))
    scene.conflict("a.py")
    assert scene.refolded() == scene.refolded() == scene.pod


def test_23_budget() -> None:
    """The budget reached, nothing new starts and the inbox asks; raising it resumes."""
    scene = Scene().executing(item("ws-1"), item("ws-2"), max_parallel_agents=1, budget=Budget(tokens=1000))
    agent = scene.run(scene.agent_on("ws-1"))
    scene.report(agent, usage=Usage(input_tokens=900, output_tokens=100))
    assert scene.agent(agent).status is AgentStatus.RUNNING  # its turn may end
    scene.complete(agent)
    scene.merge()
    assert scene.in_progress() == set()
    assert scene.inbox() == {"budget_reached:budget"}
    assert ("BUDGET", "budget") in scene.waits()
    scene.do(UpdatePolicy(policy=Policy(budget=Budget(tokens=5000)), update_mask=("budget.tokens",)))
    assert scene.in_progress() == {"ws-2"}
    assert scene.inbox() == set()


def test_24_no_result() -> None:
    """A document agent that ends without handing in, and a worker that ends silently, have FAILED; never COMPLETED."""
    scene = planning()
    planner = scene.only_agent()
    scene.complete(planner)
    assert scene.agent(planner).status is AgentStatus.FAILED
    assert scene.agent(planner).cause is FailureCause.NO_RESULT
    assert scene.waits() == {("COOLDOWN", "plan")}
    scene = Scene().executing(item("ws-1"))
    worker = scene.run(scene.agent_on("ws-1"))
    scene.fail(worker, FailureCause.NO_RESULT)
    assert scene.pod.workstreams["ws-1"].counted_attempts == 1


def test_25_two_claims() -> None:
    """Two runners claim one agent: one gets it, the other is told who."""
    scene = Scene().executing(item("ws-1"))
    agent = scene.agent_on("ws-1")
    fresh = Scene()
    fresh.open_pod(quick=True)
    agent, job = fresh.only_agent(), fresh.job(JobKind.LAUNCH)
    fresh.claim(agent, RUNNER)
    claim = RegisterAgent(agent_id=agent, job_id=job, lease_epoch=1)
    refusal = fresh.refuse("AGENT_ALREADY_CLAIMED", claim, OTHER_RUNNER)
    assert refusal.metadata["runner_id"] == "runner-1"
    assert fresh.do(claim, RUNNER) == []  # a repeat of the winner's


def test_26_the_late_result_of_a_lost_agent() -> None:
    """A LOST agent's late result is refused; its retry is another agent."""
    scene = Scene().executing(item("ws-1"))
    agent = scene.run(scene.agent_on("ws-1"))
    scene.lease_ended()
    scene.wait(5)
    assert scene.agent(agent).status is AgentStatus.LOST
    late = ReportAgent(agent_id=agent, report_seq=2, report=AgentReport(completed=AgentResult(summary="done")))
    scene.refuse("AGENT_ALREADY_TERMINAL", late, RUNNER)
    scene.wait(20)
    assert scene.agent_on("ws-1") != agent
