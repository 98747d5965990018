"""Questions, permissions, threads, the inbox; and the small facts: progress, cooldown, external sync."""

from datetime import timedelta

from podium.pod_manager.domain.commands.agents import ReportAgent
from podium.pod_manager.domain.commands.documents import UpdateSpec
from podium.pod_manager.domain.commands.lifecycle import CancelPod, EvaluateNow, ReportExternalSync
from podium.pod_manager.domain.commands.messages import (
    AnswerQuestion,
    AskQuestion,
    MarkInboxRead,
    PostMessage,
    ResolveThread,
)
from podium.pod_manager.domain.commands.workstreams import FailWorkstream, RetryWorkstream, StartWorkstream
from podium.pod_manager.domain.kinds import AgentStatus, Autonomy, JobKind, MessageKind, WorkstreamStatus
from podium.pod_manager.domain.limits import CONTENT_BYTES
from podium.pod_manager.domain.policy import Budget, Policy, ToolGrant
from podium.pod_manager.domain.reports import AgentProgress, AgentReport
from podium.pod_manager.domain.resources import ExternalSync, Usage
from tests.pod_manager.scene import ANNA, RUNNER, Scene, item


def asking(**values: object) -> tuple[Scene, str, str]:
    """A pod whose agent on "a" asks; its id and the question's."""
    scene = Scene().executing(item("a"), item("b"))
    agent = scene.run(scene.agent_on("a"))
    given = {"content": "May I?", "blocking": True, "question_key": "may"} | values
    scene.do(AskQuestion(**given), scene.as_agent(agent))
    return scene, agent, next(iter(scene.pod.messages))


def test_the_key_belongs_to_the_workstream() -> None:
    """Two workstreams may ask under the same key; a repeat finds its own question, whatever its words."""
    scene, agent, question = asking()
    other = scene.run(scene.agent_on("b"))
    scene.do(AskQuestion(content="May I?", question_key="may"), scene.as_agent(other))
    assert len(scene.pod.messages) == 2
    assert scene.do(AskQuestion(content="Please?", blocking=True, question_key="may"), scene.as_agent(agent)) == []
    assert scene.agent(agent).awaiting == (question,)
    assert scene.agent(other).status is AgentStatus.RUNNING  # it does not wait


def test_always_is_remembered() -> None:
    """ "Always allow" is kept for the profile and the tool, and asked for as a permission."""
    scene, agent, question = asking(permission_tool="npm", options=("Allow once", "Always allow", "Deny"))
    assert scene.inbox() == {f"permission:{question}"}
    scene.do(AnswerQuestion(message_id=question, choice="Always allow"))
    assert scene.pod.tool_grants == (ToolGrant(profile="", tool="npm"),)
    assert scene.inbox() == set()
    options = ("Allow once", "Always allow")
    again = AskQuestion(content="And now?", blocking=True, permission_tool="npm", options=options)
    scene.do(again, scene.as_agent(agent))
    second = next(message for message in scene.pod.messages.values() if message.content == "And now?")
    assert second.answer is not None
    assert (second.answer.by, second.answer.choice, second.answer.delivered) == ("policy", "Always allow", True)
    assert scene.inbox() == set()
    assert scene.agent(agent).status is AgentStatus.RUNNING
    other = AskQuestion(content="And rm?", blocking=True, permission_tool="rm", options=options)
    scene.do(other, scene.as_agent(agent))
    assert scene.agent(agent).status is AgentStatus.AWAITING_INPUT


def test_a_permission_is_dropped_with_its_agent() -> None:
    """Nobody waits for leave that an agent asked for which has ended; its questions stay, for the next one to ask."""
    scene, agent, permission = asking(permission_tool="npm", options=("Allow", "Deny"))
    scene.do(AskQuestion(content="Which?", blocking=True, question_key="which"), scene.as_agent(agent))
    scene.fail(agent)
    dropped = scene.pod.messages[permission]
    assert dropped.answer is not None
    assert (dropped.answer.by, dropped.answer.choice) == ("policy", "")
    assert [item.split(":")[0] for item in scene.inbox()] == ["question_asked"]


def test_two_questions_at_once() -> None:
    """An agent works on when the last of its questions is answered."""
    scene, agent, first = asking()
    scene.do(AskQuestion(content="And that?", blocking=True), scene.as_agent(agent))
    second = next(name for name in scene.pod.messages if name != first)
    scene.do(AnswerQuestion(message_id=first, text="Yes."))
    assert scene.agent(agent).status is AgentStatus.AWAITING_INPUT
    scene.do(AnswerQuestion(message_id=second, text="No."))
    assert scene.agent(agent).status is AgentStatus.RUNNING
    assert len([order for _, order in scene.open.values() if order.kind is JobKind.INPUT]) == 2
    scene.done(JobKind.INPUT)
    scene.done(JobKind.INPUT)
    assert all(message.answer and message.answer.delivered for message in scene.pod.messages.values())


