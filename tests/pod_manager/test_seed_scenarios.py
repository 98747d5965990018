"""Rows of scenarios.md (pods) that apply to the domain, by their numbers, and their neighbours.

5–9, 11–15 are the event store's and the engine's; 18–20 fell away (transitions need no request); 37, 49, 50 are the
runner's; 51 fell away with the sync queue; 53 is the web's.
"""

from datetime import timedelta

import pytest

from podium.pod_manager.domain.commands.agents import (
    InterruptAgent,
    MarkAgentDone,
    RestartAgent,
    SendAgentMessage,
    StartAgent,
)
from podium.pod_manager.domain.commands.documents import ApproveSpec, RequestPlan, RequestSpec, UpdatePlan, UpdateSpec
from podium.pod_manager.domain.commands.lifecycle import CancelPod, OpenPod, TransitionPhase, UpdatePolicy
from podium.pod_manager.domain.commands.messages import (
    AnswerQuestion,
    AskQuestion,
    PostMessage,
    ReopenThread,
    ResolveThread,
)
from podium.pod_manager.domain.commands.workstreams import (
    CompleteWorkstream,
    CreateWorkstream,
    StartWorkstream,
    UpdateChecklist,
    UpdateWorkstream,
)
from podium.pod_manager.domain.events.lifecycle import PodOpened
from podium.pod_manager.domain.kinds import (
    AgentKind,
    AgentStatus,
    ChecklistState,
    DocumentState,
    JobKind,
    MessageKind,
    Phase,
    WorkstreamStatus,
)
from podium.pod_manager.domain.policy import Policy, retry_delay
from podium.pod_manager.domain.resources import ChecklistItem
from podium.pod_manager.domain.waiting import scheduler_view, waiting_on
from tests.pod_manager.scene import Scene, item


def test_row_1_opening() -> None:
    """A new pod has one PodOpened and stands in SPEC_CLARIFICATION with one spec writer on its way."""
    scene = Scene()
    events = scene.open_pod()
    assert isinstance(events[0], PodOpened)
    assert scene.phase() is Phase.SPEC_CLARIFICATION
    assert scene.agent(scene.only_agent()).kind is AgentKind.SPEC_WRITER
    assert scene.pod.repository.branch_prefix == "podium/89abcdef-fix-the-sums"


def test_row_2_title() -> None:
    """A pod needs a title, and a request."""
    given = {"project_id": "p", "repository": "/r"}
    Scene().refuse("EMPTY_CONTENT", OpenPod(**given, title="  ", request="Do it."))
    Scene().refuse("EMPTY_CONTENT", OpenPod(**given, title="Do it", request=""))


def test_row_3_opening_twice() -> None:
    """A pod is opened once."""
    scene = Scene()
    scene.open_pod()
    command = OpenPod(project_id="p", title="t", request="r", repository="/r")
    assert scene.refuse("POD_ALREADY_EXISTS", command).kind.name == "ALREADY_EXISTS"
    Scene().refuse("POD_NOT_FOUND", CancelPod())


def test_row_17_no_way() -> None:
    """From SPEC_CLARIFICATION no way leads to COMPLETED."""
    scene = Scene()
    scene.open_pod()
    refusal = scene.refuse("INVALID_TRANSITION", TransitionPhase(to=Phase.COMPLETED, reason="enough"))
    assert refusal.metadata == {"from": "SPEC_CLARIFICATION", "to": "COMPLETED"}


def test_row_21_cancelling_twice() -> None:
    """What has ended cannot be cancelled, nor anything else be done to it."""
    scene = Scene().executing(item("a"))
    scene.do(CancelPod(reason="no"))
    for command in (CancelPod(), ApproveSpec(version=1), StartWorkstream(workstream_id="a")):
        scene.refuse("POD_ALREADY_TERMINAL", command)


def test_row_24_a_plan_exists() -> None:
    """Another plan is asked for with advice, or not at all."""
    scene = Scene()
    scene.open_pod(spec="# Spec")
    scene.do(ApproveSpec(version=1))
    planner = scene.run(scene.only_agent())
    scene.do(UpdatePlan(items=(item("a"),)), scene.as_agent(planner))
    scene.complete(planner)
    scene.refuse("PLAN_ALREADY_EXISTS", RequestPlan())
    scene.do(RequestPlan(feedback="smaller steps"))
    assert scene.pod.plan.feedback == "smaller steps"
    assert scene.agent(scene.only_agent()).kind is AgentKind.PLANNER


