"""The cache on real servers, through the public client. Numbers: maestro.md (M), scenarios.md (S)."""

import asyncio
import logging
from typing import Any

import pytest

from podium.client.cache import Connection, keys
from podium.client.cache.keys import TASKS
from podium.client.errors import PodiumError
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2
from tests.client.cache.conftest import Create, World


def ids(entities: Any) -> list[str]:
    return [each.id for each in entities]


async def test_expanding_twice(world: World, create: Create):
    """M19, S38: expanded again at 10 s and at 30,000 ms it is there already; at 31 s it is fetched again."""
    await create("a")
    client = world.through()
    project = world.cache(client)
    asked = _counted(client, "ListTasks")
    assert ids(await project.load_tasks()) == ["a"]
    world.clock.offset += 10
    assert ids(await project.load_tasks()) == ["a"]
    assert len(asked) == 1
    world.clock.offset += 21
    assert ids(await project.load_tasks()) == ["a"]
    assert len(asked) == 2


async def test_lists_stay_current(world: World, create: Create):
    """S32, S34, S35: what others make, change and delete shows up everywhere, once, and only of this project."""
    m = world.admin.maestro
    await create("a")
    project = world.cache()
    await project.load_tasks()
    await m.CreateSession(pb.CreateSessionRequest(project_id="p", session_id="s", task_ids=["a"]))
    await m.CreateProject(pb.CreateProjectRequest(project_id="q", repository="/src/q"))
    await m.CreateTask(pb.CreateTaskRequest(project_id="q", task_id="foreign"))
    await create("b")
    await world.equal(project)
    assert ids(project.tasks()) == ["b", "a"]
    assert ids(await project.load_task_sessions("a")) == ["s"]
    assert ids(await project.load_session_tasks("s")) == ["a"]
    await m.DeleteSession(pb.DeleteSessionRequest(project_id="p", session_id="s"))
    await world.equal(project)
    assert not project.task_sessions("a") and not project.session_tasks("s") and project.session("s") is None
    assert project.task("a").session_count == 0  # type: ignore[union-attr]


async def test_server_stopped_and_started(world: World, create: Create):
    """M15, M16, S39, S40: the loss is shown; after it all is as the server has it, deletions too."""
    await create("a")
    await create("b")
    project = world.cache()
    states: list[Connection] = []
    project.listen(keys.CONNECTION, lambda _: states.append(project.connection))
    with project.showing(TASKS):
        await project.load_tasks()
        await project.until(lambda p: p.connection is Connection.CONNECTED)
        await world.servers.stop_maestro()
        await project.until(lambda p: p.connection is Connection.RECONNECTING)
        assert ids(project.tasks()) == ["b", "a"]
        await world.servers.start_maestro()
        await world.admin.maestro.DeleteTask(pb.DeleteTaskRequest(project_id="p", task_id="a"))
        await create("c")
        await world.equal(project)
    await project.until(lambda p: p.connection is Connection.CONNECTED)
    assert ids(project.tasks()) == ["c", "b"] and project.error(keys.CONNECTION) is None
    assert states[0] is Connection.CONNECTED and Connection.RECONNECTING in states
    assert world.clock.pauses[0] == 1.0


async def test_offline_during_deletions(world: World, create: Create):
    """M12, M13, M16, S33, S36: after a time offline, deletions, ghosts and last values are as the server has them."""
    await create("gone")
    await create("kept")
    project = world.cache()
    await project.load_tasks()
    await project.until(lambda p: p.connection is Connection.CONNECTED)
    world.proxy.refuse()
    m = world.admin.maestro
    await m.DeleteTask(pb.DeleteTaskRequest(project_id="p", task_id="gone"))
    await create("ghost")
    await m.DeleteTask(pb.DeleteTaskRequest(project_id="p", task_id="ghost"))
    for title in ("first", "last"):
        rename = pb.UpdateTaskRequest(project_id="p", task_id="kept", title=title)
        rename.update_mask.paths.append("title")
        await m.UpdateTask(rename)
    world.proxy.flow()
    await world.equal(project)
    assert ids(project.tasks()) == ["kept"] and project.task("kept").title == "last"  # type: ignore[union-attr]


