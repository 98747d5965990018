"""How the answer to each key is fetched: page by page, abandoned when a newer fetch of the key begins."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from podium.client.cache.keys import Key
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1.task_pb2 import Project, Session, Task

if TYPE_CHECKING:
    from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceAsyncStub

PAGE_SIZE = 1000
"""Fewer, longer pages: what is asked for is shown whole."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an answer, and the revision that it shows."""

    revision: int
    tasks: tuple[Task, ...] = ()
    sessions: tuple[Session, ...] = ()
    project: Project | None = None


async def pages(maestro: "MaestroServiceAsyncStub", project_id: str, key: Key) -> AsyncGenerator[Page, None]:
    """The answer for a key. Raises PodiumError; LookupError for a key that nothing is fetched for."""
    match key.kind:
        case "tasks" | "session_tasks":
            async with aclosing(_tasks(maestro, project_id, key.id)) as found:
                async for page in found:
                    yield page
        case "sessions" | "task_sessions":
            async with aclosing(_sessions(maestro, project_id, key.id)) as found:
                async for page in found:
                    yield page
        case "task":
            task = await maestro.GetTask(pb.GetTaskRequest(project_id=project_id, task_id=key.id))
            yield Page(task.revision, tasks=(task.task,))
        case "session":
            session = await maestro.GetSession(pb.GetSessionRequest(project_id=project_id, session_id=key.id))
            yield Page(session.revision, sessions=(session.session,))
        case "project":
            project = await maestro.GetProject(pb.GetProjectRequest(project_id=project_id))
            project.project.ClearField("revision")  # so that it equals what changes carry
            yield Page(project.revision, project=project.project)
        case _:
            raise LookupError(f"nothing is fetched for {key}")


async def _tasks(maestro: Any, project_id: str, session_id: str) -> AsyncGenerator[Page, None]:
    token = ""
    while True:
        page = await maestro.ListTasks(
            pb.ListTasksRequest(project_id=project_id, session_id=session_id, page_size=PAGE_SIZE, page_token=token)
        )
        yield Page(page.revision, tasks=tuple(page.tasks))
        token = page.next_page_token
        if not token:
            return


async def _sessions(maestro: Any, project_id: str, task_id: str) -> AsyncGenerator[Page, None]:
    token = ""
    while True:
        page = await maestro.ListSessions(
            pb.ListSessionsRequest(project_id=project_id, task_id=task_id, page_size=PAGE_SIZE, page_token=token)
        )
        yield Page(page.revision, sessions=tuple(page.sessions))
        token = page.next_page_token
        if not token:
            return
