"""Sessions and links: given / when / then. Numbers: maestro.md (M), scenarios.md, tasks and sessions (S)."""

import pytest

from podium.maestro.domain import commands as c
from podium.maestro.domain import facts
from podium.maestro.domain.model import (
    TIMELINE_LIMIT,
    SessionOrigin,
    SessionStatus,
    TimelineKind,
)
from podium.maestro.domain.sessions import TASKS_PER_SESSION
from tests.maestro.board import World, check, names


def kinds(world: World, session_id: str) -> list[TimelineKind]:
    return [entry.kind for entry in world.session(session_id).timeline]


@pytest.fixture
def world() -> World:
    """Tasks a and b, and session s that holds a."""
    world = World()
    world.tasks("a", "b")
    world.do(c.CreateSession("s", ("a",), agent="zsh"))
    return world


def test_new_session_links_its_tasks_in_table_order(world: World):
    """M4, S16: both sides linked, both counts up, members in the table's order, one revision."""
    members = world.do(c.CreateSession("t", ("a", "b")))
    link = ["TaskUpdated", "SessionTaskAdded", "TaskSessionAdded"]
    assert names(members) == ["SessionCreated", *link, *link]
    assert (world.task("a").session_count, world.task("b").session_count) == (2, 1)
    assert world.session("t").origin is SessionOrigin.PERSON
    check(world.board)


def test_one_unknown_task_creates_nothing(world: World):
    """M5, S17: nothing is made, nothing is recorded."""
    before = world.board
    world.refuse(c.CreateSession("t", ("a", "nobody")), "TASK_NOT_FOUND")
    assert world.board is before


def test_taken_session_id(world: World):
    """M6, S18: a session's id is taken once."""
    world.refuse(c.CreateSession("s"), "SESSION_ALREADY_EXISTS")


def test_session_without_tasks(world: World):
    """M7, S19, S20: a session may hold nothing, from the start or after its last task went."""
    world.do(c.CreateSession("t"))
    world.do(c.RemoveTaskFromSession("s", "a"))
    assert world.session("t").task_ids == world.session("s").task_ids == ()
    check(world.board)


def test_linking_twice(world: World):
    """M8, S21: the second link is refused and changes nothing."""
    members = world.do(c.AddTaskToSession("s", "b"))
    assert names(members) == ["SessionUpdated", "TaskUpdated", "SessionTaskAdded", "TaskSessionAdded"]
    world.refuse(c.AddTaskToSession("s", "b"), "ALREADY_LINKED")
    check(world.board)


def test_unlinking(world: World):
    """M9, S22, S23: unlinking updates both sides; where no link is, nothing happens; nothing claims completion."""
    assert world.do(c.RemoveTaskFromSession("s", "b")) == ()
    members = world.do(c.RemoveTaskFromSession("s", "a"))
    assert names(members) == ["SessionUpdated", "TaskUpdated", "SessionTaskRemoved", "TaskSessionRemoved"]
    assert world.task("a").session_count == 0
    assert kinds(world, "s") == [TimelineKind.STARTED, TimelineKind.TASK_REMOVED]
    assert world.task("a").completed_time is None


def test_deleted_session(world: World):
    """M11, S24, S25: both counts drop, members in the table's order; a second delete is NOT_FOUND."""
    world.do(c.AddTaskToSession("s", "b"))
    members = world.do(c.DeleteSession("s"))
    unlink = ["TaskUpdated", "SessionTaskRemoved", "TaskSessionRemoved"]
    assert names(members) == ["SessionDeleted", *unlink, *unlink]
    assert (world.task("a").session_count, world.task("b").session_count) == (0, 0)
    world.refuse(c.DeleteSession("s"), "SESSION_NOT_FOUND")
    check(world.board)


def test_created_and_deleted_at_once():
    """M13, S33: no ghost remains on either side."""
    world = World()
    world.tasks("a")
    world.do(c.CreateSession("s", ("a",)))
    world.do(c.DeleteSession("s"))
    world.do(c.DeleteTask("a"))
    assert not world.board.state.tasks and not world.board.state.sessions
    check(world.board)