async def test_resume_point_lost(world: World, create: Create):
    """S40: too far behind to resume, the cache fetches anew what is visible, and drops what is not there any more."""
    await create("a")
    client = world.through()
    watch: Any = client.maestro.WatchProject

    def from_another_life(request: pb.WatchProjectRequest) -> Any:
        """The server cannot go on from a revision that it does not have."""
        if request.HasField("after_revision"):
            request.after_revision = 10_000
        return watch(request)

    client.maestro.WatchProject = from_another_life  # type: ignore[method-assign,assignment]
    project = world.cache(client)
    with project.showing(TASKS):
        await project.load_tasks()
        await project.until(lambda p: p.connection is Connection.CONNECTED)
        world.proxy.refuse()
        await world.admin.maestro.DeleteTask(pb.DeleteTaskRequest(project_id="p", task_id="a"))
        await create("b")
        world.proxy.flow()
        await project.until(lambda p: p.gaps == 1 and ids(p.tasks()) == ["b"])
    await world.equal(project)


async def test_optimistic_change(world: World, create: Create):
    """The expected effect is shown before the server has heard of it, and its answer replaces it."""
    await create("a", "old")
    project = world.cache()
    await project.load_tasks()
    seen: list[str] = []
    project.listen(keys.task("a"), lambda _: seen.append(project.task("a").title))  # type: ignore[union-attr]
    world.proxy.stall()
    changing = asyncio.ensure_future(project.update_task("a", title="new"))
    await project.until(lambda p: p.task("a").title == "new")  # type: ignore[union-attr]
    world.proxy.flow()
    assert (await changing).title == "new"
    await world.equal(project)
    assert set(seen) == {"new"} and not project.board.pending


async def test_failed_removal(world: World, create: Create):
    """M18, S37: a removal that the server refuses: the item is back, the error is shown until it is dismissed."""
    await create("a")
    project = world.cache()
    await project.load_tasks()
    shown: list[list[str]] = []
    project.listen(TASKS, lambda _: shown.append(ids(project.tasks())))
    project.board.tasks.put("unknown", task_pb2.Task(id="unknown"), 100)
    with pytest.raises(PodiumError) as refused:
        await project.delete_task("unknown")
    assert refused.value.reason == "TASK_NOT_FOUND" == project.error(keys.task("unknown")).reason  # type: ignore[union-attr]
    assert shown[-2:] == [["a"], ["unknown", "a"]]
    project.dismiss(keys.task("unknown"))
    assert project.error(keys.task("unknown")) is None


async def test_every_mutation_is_shown_first(world: World):
    """Each mutation, made through the cache, leaves the cache as the server is."""
    project = world.cache()
    await project.load_tasks()
    await project.load_sessions()
    a, b = await project.create_task(title="a"), await project.create_task(task_id="b", title="b")
    await project.create_task(task_id="part", parent_id=b.id)
    s = await project.create_session(session_id="s", task_ids=[a.id], agent="zsh", env={"A": "1"})
    await project.create_session(session_id="t")
    await project.add_task_to_session(b.id, s.id)
    await project.remove_task_from_session(a.id, s.id)
    await project.update_task(a.id, status=task_pb2.TASK_STATUS_COMPLETED, title="done")
    await project.update_session(s.id, name="mine", status=task_pb2.SESSION_STATUS_WORKING)
    await project.set_needs_input(s.id, True, "which one?")
    await project.append_timeline(s.id, task_pb2.TIMELINE_KIND_NOTE, "hello")
    await project.spawn_session(session_id="u", task_ids=[a.id], command=["/bin/sh", "-l"])
    await project.close_session("u")
    await project.spawn_session(session_id="v", agent="claude", rows=40, columns=120)
    await project.delete_task(b.id)
    await project.delete_session("t")
    await project.close_session("v")
    await world.equal(project)
    assert ids(project.tasks()) == [a.id] and ids(project.sessions()) == ["s"] and not project.board.pending


async def test_a_handler_that_throws(world: World, create: Create, caplog: pytest.LogCaptureFixture):
    """S42: it is logged; the other handlers and later changes are not disturbed."""
    project = world.cache()
    heard: list[keys.Key] = []

    def broken(_: keys.Key) -> None:
        raise ValueError("broken on purpose")

    project.listen(TASKS, broken)
    listening = project.listen(TASKS, heard.append)
    await project.until(lambda p: p.connection is Connection.CONNECTED)
    with caplog.at_level(logging.ERROR):
        await create("a")
        await create("b")
        await world.equal(project)
    assert heard.count(TASKS) == len(heard) >= 2 and "broken on purpose" in caplog.text
    listening.close()
    count = len(heard)
    await create("c")
    await world.equal(project)
    assert len(heard) == count


