"""How pods' facts become statuses, summaries and sessions: each fact once, whatever comes twice or late."""

from datetime import timedelta

import pytest

from podium.maestro.domain import commands as c
from podium.maestro.domain.model import (
    Phase,
    SessionOrigin,
    SessionStatus,
    TaskPriority,
    TaskStatus,
    TimelineKind,
    WorkstreamStatus,
)
from tests.maestro.board import EXECUTION, OPENED, World, check, ended, names, requested, workstream


@pytest.fixture
def world() -> World:
    """A task `t` whose pod has opened."""
    world = World()
    world.tasks("t")
    world.follow("t", OPENED)
    return world


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        (Phase.SPEC_CLARIFICATION, TaskStatus.IN_PROGRESS),
        (Phase.PLANNING, TaskStatus.IN_PROGRESS),
        (Phase.WORKSTREAM_EXECUTION, TaskStatus.IN_PROGRESS),
        (Phase.REVIEW, TaskStatus.IN_REVIEW),
        (Phase.COMPLETED, TaskStatus.COMPLETED),
        (Phase.CANCELLED, TaskStatus.CANCELLED),
    ],
)
def test_status_follows_the_phase(world: World, phase: Phase, status: TaskStatus):
    """SPEC…EXECUTION is IN_PROGRESS, REVIEW is IN_REVIEW, the ends are the ends; the summary names the revision."""
    world.follow("t", c.PhaseChanged(phase))
    task = world.task("t")
    assert task.pod is not None
    assert (task.status, task.pod.phase, task.pod.pod_revision) == (status, phase, 2)
    assert task.started_time is not None
    assert (task.completed_time is not None) == phase.finished


def test_failed_workstream_and_blocked_landing_block(world: World):
    """A workstream failed for good, or a landing that is refused, makes the task BLOCKED until it is resolved."""
    world.follow("t", EXECUTION, workstream("w", WorkstreamStatus.FAILED))
    assert world.task("t").status is TaskStatus.BLOCKED
    world.follow("t", workstream("w", WorkstreamStatus.SKIPPED))
    assert world.task("t").status is TaskStatus.IN_PROGRESS
    world.follow("t", c.PhaseChanged(Phase.REVIEW), c.LandingChanged(True))
    assert world.task("t").status is TaskStatus.BLOCKED
    world.follow("t", c.LandingChanged(False))
    assert world.task("t").status is TaskStatus.IN_REVIEW


def test_summary_counts(world: World):
    """Workstreams in all and done, agents that have not ended, and what wants a person are counted."""
    world.follow(
        "t",
        EXECUTION,
        workstream("a", WorkstreamStatus.COMPLETED),
        workstream("b", WorkstreamStatus.SKIPPED),
        workstream("c", WorkstreamStatus.IN_PROGRESS),
        workstream("d", WorkstreamStatus.CANCELLED),
        requested("x"),
        requested("y"),
        c.AttentionRaised("i"),
        c.AttentionRaised("i"),
        c.AttentionRaised("j"),
        c.AgentProgressed("x", "reading"),
    )
    pod = world.task("t").pod
    assert pod is not None
    assert (pod.workstreams_total, pod.workstreams_done, pod.agents_running) == (3, 2, 2)
    assert (pod.needs_attention, pod.attention_count, pod.progress) == (True, 2, "reading")
    world.follow("t", c.AttentionCleared("i"), c.AttentionCleared("j"), ended("x"), c.PhaseChanged(Phase.COMPLETED))
    world.follow("t", ended("y"), None)
    pod = world.task("t").pod
    assert pod is not None
    assert (pod.workstreams_total, pod.workstreams_done, pod.agents_running) == (3, 2, 0)
    assert (pod.needs_attention, pod.pod_revision) == (False, world.board.state.followed["t"].revision)
    assert not world.board.state.followed["t"].workstreams


def test_a_session_says_which_runner_has_its_agent(world: World):
    """Claimed: the session names the runner; given back: none, until another claims it."""
    world.follow("t", requested("x"), c.AgentHeld("x", "r1"))
    assert world.session("x").runner_id == "r1"
    world.follow("t", c.AgentHeld("x", ""))
    assert world.session("x").runner_id == ""
    world.follow("t", c.AgentHeld("x", "r2"), c.AgentWorking("x"))
    assert world.session("x").runner_id == "r2"