def test_row_25_one_planner() -> None:
    """However often the scheduler looks, there is one planner."""
    scene = Scene()
    scene.open_pod(spec="# Spec")
    scene.do(ApproveSpec(version=1))
    for _ in range(3):
        assert scene.do(None) == []
    assert len(scene.pod.live_agents) == 1


def test_row_26_auto_start_off() -> None:
    """One pending agent, nothing runs; switched on again, it starts by itself."""
    scene = Scene()
    scene.open_pod(policy=Policy(auto_start_agents=False))
    assert not scene.open
    scene.do(UpdatePolicy(policy=Policy(), update_mask=("auto_start_agents",)))
    assert scene.job(JobKind.LAUNCH)


def test_row_27_workstreams_from_the_plan() -> None:
    """An approved plan with three entries becomes three workstreams, in its order."""
    scene = Scene().executing(item("c"), item("a"), item("b"))
    assert scene.phase() is Phase.WORKSTREAM_EXECUTION
    order = sorted(scene.pod.workstreams.values(), key=lambda ws: ws.position)
    assert [ws.id for ws in order] == ["c", "a", "b"]
    assert [scene.agent(name).workstream_id for name in scene.pod.live_agents] == ["c", "a", "b"]


def test_row_28_duplicate() -> None:
    """A workstream's id is used once."""
    scene = Scene().executing(item("a"))
    assert scene.refuse("WORKSTREAM_EXISTS", CreateWorkstream(item=item("a"))).kind.name == "ALREADY_EXISTS"


def test_row_29_too_early() -> None:
    """Workstreams are made in WORKSTREAM_EXECUTION only."""
    scene = Scene()
    scene.open_pod()
    assert scene.refuse("INVALID_PHASE", CreateWorkstream(item=item("a"))).metadata["phase"] == "SPEC_CLARIFICATION"


def test_row_32_starting_a_blocked_one() -> None:
    """What waits for others cannot be started by hand."""
    scene = Scene().executing(item("a"), item("b", "a"))
    refusal = scene.refuse("DEPENDENCIES_NOT_SATISFIED", StartWorkstream(workstream_id="b"))
    assert refusal.metadata["blocked_on"] == "a"
    scene.refuse("WORKSTREAM_NOT_PENDING", StartWorkstream(workstream_id="a"))


def test_row_34_review_names_failures() -> None:
    """One failed for good, the rest completed: review, with the failure in sight."""
    scene = Scene().executing(item("a"), item("b"), max_attempts=1)
    scene.fail(scene.run(scene.agent_on("a")))
    scene.finish_workstream("b")
    assert scene.phase() is Phase.REVIEW
    scene.verify()
    assert scene.inbox() == {"workstream_failed:a", "needs_approval:review"}
    assert {("DECISION", "a"), ("APPROVAL", "review")} == scene.waits()


def test_row_36_completing_what_has_not_begun() -> None:
    """Only a workstream in progress is completed."""
    scene = Scene().executing(item("a"), item("b", "a"))
    scene.refuse("WORKSTREAM_NOT_IN_PROGRESS", CompleteWorkstream(workstream_id="b"))
    scene.refuse("AGENT_NOT_RUNNING", CompleteWorkstream(workstream_id="a"))  # its agent has not started


def test_row_38_a_spec_writer() -> None:
    """Its spec waits for approval under its version; its question stands in a thread; then the pod waits."""
    scene = Scene()
    scene.open_pod()
    writer = scene.run(scene.only_agent())
    assert scene.pod.spec.state is DocumentState.GENERATING
    scene.do(UpdateSpec(content="# Spec"), scene.as_agent(writer))
    scene.do(AskQuestion(content="Which database?"), scene.as_agent(writer))
    scene.complete(writer)
    assert (scene.pod.spec.version, scene.pod.spec.state) == (1, DocumentState.READY)
    assert scene.waits() == {("APPROVAL", "spec")}
    assert {name.split(":")[0] for name in scene.inbox()} == {"needs_approval", "question_asked"}


def test_row_39_generating_twice() -> None:
    """While a writer runs, no other is asked for, and nobody else writes."""
    scene = Scene()
    scene.open_pod()
    scene.run(scene.only_agent())
    for command in (RequestSpec(feedback="x"), UpdateSpec(content="# Mine")):
        scene.refuse("GENERATION_IN_PROGRESS", command)


