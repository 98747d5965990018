"""Pages of tasks and sessions."""

from podium.maestro.application import listing
from podium.maestro.application.listing import ListSessions, ListTasks, list_sessions, list_tasks
from podium.maestro.domain import commands as c
from podium.maestro.domain.model import SessionStatus, TaskStatus
from tests.maestro.board import OPENED, World


def pages(world: World, query: ListTasks) -> list[list[str]]:
    """All pages' ids."""
    found, before = [], 0
    while True:
        page = list_tasks(world.board, query, before)
        found.append([task.id for task in page.entries])
        before = page.before
        if not before:
            return found


def ids(world: World, query: ListTasks) -> list[str]:
    return [each for page in pages(world, query) for each in page]


def some() -> World:
    world = World()
    world.do(c.CreateTask("a", title="Fix the Shop", description="urgent"))
    world.do(c.CreateTask("b", parent_id="a", prompt="mend the door"))
    world.do(c.CreateTask("c", parent_id="a"))
    world.do(c.UpdateTask("c", ("status",), status=TaskStatus.COMPLETED))
    world.do(c.CreateSession("s", ("a", "c")))
    world.do(c.CreateSession("t", ("a",), status=SessionStatus.WORKING))
    return world


def test_filters():
    """Number, status, parent, session, text and attention each narrow the list; together they all hold."""
    world = some()
    assert ids(world, ListTasks()) == ["c", "b", "a"]
    assert ids(world, ListTasks(number=2)) == ["b"] and ids(world, ListTasks(number=9)) == []
    assert ids(world, ListTasks(statuses=(TaskStatus.COMPLETED,))) == ["c"]
    assert ids(world, ListTasks(parent_id="a")) == ["c", "b"] and ids(world, ListTasks(parent_id="")) == ["a"]
    assert ids(world, ListTasks(session_id="s")) == ["c", "a"] and ids(world, ListTasks(session_id="x")) == []
    assert ids(world, ListTasks(text="SHOP urgent")) == ["a"] and ids(world, ListTasks(text="door")) == ["b"]
    assert ids(world, ListTasks(text="shop door")) == []
    assert ids(world, ListTasks(parent_id="a", statuses=(TaskStatus.PENDING,))) == ["b"]
    world.follow("b", OPENED, c.AttentionRaised("i"))
    assert ids(world, ListTasks(needs_attention=True)) == ["b"]


def test_pages_show_everything_once():
    """Walking the pages shows each entry once, whatever was added or deleted meanwhile; the last page says so."""
    world = World()
    world.tasks(*(f"t{i}" for i in range(10)))
    assert [len(page) for page in pages(world, ListTasks(page_size=5))] == [5, 5]
    first = list_tasks(world.board, ListTasks(page_size=4))
    world.tasks("late")
    world.do(c.DeleteTask("t3"))
    rest = list_tasks(world.board, ListTasks(page_size=20), first.before)
    shown = [task.id for task in (*first.entries, *rest.entries)]
    assert shown == [f"t{i}" for i in range(9, -1, -1) if i != 3]


def test_a_page_looks_at_a_bounded_number(monkeypatch):
    """A page that finds little ends anyway, and the next one goes on; nothing is lost."""
    monkeypatch.setattr(listing, "LOOKS", 10)
    world = World()
    world.tasks(*(f"t{i}" for i in range(35)))
    world.do(c.UpdateTask("t2", ("status",), status=TaskStatus.BLOCKED))
    found = pages(world, ListTasks(statuses=(TaskStatus.BLOCKED,)))
    assert len(found) == 4 and found[-1] == ["t2"]


def test_pages_of_long_tasks_are_short(monkeypatch):
    """The text of a page is bounded, at least one entry is shown."""
    monkeypatch.setattr(listing, "PAGE_CHARACTERS", 1000)
    world = World()
    for i in range(5):
        world.do(c.CreateTask(f"t{i}", prompt="x" * 600))
    assert [len(page) for page in pages(world, ListTasks())] == [2, 2, 1]


def test_sessions():
    """S29: a task's sessions are only those that hold it; an unknown task has none; newest first, by status too."""
    world = some()

    def found(query: ListSessions) -> list[str]:
        return [session.id for session in list_sessions(world.board, query).entries]

    assert found(ListSessions()) == ["t", "s"]
    assert found(ListSessions("c")) == ["s"] and found(ListSessions("a")) == ["t", "s"]
    assert found(ListSessions("nobody")) == []
    assert found(ListSessions(statuses=(SessionStatus.WORKING,))) == ["t"]