def test_session_of_an_agent(world: World):
    """A session with the agent's id opens at AgentRequested, linked once, members in the table's order."""
    members = world.follow("t", requested("x"))
    link = ["TaskUpdated", "SessionTaskAdded", "TaskSessionAdded"]
    assert names(members) == ["SessionCreated", *link, "TaskUpdated", "PodFollowed"]
    session = world.session("x")
    assert (session.origin, session.status, session.pod_id) == (SessionOrigin.POD, SessionStatus.STARTING, "t")
    assert session.task_ids == ("t",) and world.task("t").session_ids == ("x",)
    world.follow("t", c.AgentWorking("x"))
    assert world.session("x").status is SessionStatus.WORKING
    check(world.board)


@pytest.mark.parametrize("status", [SessionStatus.COMPLETED, SessionStatus.FAILED, SessionStatus.STOPPED])
def test_session_ends_with_its_agent(world: World, status: SessionStatus):
    """M20: the end of the agent is the end of the session, with its cause, in one change even when all come at once."""
    members = world.follow("t", requested("x"), c.AgentWorking("x"), ended("x", status, "because"))
    session = world.session("x")
    assert (session.status, session.exit_reason) == (status, "because")
    assert session.completed_time is not None
    assert names(members).count("SessionUpdated") == 1
    world.follow("t", c.AgentWorking("x"))
    assert world.session("x").status is status, "what comes after the end is too late"
    check(world.board)


def test_waiting_for_an_answer(world: World):
    """An agent that waits is IDLE and needs input, with the question's words, until its last question is answered."""
    world.follow("t", requested("x"), c.AgentWorking("x"), c.QuestionAsked("q1", "which port?"))
    assert world.session("x").status is SessionStatus.WORKING
    world.follow("t", c.AgentAwaited("x", "q1"), c.QuestionAsked("q2", "which host?"), c.AgentAwaited("x", "q2"))
    session = world.session("x")
    assert session.status is SessionStatus.IDLE
    assert session.needs_input is not None and session.needs_input.active
    assert session.needs_input.message == "which host?"
    world.follow("t", c.QuestionAnswered("q2"))
    assert world.session("x").status is SessionStatus.IDLE
    world.follow("t", c.QuestionAnswered("q1"), c.QuestionAnswered("q1"))
    session = world.session("x")
    assert session.status is SessionStatus.WORKING
    assert session.needs_input is not None and not session.needs_input.active
    assert not world.board.state.followed["t"].questions


def test_progress_is_a_line_of_the_timeline(world: World):
    """What an agent says of its progress stands in its session's timeline, under its own name."""
    world.follow("t", requested("x"), c.AgentProgressed("x", "reading"))
    line = world.session("x").timeline[-1]
    assert (line.kind, line.text, line.author) == (TimelineKind.PROGRESS, "reading", "agent:x")


def test_facts_count_once(world: World):
    """A fact that comes again changes nothing; an overlapping run is taken in from where it is new."""
    world.follow("t", requested("x"), start=2)
    assert world.follow("t", requested("x"), start=2) == ()
    world.follow("t", requested("x"), c.AgentWorking("x"), start=2)
    assert world.session("x").status is SessionStatus.WORKING
    assert world.task("t").session_ids == ("x",)
    world.follow("t", c.AgentProgressed("x", "a"), c.AgentProgressed("x", "b"), start=4)
    world.follow("t", c.AgentProgressed("x", "b"), c.AgentProgressed("x", "c"), start=5)
    said = [e.text for e in world.session("x").timeline if e.kind is TimelineKind.PROGRESS]
    assert said == ["a", "b", "c"]


def test_gaps_are_refused(world: World):
    """A run of facts that leaves a hole is refused whole, and the refusal says what is expected."""
    refusal = world.refuse(c.FollowPod("t", (c.PodFact(3, world.now, (requested("x"),)),)), "REVISION_CONFLICT")
    assert refusal.metadata["expected"] == "2"
    holed = (c.PodFact(2, world.now), c.PodFact(4, world.now))
    world.refuse(c.FollowPod("t", holed), "REVISION_CONFLICT")