async def test_handlers_hear_of_their_keys_only(world: World, create: Create):
    """A handler of one task hears nothing of another one."""
    await create("a")
    project = world.cache()
    await project.load_tasks()
    heard: list[keys.Key] = []
    for key in (keys.task("a"), keys.session_tasks("s"), keys.SESSIONS):
        project.listen(key, heard.append)
    await create("b")
    await world.equal(project)
    assert heard == []


async def test_a_new_fetch_aborts_the_one_before(world: World, create: Create):
    """Whoever waits for the old one gets what the new one brings; loading is visible meanwhile."""
    await create("a")
    project = world.cache()
    await project.until(lambda p: p.connection is Connection.CONNECTED)
    world.proxy.stall()
    first = asyncio.ensure_future(project.load_tasks())
    await project.until(lambda p: p.loading(TASKS))
    second = asyncio.ensure_future(project.load_tasks())
    await project.until(lambda p: p.loading(TASKS))
    await create("b")
    world.proxy.flow()
    assert ids(await first) == ids(await second) == ["b", "a"]
    assert not project.loading(TASKS)


async def test_a_failed_load_is_shown_and_healed(world: World, create: Create):
    """A list that could not be loaded has its error; when the connection is back, what is visible is loaded."""
    client = world.through()
    project = world.cache(client)
    await project.until(lambda p: p.connection is Connection.CONNECTED)
    await create("a")
    list_tasks = client.maestro.ListTasks
    client.maestro.ListTasks = lambda request: list_tasks(request, timeout=0.05)  # type: ignore[method-assign,misc,assignment]
    world.proxy.refuse()
    with project.showing(TASKS):
        with pytest.raises(PodiumError):
            await project.load_tasks()
        assert project.error(TASKS) is not None
        client.maestro.ListTasks = list_tasks  # type: ignore[method-assign]
        world.proxy.flow()
        await project.until(lambda p: ids(p.tasks()) == ["a"] and p.error(TASKS) is None)


async def test_slow_client(world: World, create: Create):
    """M17, S41: a client on a bad line holds up nobody, and has everything in the end."""
    slow, fast = world.cache(), world.cache(world.admin)
    await slow.until(lambda p: p.connection is Connection.CONNECTED)
    await fast.until(lambda p: p.connection is Connection.CONNECTED)
    world.proxy.slow(20_000)
    for i in range(50):
        await create(f"t{i}", "x" * 500)
    await world.equal(fast)
    world.proxy.flow()
    await world.equal(slow)


async def test_a_project_that_comes_later(world: World):
    """A cache of a project that is not there says so, and follows it once it is made."""
    cache = world.cache()
    await cache.close()
    from podium.client.cache import MaestroCache

    async with MaestroCache(world.through(), clock=world.clock) as later:
        project = later.project("later")
        await project.until(lambda p: p.error(keys.CONNECTION) is not None)
        assert project.error(keys.CONNECTION).reason == "PROJECT_NOT_FOUND"  # type: ignore[union-attr]
        await world.admin.maestro.CreateProject(pb.CreateProjectRequest(project_id="later", repository="/src/l"))
        await project.until(lambda p: p.connection is Connection.CONNECTED)
        await project.load(keys.PROJECT)
        assert project.project().name == "l"  # type: ignore[union-attr]
        assert later.project("later") is project


async def test_refused_for_good(world: World):
    """A wrong token ends the watch with a visible reason instead of knocking for ever."""
    project = world.cache(world.through().acting_as("nonsense"))
    await project.until(lambda p: p.connection is Connection.FAILED)
    assert project.error(keys.CONNECTION).code == "UNAUTHENTICATED"  # type: ignore[union-attr]


def _counted(client: Any, name: str) -> list[Any]:
    """The requests of a method from now on."""
    method, seen = getattr(client.maestro, name), []

    def counting(request: Any) -> Any:
        seen.append(request)
        return method(request)

    setattr(client.maestro, name, counting)
    return seen