@pytest.mark.parametrize("status", [SessionStatus.COMPLETED, SessionStatus.FAILED, SessionStatus.STOPPED])
def test_terminal_status_is_final(world: World, status: SessionStatus):
    """M20, S26: an ended session keeps its status; it waits for nobody, and its end is recorded once."""
    world.do(c.SetNeedsInput("s", True, "which port?"))
    world.do(c.UpdateSession("s", ("status", "exit_reason"), status=status, exit_reason="exit 3"))
    ended = world.session("s")
    assert (ended.status, ended.exit_reason) == (status, "exit 3")
    assert ended.completed_time is not None and ended.needs_input is not None and not ended.needs_input.active
    for other in SessionStatus:
        if other is not status and other is not SessionStatus.UNSPECIFIED:
            world.refuse(c.UpdateSession("s", ("status",), status=other), "SESSION_ALREADY_TERMINAL")
    assert world.do(c.UpdateSession("s", ("status",), status=status)) == ()
    world.do(c.UpdateSession("s", ("name",), name="the one that failed"))
    assert world.session("s").completed_time == ended.completed_time
    world.refuse(c.SetNeedsInput("s", True, "again"), "SESSION_ALREADY_TERMINAL")
    check(world.board)


def test_needs_input_on_its_edge(world: World):
    """S28: raised once, said again nothing, since is kept; lowered once."""
    members = world.do(c.SetNeedsInput("s", True, "which port?"))
    assert names(members) == ["SessionUpdated"]
    since = world.session("s").needs_input
    assert world.do(c.SetNeedsInput("s", True, "which port?")) == ()
    world.do(c.SetNeedsInput("s", True, "which host?"))
    again = world.session("s").needs_input
    assert since and again and (again.message, again.since_time) == ("which host?", since.since_time)
    assert kinds(world, "s").count(TimelineKind.NEEDS_INPUT) == 1
    world.do(c.SetNeedsInput("s", False))
    assert world.do(c.SetNeedsInput("s", False)) == ()


def test_timeline(world: World):
    """S30: only progress, notes and errors can be written; the last hundred lines are kept, ids are unique."""
    world.refuse(c.AppendTimeline("s", TimelineKind.STATUS, "I am done"), "INVALID_FIELD")
    world.refuse(c.AppendTimeline("s", TimelineKind.NOTE, "x", "nobody"), "TASK_NOT_FOUND")
    for i in range(TIMELINE_LIMIT + 10):
        world.do(c.AppendTimeline("s", TimelineKind.PROGRESS, str(i), "a"))
    timeline = world.session("s").timeline
    assert len(timeline) == len({entry.id for entry in timeline}) == TIMELINE_LIMIT
    assert (timeline[-1].text, timeline[-1].author) == (str(TIMELINE_LIMIT + 9), "user:anna")
    assert world.session("s").last_activity_time == world.now


def test_env_never_keeps_secrets(world: World):
    """Names that look like secrets are refused, whatever their case; others are kept."""
    for name in ("GITHUB_TOKEN", "db_password", "OPENAI_API_KEY"):
        world.refuse(c.CreateSession("t", env={name: "x"}), "INVALID_FIELD")
    world.do(c.CreateSession("t", env={"EDITOR": "vi", "KEYBOARD": "de"}))
    assert world.session("t").env["EDITOR"] == "vi"


def test_a_session_begins_alive(world: World):
    """A session starts as STARTING or another live status; an ended one cannot be made."""
    assert world.session("s").status is SessionStatus.STARTING
    world.refuse(c.CreateSession("t", status=SessionStatus.FAILED), "INVALID_FIELD")
    world.do(c.CreateSession("t", status=SessionStatus.WORKING))
    assert world.session("t").status is SessionStatus.WORKING


def test_a_session_holds_a_bounded_number_of_tasks():
    """One task more than the bound is refused."""
    world = World()
    ids = tuple(f"t{i}" for i in range(TASKS_PER_SESSION))
    world.tasks(*ids, "more")
    world.do(c.CreateSession("s", ids))
    world.refuse(c.AddTaskToSession("s", "more"), "TOO_MANY_ENTRIES")


def test_members_carry_only_what_changed(world: World):
    """An update is stored as the fields that changed, whatever else the task holds."""
    world.do(c.UpdateTask("a", ("prompt",), prompt="x" * 60_000))
    (member,) = world.do(c.UpdateTask("a", ("title",), title="new"))
    assert isinstance(member, facts.TaskUpdated)
    assert (member.fields, member.task.prompt) == (("title",), "")
    assert len(world.task("a").prompt) == 60_000
