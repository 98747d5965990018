"""Maestro over real servers and through the public client. Numbers: maestro.md (M), scenarios.md (S)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2
from tests.maestro.servers import Servers, Watcher, servers


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Servers]:
    """Event store and Maestro with the project `p`."""
    async with servers(tmp_path) as found:
        await found.connect().maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/shop"))
        yield found


@pytest.fixture
async def client(running: Servers) -> Podium:
    """A person's connection."""
    return running.connect()


def task(task_id: str = "", **fields: str) -> pb.CreateTaskRequest:
    return pb.CreateTaskRequest(project_id="p", task_id=task_id, **fields)


async def refused(call: object, reason: str, code: str) -> PodiumError:
    with pytest.raises(PodiumError) as caught:
        await call  # type: ignore[misc]
    assert (caught.value.reason, caught.value.code) == (reason, code)
    return caught.value


async def test_create_task_reaches_all_watchers(running: Servers, client: Podium):
    """M1, S1: one change to all watchers, with the event, the whole task and the request id that caused it."""
    watchers = [Watcher(running.connect(), "p") for _ in range(3)]
    await asyncio.gather(*(watcher.to(1) for watcher in watchers))
    made = await client.maestro.CreateTask(pb.CreateTaskRequest(project_id="p", request_id="r1", title="a"))
    await asyncio.gather(*(watcher.to(made.revision) for watcher in watchers))
    for watcher in watchers:
        (change,) = watcher.changes
        assert list(change.tasks) == [made.task]
        assert change.events[0].request_id == "r1" and change.events[0].actor == "user:anna"
        assert change.events[0].members[0].task_created.task == made.task


async def test_same_request_id_makes_one_task(client: Podium):
    """M2, S4: the same request twice, also at once, makes one task with one revision; another body is refused."""
    request = pb.CreateTaskRequest(project_id="p", request_id="same", title="a")
    answers = await asyncio.gather(*(client.maestro.CreateTask(request) for _ in range(5)))
    assert len({(answer.task.id, answer.revision) for answer in answers}) == 1
    request.title = "b"
    await refused(client.maestro.CreateTask(request), "REQUEST_ID_REUSED", "INVALID_ARGUMENT")
    listed = await client.maestro.ListTasks(pb.ListTasksRequest(project_id="p"))
    assert len(listed.tasks) == 1


async def test_different_fields_at_once(running: Servers, client: Podium):
    """M3, S10: two clients change different fields at once; both survive."""
    await client.maestro.CreateTask(task("a"))
    other = running.connect(name="ben")
    title = pb.UpdateTaskRequest(project_id="p", task_id="a", title="new")
    title.update_mask.paths.append("title")
    status = pb.UpdateTaskRequest(project_id="p", task_id="a", status=task_pb2.TASK_STATUS_COMPLETED)
    status.update_mask.paths.append("status")
    await asyncio.gather(client.maestro.UpdateTask(title), other.maestro.UpdateTask(status))
    shown = (await client.maestro.GetTask(pb.GetTaskRequest(project_id="p", task_id="a"))).task
    assert (shown.title, shown.status) == ("new", task_pb2.TASK_STATUS_COMPLETED)


async def test_session_with_two_tasks_is_one_change(client: Podium):
    """M4, S16: one revision, members in the table's order, whole session and tasks beside them."""
    for each in ("a", "b"):
        await client.maestro.CreateTask(task(each))
    watcher = Watcher(client, "p")
    await watcher.to(3)
    made = await client.maestro.CreateSession(
        pb.CreateSessionRequest(project_id="p", session_id="s", task_ids=["a", "b"], agent="zsh")
    )
    await watcher.to(made.revision)
    (change,) = watcher.changes
    members = [member.WhichOneof("fact") for member in change.events[0].members]
    link = ["task_updated", "session_task_added", "task_session_added"]
    assert members == ["session_created", *link, *link]
    assert [t.session_count for t in change.tasks] == [1, 1]
    assert list(change.sessions) == [made.session]


