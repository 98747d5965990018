"""Tasks and projects: given / when / then. Numbers: maestro.md (M), scenarios.md, tasks and sessions (S).

Rows that fell away: S11, S12, S27 (sessions keep no status for each of their tasks), S44, S48, S49, S51 (no sessions
that lead others, no team members). S47 is the runner's (test_acp), S37, S38, S42 are the client's and the web's.
"""

from podium.maestro.domain import commands as c
from podium.maestro.domain import facts
from podium.maestro.domain.model import Phase, TaskPriority, TaskStatus
from podium.maestro.domain.projects import name_of
from tests.maestro.board import EXECUTION, OPENED, START, World, check, names


def test_created_task_is_pending_and_numbered():
    """M1, S1: a new task is PENDING, has no sessions, the next number, and is one member of one change."""
    world = World()
    members = world.do(c.CreateTask(title="a"), request_id="r")
    second = world.do(c.CreateTask(title="b", priority=TaskPriority.HIGH))
    (created,) = members
    assert isinstance(created, facts.TaskCreated) and isinstance(second[0], facts.TaskCreated)
    task = created.task
    assert (task.status, task.session_count, task.number) == (TaskStatus.PENDING, 0, 1)
    assert (task.priority, second[0].task.priority) == (TaskPriority.MEDIUM, TaskPriority.HIGH)
    assert second[0].task.number == 2 and world.board.task_by_number(2) == second[0].task
    assert task.created_time == task.updated_time == world.log[1].time
    check(world.board)


def test_server_made_ids_come_from_the_request_id():
    """S4: the id of a task is a function of the request id, so a repeat names the same task."""
    first, again = (World().do(c.CreateTask(), request_id="same") for _ in range(2))
    assert first == again


def test_unknown_project_is_refused():
    """S2: whatever the command, without a project there is nothing to change."""
    world = World(created=False)
    for command in (
        c.CreateTask("t"),
        c.UpdateTask("t", ("title",)),
        c.DeleteTask("t"),
        c.CreateSession("s"),
        c.UpdateSession("s", ("name",)),
        c.DeleteSession("s"),
        c.AddTaskToSession("s", "t"),
        c.RemoveTaskFromSession("s", "t"),
        c.SetNeedsInput("s", True),
        c.UpdateProject(("name",)),
        c.DeleteProject(),
    ):
        world.refuse(command, "PROJECT_NOT_FOUND")
    assert not world.log


def test_an_empty_title_is_a_draft():
    """S3: a task needs no title."""
    world = World()
    world.do(c.CreateTask("t"))
    assert world.task("t").title == ""


def test_unknown_parent_or_task():
    """S5, S6, S15: an unknown parent or task is NOT_FOUND, and so is a second delete."""
    world = World()
    world.tasks("a")
    world.refuse(c.CreateTask("b", parent_id="nobody"), "TASK_NOT_FOUND")
    world.refuse(c.UpdateTask("nobody", ("title",), title="x"), "TASK_NOT_FOUND")
    world.refuse(c.UpdateTask("a", ("parent_id",), parent_id="nobody"), "TASK_NOT_FOUND")
    world.do(c.DeleteTask("a"))
    world.refuse(c.DeleteTask("a"), "TASK_NOT_FOUND")


def test_ids_are_not_used_again():
    """A task's id names its pod, so it is refused while the task lives and also after its deletion."""
    world = World()
    world.tasks("a")
    world.refuse(c.CreateTask("a"), "TASK_ALREADY_EXISTS")
    world.do(c.DeleteTask("a"))
    world.refuse(c.CreateTask("a"), "TASK_ALREADY_EXISTS")


def test_bad_update_changes_nothing():
    """S7: unknown paths, an empty mask and an unset status are refused, and nothing changes."""
    world = World()
    world.tasks("a")
    before = world.board
    world.refuse(c.UpdateTask("a", ("title", "number"), title="x"), "INVALID_FIELD")
    world.refuse(c.UpdateTask("a", (), title="x"), "INVALID_FIELD")
    world.refuse(c.UpdateTask("a", ("status",)), "INVALID_FIELD")
    assert world.board is before


def test_same_values_make_no_event():
    """An update to what is there already is a no-op."""
    world = World()
    world.tasks("a")
    assert world.do(c.UpdateTask("a", ("title",), title="a")) == ()
    assert world.do(c.UpdateProject(("name",), name="shop")) == ()


def test_times_are_set_once():
    """S8, S9: started at the first IN_PROGRESS, completed at the first COMPLETED, updated with each change."""
    world = World()
    world.tasks("a")
    for status in (TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, TaskStatus.PENDING):
        world.do(c.UpdateTask("a", ("status",), status=status))
    first = world.task("a")
    for status in (TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED):
        world.do(c.UpdateTask("a", ("status",), status=status))
    last = world.task("a")
    assert (last.started_time, last.completed_time) == (first.started_time, first.completed_time)
    assert first.started_time is not None and first.completed_time is not None
    assert START < first.started_time < first.completed_time < last.updated_time


