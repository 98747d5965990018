"""A project on real servers, and caches on it through a network that can be made bad."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from podium.client.cache import CachedProject, MaestroCache
from podium.client.clock import Clock, SystemClock
from podium.client.connection import Podium
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.maestro.servers import Servers, everything, servers
from tests.support.chaos_proxy import ChaosProxy

LIMIT_SECONDS = 30.0


class Hasty(SystemClock):
    """Pauses are a twentieth, so that back-offs take no test's time; `now` can be moved on."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return super().monotonic() + self.offset

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await super().sleep(seconds / 20)


@dataclass
class World:
    """The servers, the way to them, and a person's connection that does not go that way."""

    servers: Servers
    proxy: ChaosProxy
    admin: Podium
    stack: AsyncExitStack
    clock: Hasty = field(default_factory=Hasty)

    def through(self, address: str = "") -> Podium:
        """A connection through the proxy."""
        settings = self.servers.settings("maestro")
        token = issue_token(settings.key_file.read_bytes().strip(), Identity(CallerKind.PERSON, "ben"))
        addresses = {"maestro": address or self.proxy.address}
        client = Podium.connect(installation=settings.installation, token=token, addresses=addresses)
        self.stack.push_async_callback(client.close)
        return client

    def cache(self, client: Podium | None = None, clock: Clock | None = None) -> CachedProject:
        """The project `p` in a cache of its own."""
        made = MaestroCache(client or self.through(), clock=clock or self.clock, chance=lambda: 0.0)
        self.stack.push_async_callback(made.close)
        return made.project("p")

    async def equal(self, project: CachedProject) -> None:
        """The cache has come to what the server says, and holds nothing else.

        Calls that somebody gave up may still arrive: it is looked again when the server has moved on.
        """
        while True:
            before = await self.revision()
            tasks, sessions = await everything(self.admin, "p")
            if await self.revision() != before:
                continue
            await project.until(lambda p: (p.revision or 0) >= before)  # noqa: B023
            if project.revision == before:
                await project.until(lambda p: p.revision != before or shown(p) == (tasks, sessions))  # noqa: B023
            if project.revision == before:
                return

    async def revision(self) -> int:
        """The server's."""
        return (await self.admin.maestro.GetProject(pb.GetProjectRequest(project_id="p"))).revision


def shown(project: CachedProject) -> tuple[dict[str, object], dict[str, object]]:
    """What the cache shows, by id."""
    return {each.id: each for each in project.tasks()}, {each.id: each for each in project.sessions()}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Event store, Maestro, the project `p`, and a proxy before Maestro."""
    async with servers(tmp_path) as running, AsyncExitStack() as stack:
        installation = running.settings("maestro").installation
        proxy = ChaosProxy(installation.run_dir / "chaos.sock", installation.socket("maestro"))
        await stack.enter_async_context(proxy)
        admin = running.connect()
        await admin.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/shop"))
        yield World(running, proxy, admin, stack)


Create = Callable[..., Awaitable[pb.CreateTaskResponse]]


@pytest.fixture
def create(world: World) -> Create:
    """Somebody else makes a task."""

    async def make(task_id: str, title: str = "") -> pb.CreateTaskResponse:
        return await world.admin.maestro.CreateTask(
            pb.CreateTaskRequest(project_id="p", task_id=task_id, title=title or task_id)
        )

    return make