def test_row_39_another_version_while_the_writer_finishes() -> None:
    """A spec that was handed in may be asked for anew while its writer still ends; the next one starts after it."""
    scene = Scene()
    scene.open_pod()
    first = scene.run(scene.only_agent())
    scene.do(UpdateSpec(content="# Spec"), scene.as_agent(first))
    scene.do(RequestSpec(feedback="shorter"))
    assert scene.pod.live_agents == (first,)
    assert scheduler_view(scene.pod).pending_action == "1 agent at work"
    scene.refuse("GENERATION_IN_PROGRESS", UpdateSpec(content="# Late"), scene.as_agent(first))
    scene.complete(first)
    assert (scene.pod.spec.version, scene.pod.spec.feedback) == (1, "shorter")
    assert scene.agent(first).status is AgentStatus.COMPLETED
    second = scene.only_agent()
    assert second != first
    (waits,) = waiting_on(scene.pod)
    assert waits.text == (
        "a runner that starts the spec writer; the policy names no profile for it; none took the job yet"
    )
    scene.run(second)
    scene.do(UpdateSpec(content="# Short"), scene.as_agent(second))
    scene.complete(second)
    assert scene.waits() == {("APPROVAL", "spec")}
    assert scene.pod.spec.version == 2


def test_row_39_another_plan_while_the_planner_finishes() -> None:
    """The same for a plan; a planner that fails after it handed in leaves the way free too."""
    scene = Scene()
    scene.open_pod(spec="# Spec")
    scene.do(ApproveSpec(version=1))
    first = scene.run(scene.only_agent())
    scene.do(UpdatePlan(items=(item("a"),)), scene.as_agent(first))
    scene.do(RequestPlan(feedback="smaller"))
    scene.refuse("AGENTS_RUNNING", RestartAgent(agent_id=first))
    scene.fail(first)
    assert scene.agent(scene.only_agent()).kind is AgentKind.PLANNER
    assert scene.only_agent() != first


def test_row_40_messages_to_agents() -> None:
    """A waiting or working agent gets text by an INPUT job; one that has not started, or has ended, refuses."""
    scene = Scene().executing(item("a"))
    agent = scene.agent_on("a")
    scene.refuse("AGENT_NOT_RUNNING", SendAgentMessage(agent_id=agent, text="Hi"))
    scene.run(agent)
    scene.do(SendAgentMessage(agent_id=agent, text="Mind the tests."))
    order = scene.open[scene.job(JobKind.INPUT)][1]
    assert order.input is not None
    assert order.input.text == "Mind the tests."
    assert scene.pod.messages[order.input.message_id].author == "user:anna"
    scene.fail(agent)
    scene.refuse("AGENT_ALREADY_TERMINAL", SendAgentMessage(agent_id=agent, text="Hi"))


def test_row_42_restarting_keeps_the_lineage() -> None:
    """Each retry knows whom it follows."""
    scene = Scene().executing(item("a"))
    first = scene.run(scene.agent_on("a"))
    scene.fail(first)
    scene.wait(20)
    second = scene.run(scene.agent_on("a"))
    scene.fail(second)
    scene.wait(40)
    assert [scene.agent(a.agent_id).restarted_from for a in scene.pod.workstreams["a"].attempts][1:] == [first, second]


def test_restarting_needs_the_dependencies() -> None:
    """An agent is not restarted on a workstream that has lost a dependency meanwhile."""
    scene = Scene().executing(item("a"), item("b"), max_attempts=1)
    agent = scene.run(scene.agent_on("b"))
    scene.do(UpdateWorkstream(item=item("b"), update_mask=("title",)))
    scene.fail(agent)
    scene.do(UpdateWorkstream(item=item("b", "a"), update_mask=("dependencies",)))
    scene.refuse("DEPENDENCIES_NOT_SATISFIED", RestartAgent(agent_id=agent))
    scene.finish_workstream("a")


def test_row_43_unknown_thread() -> None:
    """A reply needs its thread."""
    scene = Scene().executing(item("a"))
    reply = PostMessage(kind=MessageKind.UPDATE, content="Hm.", thread_id="msg_x")
    scene.refuse("THREAD_NOT_FOUND", reply)
    scene.refuse("THREAD_NOT_FOUND", ResolveThread(thread_id="msg_x"))