async def test_refusals_have_reasons(client: Podium):
    """M5, M6, M8, S2, S6, S7, S18, S21: each refusal has its code and reason, and changes nothing."""
    await client.maestro.CreateTask(task("a"))
    create = pb.CreateSessionRequest(project_id="p", session_id="s", task_ids=["a"])
    made = await client.maestro.CreateSession(create)
    m = client.maestro
    unknown = pb.CreateSessionRequest(project_id="p", task_ids=["a", "nobody"])
    await refused(m.CreateSession(unknown), "TASK_NOT_FOUND", "NOT_FOUND")
    await refused(m.CreateSession(create), "SESSION_ALREADY_EXISTS", "ALREADY_EXISTS")
    link = pb.AddTaskToSessionRequest(project_id="p", session_id="s", task_id="a")
    await refused(m.AddTaskToSession(link), "ALREADY_LINKED", "ALREADY_EXISTS")
    await refused(m.CreateTask(pb.CreateTaskRequest(project_id="q")), "PROJECT_NOT_FOUND", "NOT_FOUND")
    await refused(m.CreateTask(pb.CreateTaskRequest()), "INVALID_FIELD", "INVALID_ARGUMENT")
    bad = pb.UpdateTaskRequest(project_id="p", task_id="a", status=99)  # type: ignore[arg-type]
    bad.update_mask.paths.append("status")
    await refused(m.UpdateTask(bad), "INVALID_FIELD", "INVALID_ARGUMENT")
    await refused(m.GetTask(pb.GetTaskRequest(project_id="p", task_id="x")), "TASK_NOT_FOUND", "NOT_FOUND")
    await refused(m.GetSession(pb.GetSessionRequest(project_id="p", session_id="x")), "SESSION_NOT_FOUND", "NOT_FOUND")
    for request in (pb.WatchProjectRequest(project_id="q"),):
        with pytest.raises(PodiumError, match="PROJECT_NOT_FOUND"):
            async for _ in m.WatchProject(request):
                pass
    shown = await m.GetProject(pb.GetProjectRequest(project_id="p"))
    assert shown.revision == made.revision == shown.project.revision


async def test_unlinked_and_deleted(client: Podium):
    """M7, M9, M10, M11, S13, S20, S22, S24: links go from both sides, sessions outlive their tasks."""
    for each in ("a", "b"):
        await client.maestro.CreateTask(task(each))
    m = client.maestro
    await m.CreateSession(pb.CreateSessionRequest(project_id="p", session_id="s", task_ids=["a", "b"]))
    unlink = pb.RemoveTaskFromSessionRequest(project_id="p", session_id="s", task_id="b")
    first, second = await m.RemoveTaskFromSession(unlink), await m.RemoveTaskFromSession(unlink)
    assert first.revision == second.revision and first.task.session_count == 0
    await m.DeleteTask(pb.DeleteTaskRequest(project_id="p", task_id="a"))
    session = (await m.GetSession(pb.GetSessionRequest(project_id="p", session_id="s"))).session
    assert not session.task_ids
    await m.AddTaskToSession(pb.AddTaskToSessionRequest(project_id="p", session_id="s", task_id="b"))
    await m.DeleteSession(pb.DeleteSessionRequest(project_id="p", session_id="s"))
    shown = (await m.GetTask(pb.GetTaskRequest(project_id="p", task_id="b"))).task
    assert shown.session_count == 0 and not shown.session_ids


async def test_timeline_and_needs_input(client: Podium):
    """S28, S30: a runner writes a line and raises the flag; both are seen at once."""
    m = client.maestro
    await m.CreateSession(pb.CreateSessionRequest(project_id="p", session_id="s"))
    line = pb.AppendTimelineRequest(project_id="p", session_id="s", kind=task_pb2.TIMELINE_KIND_NOTE, text="hello")
    written = await m.AppendTimeline(line)
    assert [e.text for e in written.session.timeline][-1] == "hello"
    line.kind = task_pb2.TIMELINE_KIND_STARTED
    await refused(m.AppendTimeline(line), "INVALID_FIELD", "INVALID_ARGUMENT")
    raised = await m.SetNeedsInput(pb.SetNeedsInputRequest(project_id="p", session_id="s", active=True, message="?"))
    again = await m.SetNeedsInput(pb.SetNeedsInputRequest(project_id="p", session_id="s", active=True, message="?"))
    assert raised.session.needs_input.active and raised.revision == again.revision


async def test_answers_survive_a_restart(running: Servers, client: Podium):
    """M15, S39: what was answered is there after a restart, and a watcher resumes without a gap."""
    watcher = Watcher(client, "p")
    await watcher.to(1)
    made = await client.maestro.CreateTask(task("a"))
    await watcher.to(made.revision)
    await running.stop_maestro()
    await running.start_maestro()
    shown = await client.maestro.GetTask(pb.GetTaskRequest(project_id="p", task_id="a"))
    assert (shown.task, shown.revision) == (made.task, made.revision)
    updated = await client.maestro.CreateTask(task("b"))
    await watcher.to(updated.revision)
    await watcher.check()


