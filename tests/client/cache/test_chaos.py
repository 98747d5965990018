"""Caches behind a network that cuts, stalls, swallows and crawls, before a server that stops and starts."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from podium.client.cache import CachedProject, Connection, keys
from podium.client.cache.keys import SESSIONS, TASKS
from podium.client.errors import PodiumError
from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.client.cache.conftest import LIMIT_SECONDS, World

CLIENTS = 3
RESTARTS_EVERY = 12
"""A restart among so many disturbances: it costs the most time and tries the same thing as a cut."""


class People:
    """Somebody who works on the project all the time, past the proxy; every call is one revision or a refusal."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._m = world.admin.maestro
        self._chance = chance
        self._made = 0

    async def work(self, calls: int) -> None:
        for _ in range(calls):
            try:
                await self._one()
            except PodiumError as error:
                if error.code not in ("NOT_FOUND", "ALREADY_EXISTS"):
                    raise

    async def _one(self) -> None:
        m, chance = self._m, self._chance
        task_id, session_id = f"t{chance.randrange(12)}", f"s{chance.randrange(6)}"
        self._made += 1
        match chance.randrange(6):
            case 0 | 1:
                await m.CreateTask(pb.CreateTaskRequest(project_id="p", task_id=task_id, title=f"{self._made}"))
            case 2:
                request = pb.UpdateTaskRequest(project_id="p", task_id=task_id, title=f"{self._made}")
                request.update_mask.paths.append("title")
                await m.UpdateTask(request)
            case 3:
                await m.DeleteTask(pb.DeleteTaskRequest(project_id="p", task_id=task_id))
            case 4:
                await m.CreateSession(
                    pb.CreateSessionRequest(project_id="p", session_id=session_id, task_ids=[task_id])
                )
            case 5:
                await m.DeleteSession(pb.DeleteSessionRequest(project_id="p", session_id=session_id))


async def clients_at_work(project: CachedProject, chance: random.Random) -> None:
    """A client that changes things through its cache; failures are rolled back, and nobody minds."""
    for _ in range(2):
        task_id = f"t{chance.randrange(12)}"
        try:
            async with asyncio.timeout(0.1):
                if chance.random() < 0.5:
                    await project.update_task(task_id, title=f"mine {chance.random()}")
                else:
                    await project.delete_task(task_id)
        except (PodiumError, TimeoutError):
            pass


async def disturb(world: World, chance: random.Random, number: int) -> None:
    """One disturbance, and its end."""
    proxy = world.proxy
    if number % RESTARTS_EVERY == RESTARTS_EVERY - 1:
        await world.servers.stop_maestro()
        await world.servers.start_maestro()
        return
    match chance.randrange(5):
        case 0 | 1:
            proxy.cut()
        case 2:
            proxy.stall()
        case 3:
            proxy.black_hole()
        case 4:
            proxy.slow(50_000)


async def rounds(world: World, count: int, seed: int) -> None:
    """Disturb while people and clients work; now and then wait until all is equal. In the end no task is left."""
    chance = random.Random(seed)
    people = People(world, chance)
    tasks_before = len(asyncio.all_tasks())
    async with AsyncExitStack() as world.stack:
        await disturbed(world, people, chance, count)
    async with asyncio.timeout(LIMIT_SECONDS):  # the servers' and the proxy's ends take a moment
        while len(asyncio.all_tasks()) > tasks_before:
            await asyncio.sleep(0.01)


async def disturbed(world: World, people: People, chance: random.Random, count: int) -> None:
    projects = [world.cache() for _ in range(CLIENTS)]
    for project in projects:
        await project.until(lambda p: p.connection is Connection.CONNECTED)
    with projects[0].showing(TASKS), projects[0].showing(SESSIONS), projects[1].showing(TASKS):
        for project in projects:
            await asyncio.gather(project.load_tasks(), project.load_sessions())
        for number in range(count):
            await disturb(world, chance, number)
            await people.work(3)
            await asyncio.gather(*(clients_at_work(project, chance) for project in projects))
            world.proxy.flow()
            if number % 10 == 9:
                await settle(world, projects)
        await settle(world, projects)
        for project in projects:
            await project.until(lambda p: p.background_tasks == 1, keys.CONNECTION, TASKS, SESSIONS)


async def settle(world: World, projects: list[CachedProject]) -> None:
    """Every cache is as the server, and holds nothing beside."""
    world.proxy.flow()
    for project in projects:
        await world.equal(project)
        board = project.board
        assert not board.pending and not board.freshness.loading
        assert board.tasks.deletions == board.sessions.deletions == 0
        assert len(board.tasks) == len(project.tasks()) and len(board.freshness) < 100
        assert project.gaps == 0, "a short loss is resumed, not fetched anew"


@pytest.mark.parametrize("seed", [1])
async def test_fifty_disturbances(world: World, seed: int):
    """After cuts, stalls, black holes, slow links and restarts every cache equals the server; nothing is left over."""
    await rounds(world, 50, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
async def test_a_thousand_disturbances(world: World, seed: int):
    """The same, for long."""
    await rounds(world, 250, seed)