def test_a_question_resolved_is_answered() -> None:
    """Nobody waits for the answer to a question that was set aside."""
    scene, agent, question = asking()
    scene.do(ResolveThread(thread_id=question))
    assert scene.agent(agent).status is AgentStatus.RUNNING
    assert scene.inbox() == set()
    scene.refuse("ALREADY_ANSWERED", AnswerQuestion(message_id=question, text="Yes."))


def test_content() -> None:
    """Nothing empty, nothing too long; questions are asked with AskQuestion; a message is no question."""
    scene = Scene().executing(item("a"))
    update = MessageKind.UPDATE
    scene.refuse("EMPTY_CONTENT", PostMessage(kind=update, content=" \n"))
    long = scene.refuse("CONTENT_TOO_LONG", PostMessage(kind=update, content="ü" * (CONTENT_BYTES // 2 + 1)))
    assert long.metadata == {"field": "content", "limit": str(CONTENT_BYTES)}
    scene.refuse("INVALID_FIELD", PostMessage(kind=MessageKind.QUESTION, content="What?"))
    scene.refuse("WORKSTREAM_NOT_FOUND", PostMessage(kind=update, content="Hm.", workstream_id="x"))
    scene.do(PostMessage(kind=update, content="Hm."))
    (message,) = scene.pod.messages
    scene.refuse("MESSAGE_NOT_FOUND", AnswerQuestion(message_id=message, text="Yes."))
    scene.do(PostMessage(kind=update, content="Indeed.", thread_id=message))
    assert {m.thread_id for m in scene.pod.messages.values()} == {message}


def test_reading_the_inbox() -> None:
    """Read items stay until they are settled; what was read is no fact again; an end settles all."""
    scene, _, question = asking()
    scene.refuse("INBOX_ITEM_NOT_FOUND", MarkInboxRead(item_ids=("nothing",)))
    scene.do(MarkInboxRead())
    assert scene.pod.inbox[f"question_asked:{question}"].read
    assert scene.do(MarkInboxRead()) == []
    scene.do(CancelPod())
    assert scene.inbox() == set()


def test_progress() -> None:
    """The last line of progress stands at agent and workstream."""
    scene = Scene().executing(item("a"))
    agent = scene.run(scene.agent_on("a"))
    scene.report(agent, progress=AgentProgress("Reading the tests"))
    assert scene.agent(agent).progress == scene.pod.workstreams["a"].progress == "Reading the tests"


def test_a_pause_between_starts() -> None:
    """With a spawn cooldown, agents start one after another, and waiting_on says why."""
    scene = Scene().executing(item("a"), item("b"), spawn_cooldown=timedelta(seconds=30))
    assert scene.in_progress() == set()  # the planner's start is not long ago
    assert ("COOLDOWN", "pod") in scene.waits()
    scene.wait(30)
    assert scene.in_progress() == {"a"}
    scene.wait(30)
    assert scene.in_progress() == {"a", "b"}


def test_starting_by_hand() -> None:
    """StartWorkstream skips the back-off, and with auto-start off it starts without StartAgent."""
    scene = Scene().executing(item("a"))
    scene.fail(scene.run(scene.agent_on("a")))
    scene.do(StartWorkstream(workstream_id="a"))
    assert scene.in_progress() == {"a"}
    scene.do(FailWorkstream(workstream_id="a", reason="no good"))
    assert scene.status("a") is WorkstreamStatus.FAILED
    assert scene.do(EvaluateNow()) == []
    scene.do(RetryWorkstream(workstream_id="a"))
    assert scene.in_progress() == {"a"}


def test_autonomy_does_not_bother() -> None:
    """What the policy is about to grant is in nobody's inbox."""
    scene = Scene()
    scene.open_pod(policy=Policy(autonomy=Autonomy.AUTONOMOUS, budget=Budget(tokens=1000)))
    writer = scene.run(scene.only_agent())
    scene.do(UpdateSpec(content="# Spec"), scene.as_agent(writer))
    assert scene.inbox() == set()


def test_external_sync() -> None:
    """What is known of a pull request is kept; a repeat is no fact."""
    scene = Scene().executing(item("a"))
    command = ReportExternalSync(ExternalSync(provider="github", kind="pull_request", number=7, state="open"))
    scene.do(command)
    assert scene.pod.external_sync == command.external_sync
    assert scene.do(command) == []


def test_words_progress_and_read_marks_start_nothing() -> None:
    """The scheduler is not asked after them (every scene asks it all the same); a question it heeds."""
    scene, agent, question = asking()
    quiet = [
        (PostMessage(kind=MessageKind.UPDATE, content="Half of it is done."), ANNA),
        (MarkInboxRead(item_ids=(f"question_asked:{question}",)), ANNA),
        (ReportAgent(agent_id=agent, report_seq=9, report=AgentReport(progress=AgentProgress("half"))), RUNNER),
    ]
    for command, actor in quiet:
        scene.do(command, actor)
        assert not scene.heeded, command
    scene.do(PostMessage(kind=MessageKind.BLOCKER, content="It cannot be done."))
    assert scene.heeded
    used = AgentReport(usage=Usage(input_tokens=1), progress=AgentProgress("more"))
    scene.do(ReportAgent(agent_id=agent, report_seq=10, report=used), RUNNER)
    assert scene.heeded
