"""Real servers in this process: an event store and Maestro on it, and clients that call them as anybody would."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from podium.chassis.clock import SystemClock
from podium.chassis.server import Start, running
from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.event_store.__main__ import start as start_event_store
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.maestro.adapters.wiring import build as start_maestro
from podium.tasks.v1 import maestro_service_pb2 as pb


class Ahead(SystemClock):
    """The system's clock, some seconds later."""

    def __init__(self, seconds: float) -> None:
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._ahead


@dataclass
class Servers:
    """A data directory with its servers; Maestro can be stopped and started again."""

    data_dir: Path
    stack: AsyncExitStack
    leases: dict[str, float] = field(default_factory=dict)
    """Settings of theirs, where the usual ones do not do."""
    maestro: AsyncExitStack = field(default_factory=AsyncExitStack)

    def settings(self, service: str) -> ServiceSettings:
        return ServiceSettings(service=service, data_dir=self.data_dir, shutdown_grace_seconds=0.5, **self.leases)

    async def start(self, service: str, start: Start, ahead: float = 0.0) -> AsyncExitStack:
        """Start a server; close what is returned to stop it. Its clock is so many seconds ahead."""
        stack = await self.stack.enter_async_context(AsyncExitStack())
        await stack.enter_async_context(running(self.settings(service), start, clock=Ahead(ahead)))
        return stack

    async def start_maestro(self, ahead: float = 0.0) -> None:
        self.maestro = await self.start("maestro", start_maestro, ahead)

    async def stop_maestro(self) -> None:
        await self.maestro.aclose()

    def connect(self, kind: CallerKind = CallerKind.PERSON, name: str = "anna") -> Podium:
        """A connection under an identity, closed with the servers."""
        settings = self.settings("maestro")
        token = issue_token(settings.key_file.read_bytes().strip(), Identity(kind, name))
        client = Podium.connect(installation=settings.installation, token=token)
        self.stack.push_async_callback(client.close)
        return client


@asynccontextmanager
async def servers(data_dir: Path, **leases: float) -> AsyncIterator[Servers]:
    """Event store and Maestro, running."""
    async with AsyncExitStack() as stack:
        found = Servers(data_dir, stack, leases)
        await found.start("event-store", start_event_store)
        await found.start_maestro()
        yield found


class Watcher:
    """Keeps a copy of a project by applying what the watch says, and nothing else: no rules."""

    def __init__(self, client: Podium, project_id: str) -> None:
        self._client = client
        self._project_id = project_id
        self.revision: int | None = None
        self.project: str = ""
        self.tasks: dict[str, object] = {}
        self.sessions: dict[str, object] = {}
        self.changes: list[pb.ProjectChange] = []

    async def until(self, done: Callable[["Watcher"], bool], start: int = pb.WATCH_START_SNAPSHOT) -> None:
        """Watch, from where it stopped the last time, until the copy is as wanted."""
        request = pb.WatchProjectRequest(project_id=self._project_id, start=start, after_revision=self.revision)
        call = self._client.maestro.WatchProject(request)
        async for item in call:
            self.apply(item)
            if self.revision is not None and done(self):
                call.cancel()
                return

    async def to(self, revision: int, start: int = pb.WATCH_START_SNAPSHOT) -> None:
        """Watch until a revision is covered."""
        await self.until(lambda self: (self.revision or 0) >= revision, start)

    def apply(self, item: pb.WatchProjectResponse) -> None:
        match item.WhichOneof("item"):
            case "snapshot":
                self._keep(item.snapshot)
            case "bookmark":
                self.revision = item.bookmark.revision
            case "change":
                self._change(item.change)

    def _change(self, change: pb.ProjectChange) -> None:
        if self.revision is not None:
            if change.to_revision <= self.revision:
                return
            assert change.from_revision <= self.revision, "a revision is left uncovered"
        self.changes.append(change)
        if change.reset:
            self.project, self.tasks, self.sessions = "", {}, {}
        self._keep(change)
        for task_id in change.removed_tasks:
            self.tasks.pop(task_id, None)
        for session_id in change.removed_sessions:
            self.sessions.pop(session_id, None)
        if not change.partial:
            self.revision = change.to_revision

    def _keep(self, part: pb.ProjectSnapshot | pb.ProjectChange) -> None:
        if part.HasField("project"):
            self.project = part.project.name
        self.tasks.update({task.id: task for task in part.tasks})
        self.sessions.update({session.id: session for session in part.sessions})

    async def check(self) -> None:
        """The copy equals what the server lists."""
        listed = await everything(self._client, self._project_id)
        assert (self.tasks, self.sessions) == listed


async def everything(client: Podium, project_id: str) -> tuple[dict[str, object], dict[str, object]]:
    """All tasks and sessions, by id, page by page."""
    tasks: dict[str, object] = {}
    sessions: dict[str, object] = {}
    token = ""
    while True:
        page = await client.maestro.ListTasks(pb.ListTasksRequest(project_id=project_id, page_token=token))
        tasks.update({task.id: task for task in page.tasks})
        token = page.next_page_token
        if not token:
            break
    while True:
        listed = await client.maestro.ListSessions(pb.ListSessionsRequest(project_id=project_id, page_token=token))
        sessions.update({session.id: session for session in listed.sessions})
        token = listed.next_page_token
        if not token:
            return tasks, sessions
