"""Several Maestros on one store: every one of them shows the projects of all, and leads to their terminals."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.kernel.identity import CallerKind
from podium.kernel.ids import shard_of
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import terminal_service_pb2 as t
from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceStub
from tests.maestro.terminals import living, start
from tests.pod_manager.processes import Processes, processes

MAESTRO = "podium.maestro"
NAMES = [f"project {number:02}" for number in range(9)]
LIMIT_SECONDS = 60.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Processes]:
    """Two Maestros, and projects that each owns some of."""
    async with processes(tmp_path) as found:
        await found.start("one", MAESTRO)
        one = found.connect("one")
        for name in ("p", *NAMES):
            await one.maestro.CreateProject(pb.CreateProjectRequest(project_id=name, repository=f"/src/{name}"))
        await found.start("two", MAESTRO)
        await shared(one, found.connect("two"))
        yield found


async def owned(client: Podium) -> set[str]:
    """The projects that a process owns itself."""
    answer = await client.maestro.ListProjects(pb.ListProjectsRequest(owned_only=True))
    return {project.id for project in answer.projects if shard_of(project.id) in answer.shards}


async def shared(one: Podium, two: Podium) -> tuple[set[str], set[str]]:
    """What each owns, once the shards have been shared out and every project has its owner."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            first, second = await owned(one), await owned(two)
            if first and second and first | second == {"p", *NAMES} and not first & second:
                return first, second
            await asyncio.sleep(0.05)


async def listed(client: Podium) -> list[str]:
    """All pages; four projects each."""
    found: list[str] = []
    token = ""
    while True:
        page = await client.maestro.ListProjects(pb.ListProjectsRequest(page_size=4, page_token=token))
        assert len(page.projects) <= 4 and not page.shards
        found += [project.id for project in page.projects]
        token = page.next_page_token
        if not token:
            return found


async def test_every_process_lists_the_projects_of_all(house: Processes):
    """By name over all owners, page by page, whichever process is asked; also after one of them was killed."""
    one, two = house.connect("one"), house.connect("two")
    for client in (one, two):
        assert await listed(client) == ["p", *NAMES]
    await house.kill("two")
    assert await listed(one) == ["p", *NAMES]


async def test_terminals_are_found_at_their_owner(house: Processes):
    """Whoever asks the wrong process for a terminal is led to the owner: viewers by the client, runners by the word."""
    one, two = house.connect("one"), house.connect("two")
    first, _ = await shared(one, two)
    owner, other = ("one", "two") if "p" in first else ("two", "one")
    runner = house.connect(other, CallerKind.RUNNER, "r1")
    await living(runner)
    await start(one, runner)
    opening = t.ServeRequest(open=t.TerminalOpen(project_id="p", session_id="s", rows=24, columns=80))
    call = runner.terminals.Serve()
    await call.write(opening)
    with pytest.raises(PodiumError) as caught:
        await call.read()
    assert (caught.value.reason, caught.value.metadata["owner_address"]) == ("NOT_OWNER", house.address(owner))
    call = TerminalServiceStub(runner.channel(caught.value.metadata["owner_address"])).Serve()
    await call.write(opening)
    await call.read()
    async for item in house.connect(other).attach("p", "s"):
        assert item.opened.running
        break