def test_missing_task_and_project_are_made():
    """A pod that opens without task or project gets both: its words, its number where it is free."""
    world = World(created=False)
    members = world.follow("t", c.PodOpened(7, "Fix", "please", "/src/shop"))
    assert names(members) == ["ProjectCreated", "TaskCreated", "TaskUpdated", "PodFollowed"]
    task = world.task("t")
    assert (task.number, task.title, task.prompt, task.priority) == (7, "Fix", "please", TaskPriority.MEDIUM)
    assert world.board.project is not None and world.board.project.repository == "/src/shop"
    world.follow("u", c.PodOpened(7, "Other", "", "/src/shop"))
    world.follow("v", OPENED)
    assert (world.task("u").number, world.task("v").number) == (8, 9)
    check(world.board)


def test_deleted_task_is_never_made_again(world: World):
    """Deleted before its pod opened, or after it finished: the pod's facts are followed, the task stays away."""
    world.tasks("early")
    world.do(c.DeleteTask("early"))
    world.follow("early", OPENED, requested("x"))
    world.follow("t", c.PhaseChanged(Phase.COMPLETED))
    world.do(c.DeleteTask("t"))
    world.follow("t", requested("y"), None)
    assert not world.board.state.tasks
    assert world.session("x").task_ids == world.session("y").task_ids == ()
    assert world.board.state.followed["t"].revision == 4
    check(world.board)


def test_deleted_project_is_never_made_again(world: World):
    """A late fact of a finished pod, or a pod that opens late, does not bring a deleted project back."""
    world.follow("t", c.PhaseChanged(Phase.COMPLETED))
    world.do(c.DeleteProject())
    world.follow("t", requested("x"))
    world.follow("late", OPENED, requested("y"))
    assert world.board.project is None
    check(world.board)


def test_the_follower_links_only_once(world: World):
    """Who unlinks or deletes an agent's session has the last word."""
    world.follow("t", requested("x"), c.AgentWorking("x"))
    world.do(c.RemoveTaskFromSession("x", "t"))
    world.follow("t", c.AgentProgressed("x", "on"), ended("x"))
    assert world.task("t").session_ids == ()
    world.do(c.DeleteSession("x"))
    world.follow("t", c.AgentWorking("x"))
    assert "x" not in world.board.state.sessions
    check(world.board)


def test_sessions_of_agents_belong_to_their_pod(world: World):
    """A live agent's session cannot be deleted nor reported on; its name may change."""
    world.follow("t", requested("x"))
    world.refuse(c.DeleteSession("x"), "SESSION_LIVE")
    world.refuse(c.UpdateSession("x", ("status",), status=SessionStatus.STOPPED), "SESSION_LIVE")
    world.refuse(c.SetNeedsInput("x", True, "hm"), "SESSION_LIVE")
    world.do(c.UpdateSession("x", ("name",), name="the quick one"))
    world.follow("t", ended("x"))
    world.refuse(c.UpdateSession("x", ("status",), status=SessionStatus.FAILED), "SESSION_ALREADY_TERMINAL")
    world.do(c.DeleteSession("x"))


def test_status_of_a_finished_pods_task_is_peoples(world: World):
    """After the pod's end people may set the status; what the pod still says does not undo it."""
    world.follow("t", c.PhaseChanged(Phase.COMPLETED))
    world.do(c.UpdateTask("t", ("status",), status=TaskStatus.IN_PROGRESS))
    world.follow("t", None)
    assert world.task("t").status is TaskStatus.IN_PROGRESS


def test_times_are_the_pods(world: World):
    """Read late, a run of facts has the times at which they happened."""
    then = world.now - timedelta(hours=1)
    run = (
        c.PodFact(2, then, (requested("x"),)),
        c.PodFact(3, then + timedelta(minutes=5), (ended("x"),)),
        c.PodFact(4, then + timedelta(minutes=6), (c.PhaseChanged(Phase.COMPLETED),)),
    )
    world.do(c.FollowPod("t", run))
    session = world.session("x")
    assert (session.started_time, session.completed_time) == (then, then + timedelta(minutes=5))
    assert world.task("t").completed_time == then + timedelta(minutes=6)