def test_row_45_answered() -> None:
    """An answered question leaves the inbox."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    scene.do(AskQuestion(content="OK?", options=("Yes", "No")), scene.as_agent(agent))
    (question,) = scene.pod.messages
    assert scene.inbox() == {f"question_asked:{question}"}
    scene.do(AnswerQuestion(message_id=question, choice="Yes"))
    assert scene.inbox() == set()


def test_row_46_resolving() -> None:
    """A thread is resolved once, and may be opened again."""
    scene = Scene().executing(item("a"))
    scene.do(PostMessage(kind=MessageKind.BLOCKER, content="The build is broken."))
    (thread,) = scene.pod.messages
    assert scene.inbox() == {f"blocker_raised:{thread}"}
    scene.do(ResolveThread(thread_id=thread))
    assert scene.inbox() == set()
    scene.refuse("THREAD_WRONG_STATE", ResolveThread(thread_id=thread))
    scene.do(ReopenThread(thread_id=thread))
    assert scene.inbox() == {f"blocker_raised:{thread}"}
    scene.refuse("THREAD_WRONG_STATE", ReopenThread(thread_id=thread))


def test_row_47_another_one_s_checklist() -> None:
    """An agent changes the checklist of its own workstream only."""
    scene = Scene().executing(item("a"), item("b"))
    agent = scene.as_agent(scene.run(scene.agent_on("a")))
    items = (ChecklistItem("Read the code", ChecklistState.DOING),)
    scene.refuse("NOT_OWNER_OF_ITEM", UpdateChecklist(workstream_id="b", items=items), agent)
    scene.do(UpdateChecklist(workstream_id="a", items=items), agent)
    assert scene.pod.workstreams["a"].checklist == items


def test_edits_while_running() -> None:
    """Dependencies of what waits may be edited, but not into a circle; of what runs they may not."""
    scene = Scene().executing(item("a"), item("b", "a"), item("c", "b"))
    scene.refuse("DEPENDENCY_CYCLE", UpdateWorkstream(item=item("b", "c"), update_mask=("dependencies",)))
    scene.refuse("WORKSTREAM_WRONG_STATUS", UpdateWorkstream(item=item("a", "c"), update_mask=("dependencies",)))
    scene.refuse("UNKNOWN_DEPENDENCY", CreateWorkstream(item=item("d", "nobody")))
    scene.do(UpdateWorkstream(item=item("b"), update_mask=("dependencies",)))
    assert scene.in_progress() == {"a", "b"}
    assert scene.status("c") is WorkstreamStatus.PENDING


def test_done_by_a_person() -> None:
    """MarkAgentDone ends the process first, then has the branch merged as it stands."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    scene.do(MarkAgentDone(agent_id=agent))
    assert scene.agent(agent).status is AgentStatus.COMPLETED
    assert scene.job(JobKind.INTERRUPT) < scene.job(JobKind.MERGE)
    assert scene.status("a") is WorkstreamStatus.MERGING


@pytest.mark.parametrize("command", [StartAgent, InterruptAgent, MarkAgentDone])
def test_unknown_agent(command: type) -> None:
    """An agent that the pod does not have is not found."""
    scene = Scene().executing(item("a"))
    assert scene.refuse("AGENT_NOT_FOUND", command(agent_id="agent_x")).kind.name == "NOT_FOUND"


def test_policy() -> None:
    """Contradictions and unknown fields are refused; what changes nothing is no fact."""
    scene = Scene().executing(item("a"))
    autonomous = Policy(autonomy=scene.pod.policy.autonomy.AUTONOMOUS)
    scene.refuse("POLICY_INVALID", UpdatePolicy(autonomous, ("autonomy",)))
    scene.refuse("POLICY_INVALID", UpdatePolicy(Policy(max_attempts=1000), ("max_attempts",)))
    scene.refuse("INVALID_FIELD", UpdatePolicy(Policy(), ("colour",)))
    scene.refuse("INVALID_FIELD", UpdatePolicy(Policy(), ()))
    assert scene.do(UpdatePolicy(Policy(), ("max_attempts",))) == []


def test_back_off_doubles_to_its_limit() -> None:
    """10 s, 20 s, 40 s … 300 s, each at most a quarter later; no policy makes it overflow."""
    delays = [retry_delay(Policy(), failures, "agent").total_seconds() for failures in range(1, 12)]
    for delay, base in zip(delays, [10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300], strict=True):
        assert base <= delay <= base * 1.25
    year = timedelta(days=365)
    assert retry_delay(Policy(retry_backoff=year, retry_backoff_limit=year), 100, "agent") <= year * 1.25