def test_patches_of_different_fields_both_survive():
    """M3, S10: two clients change different fields; two ordered changes, both kept."""
    world = World()
    world.tasks("a")
    world.do(c.UpdateTask("a", ("title",), title="new", description="ignored"))
    world.do(c.UpdateTask("a", ("description",), title="ignored", description="why"))
    assert (world.task("a").title, world.task("a").description) == ("new", "why")


def test_a_task_is_never_its_own_ancestor():
    """A parent that would close a circle is refused; another one moves the task."""
    world = World()
    world.do(c.CreateTask("a"))
    world.do(c.CreateTask("b", parent_id="a"))
    world.do(c.CreateTask("c", parent_id="b"))
    world.refuse(c.UpdateTask("a", ("parent_id",), parent_id="c"), "TASK_CYCLE")
    world.refuse(c.UpdateTask("a", ("parent_id",), parent_id="a"), "TASK_CYCLE")
    world.do(c.UpdateTask("c", ("parent_id",), parent_id="a"))
    world.do(c.UpdateTask("b", ("parent_id",)))
    check(world.board)
    assert sorted(world.board.index.parts["a"].values()) == ["c"]


def test_deleted_task_leaves_every_session():
    """M10, S13: it is gone from every session, each of which is a member of the change; no dangling ids."""
    world = World()
    world.tasks("a", "b")
    world.do(c.CreateSession("s", ("a", "b")))
    world.do(c.CreateSession("u", ("a",)))
    members = world.do(c.DeleteTask("a"))
    assert names(members) == ["TaskDeleted", "SessionUpdated", "SessionUpdated"]
    assert (world.session("s").task_ids, world.session("u").task_ids) == (("b",), ())
    check(world.board)


def test_descendants_go_first():
    """S14: a tree is deleted from its leaves, one member each, and every session lets go of them."""
    world = World()
    world.do(c.CreateTask("a"))
    world.do(c.CreateTask("b", parent_id="a"))
    world.do(c.CreateTask("c", parent_id="b"))
    world.do(c.CreateTask("d", parent_id="a"))
    world.do(c.CreateSession("s", ("c",)))
    members = world.do(c.DeleteTask("a"))
    gone = [member.task_id for member in members if isinstance(member, facts.TaskDeleted)]
    assert set(gone) == {"a", "b", "c", "d"} and gone[-1] == "a"
    assert gone.index("c") < gone.index("b")
    assert world.session("s").task_ids == () and not world.board.state.tasks
    check(world.board)


def test_deep_trees_do_not_overflow():
    """A chain of a thousand parts is deleted without recursion."""
    world = World()
    for i in range(1000):
        world.do(c.CreateTask(f"t{i}", parent_id=f"t{i - 1}" if i else ""))
    assert len(world.do(c.DeleteTask("t0"))) == 1000


def test_an_unfinished_pod_owns_its_task():
    """S31: its status, and deletion of it, an ancestor or the project are refused while the pod is unfinished."""
    world = World()
    world.do(c.CreateTask("a"))
    world.do(c.CreateTask("b", parent_id="a"))
    world.follow("b", OPENED, EXECUTION)
    world.refuse(c.UpdateTask("b", ("status",), status=TaskStatus.COMPLETED), "POD_ACTIVE")
    world.refuse(c.DeleteTask("b"), "POD_ACTIVE")
    world.refuse(c.DeleteTask("a"), "POD_ACTIVE")
    refusal = world.refuse(c.DeleteProject(), "PROJECT_NOT_EMPTY")
    assert refusal.metadata["task_ids"] == "b"
    world.do(c.UpdateTask("b", ("title",), title="still mine"))
    world.follow("b", c.PhaseChanged(Phase.CANCELLED))
    world.do(c.UpdateTask("b", ("status",), status=TaskStatus.PENDING))
    world.do(c.DeleteTask("a"))


def test_projects_have_one_id():
    """An id that is taken is refused with the repository it has; a deleted one is free again, numbers go on."""
    world = World()
    refusal = world.refuse(c.CreateProject("/other"), "PROJECT_ALREADY_EXISTS")
    assert refusal.metadata["repository"] == "/src/shop"
    world.tasks("a", "b")
    world.do(c.DeleteProject())
    world.refuse(c.DeleteProject(), "PROJECT_NOT_FOUND")
    check(world.board)
    world.do(c.CreateProject("/src/shop", "Shop"))
    world.do(c.CreateTask("c"))
    assert world.task("c").number == 3
    check(world.board)


def test_project_fields():
    """A project is named after its repository unless it is given a name; an empty repository is refused."""
    assert [name_of(r) for r in ("/a/shop/", "git@host:me/shop.git", "https://h/x/shop.git", "/")] == ["shop"] * 3 + [
        "/"
    ]
    world = World()
    world.do(c.UpdateProject(("name",), name="Shop", repository=""))
    assert world.board.project is not None
    assert (world.board.project.name, world.board.project.repository) == ("Shop", "/src/shop")
    world.refuse(c.UpdateProject(("repository",)), "INVALID_FIELD")