async def test_deletions_while_offline(client: Podium):
    """M12, M13, M16, S33, S36, S39, S40: what was missed arrives in one change, deletions and last values included."""
    m = client.maestro
    for each in ("a", "b", "c"):
        await m.CreateTask(task(each))
    await m.CreateSession(pb.CreateSessionRequest(project_id="p", session_id="s", task_ids=["a", "b"]))
    watcher = Watcher(client, "p")
    await watcher.to(5)
    await m.DeleteTask(pb.DeleteTaskRequest(project_id="p", task_id="a"))
    await m.CreateTask(task("ghost"))
    await m.DeleteTask(pb.DeleteTaskRequest(project_id="p", task_id="ghost"))
    update = pb.UpdateTaskRequest(project_id="p", task_id="b")
    update.update_mask.paths.append("title")
    for i in range(20):
        update.title = str(i)
        last = await m.UpdateTask(update)
    await watcher.to(last.revision)
    assert set(watcher.tasks) == {"b", "c"}
    assert watcher.tasks["b"].title == "19"  # type: ignore[attr-defined]
    await watcher.check()


async def test_slow_watcher_catches_up(client: Podium):
    """M17, S41: who falls behind gets one conflated change; the others saw each; both end equal."""
    fast, slow = Watcher(client, "p"), Watcher(client, "p")
    await asyncio.gather(fast.to(1), slow.to(1))
    count = 60

    async def write() -> None:
        for i in range(count):
            await client.maestro.CreateTask(task(f"t{i}"))

    await asyncio.gather(write(), fast.to(1 + count))
    await slow.to(1 + count)
    assert any(change.conflated for change in slow.changes) and len(slow.changes) < 10
    assert sum(len(change.events) for change in fast.changes) == count
    for watcher in (fast, slow):
        await watcher.check()


async def test_projects_are_apart(client: Podium):
    """M14, S35: a watcher of one project sees nothing of another; listings go by name, page by page."""
    for name in ("q", "r"):
        create = pb.CreateProjectRequest(project_id=name, repository=f"/src/{name}")
        await client.maestro.CreateProject(create)
    watcher = Watcher(client, "p")
    await watcher.to(1)
    await client.maestro.CreateTask(pb.CreateTaskRequest(project_id="q", task_id="other"))
    mine = await client.maestro.CreateTask(task("mine"))
    await watcher.to(mine.revision)
    assert set(watcher.tasks) == {"mine"}
    first = await client.maestro.ListProjects(pb.ListProjectsRequest(page_size=2))
    rest = await client.maestro.ListProjects(pb.ListProjectsRequest(page_size=2, page_token=first.next_page_token))
    assert [p.id for p in (*first.projects, *rest.projects)] == ["q", "r", "p"] and not rest.next_page_token
    assert first.projects[0].revision == 2
    foreign = pb.ListTasksRequest(project_id="p", page_token=first.next_page_token)
    await refused(client.maestro.ListTasks(foreign), "INVALID_PAGE_TOKEN", "INVALID_ARGUMENT")


async def test_project_deleted_and_made_again(client: Podium):
    """A watcher that was away while the project was deleted and made anew keeps nothing of the old one."""
    await client.maestro.CreateTask(task("old"))
    online, offline = Watcher(client, "p"), Watcher(client, "p")
    await asyncio.gather(online.to(2), offline.to(2))
    await client.maestro.DeleteProject(pb.DeleteProjectRequest(project_id="p"))
    await online.to(3)
    assert not online.tasks and not online.project
    await refused(client.maestro.GetProject(pb.GetProjectRequest(project_id="p")), "PROJECT_NOT_FOUND", "NOT_FOUND")
    await client.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/shop"))
    last = await client.maestro.CreateTask(task("new"))
    for watcher in (online, offline):
        await watcher.to(last.revision)
        assert set(watcher.tasks) == {"new"} and watcher.project == "shop"


async def test_long_states_come_in_parts(client: Podium):
    """A project, or a change, that is longer than a message comes in parts and is complete at the end."""
    watcher = Watcher(client, "p")
    await watcher.to(1)
    for i in range(40):
        last = await client.maestro.CreateTask(task(f"t{i}", prompt="x" * 60_000))
    fresh = Watcher(client, "p")
    await asyncio.gather(watcher.to(last.revision), fresh.to(last.revision))
    assert any(change.partial for change in watcher.changes)
    for each in (watcher, fresh):
        await each.check()


async def test_lazy_watchers_start_with_a_bookmark(client: Podium):
    """Without more said, a watch begins with the current revision and no state."""
    await client.maestro.CreateTask(task("a"))
    lazy = Watcher(client, "p")
    await lazy.to(2, start=pb.WATCH_START_UNSPECIFIED)
    assert (lazy.revision, lazy.tasks) == (2, {})


async def test_resume_point_that_never_was(client: Podium):
    """A revision from another life of the store is OUT_OF_RANGE: fetch anew."""
    request = pb.WatchProjectRequest(project_id="p", after_revision=99)
    with pytest.raises(PodiumError) as caught:
        async for _ in client.maestro.WatchProject(request):
            pass
    assert caught.value.code == "OUT_OF_RANGE"
