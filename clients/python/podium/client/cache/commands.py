"""Calls that change a project, shown at once and rolled back where they fail.

Each returns the answer's entity and raises the PodiumError of its RPC, which `error(key)` of the entity keeps, too.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from google.protobuf.message import Message

from podium.client.cache import keys
from podium.client.cache.keys import Key
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1.task_pb2 import Session, Task

if TYPE_CHECKING:
    from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceAsyncStub
    from podium.tasks.v1.task_pb2 import SessionStatus, TaskPriority, TaskStatus, TimelineKind

R = TypeVar("R", bound=Message)


class TaskFields(TypedDict, total=False):
    """Fields of a task that a client sets; those that are given."""

    parent_id: str
    title: str
    description: str
    prompt: str
    priority: "TaskPriority.ValueType"


class TaskChanges(TaskFields, total=False):
    """Fields of a task that a client changes."""

    status: "TaskStatus.ValueType"


class SessionChanges(TypedDict, total=False):
    """Fields of a session that a client changes."""

    name: str
    agent: str
    status: "SessionStatus.ValueType"
    exit_reason: str


class SpawnFields(TypedDict, total=False):
    """What a runner is told of a session's process; those that are given."""

    name: str
    task_ids: Sequence[str]
    agent: str
    command: Sequence[str]
    env: Mapping[str, str]
    working_directory: str
    rows: int
    columns: int
    pool: str


class Commands(ABC):
    """The mutations; `send` is how one is made."""

    def __init__(self, maestro: "MaestroServiceAsyncStub") -> None:
        self._maestro = maestro

    @abstractmethod
    async def send(self, call: Callable[[R], Awaitable[Any]], request: R, key: Key) -> Any:
        """Show a request's expected effect, call, and take in the answer."""

    async def create_task(self, *, task_id: str = "", **fields: Unpack[TaskFields]) -> Task:
        """A new task, shown at once; its number comes with the answer."""
        request = pb.CreateTaskRequest(task_id=task_id or f"task_{uuid.uuid4().hex}", **fields)
        answer = await self.send(self._maestro.CreateTask, request, keys.task(request.task_id))
        return _task(answer)

    async def update_task(self, task_id: str, **changes: Unpack[TaskChanges]) -> Task:
        """Change the fields that are given."""
        request = pb.UpdateTaskRequest(task_id=task_id, **changes)
        request.update_mask.paths.extend(changes)
        return _task(await self.send(self._maestro.UpdateTask, request, keys.task(task_id)))

    async def delete_task(self, task_id: str) -> None:
        """Remove a task and all below it."""
        await self.send(self._maestro.DeleteTask, pb.DeleteTaskRequest(task_id=task_id), keys.task(task_id))

    async def create_session(
        self,
        *,
        session_id: str = "",
        task_ids: Sequence[str] = (),
        name: str = "",
        agent: str = "",
        env: Mapping[str, str] | None = None,
    ) -> Session:
        """A new session, linked to tasks."""
        request = pb.CreateSessionRequest(
            session_id=session_id or f"session_{uuid.uuid4().hex}", task_ids=task_ids, name=name, agent=agent, env=env
        )
        return _session(await self.send(self._maestro.CreateSession, request, keys.session(request.session_id)))

    async def spawn_session(self, *, session_id: str = "", **fields: Unpack[SpawnFields]) -> Session:
        """A new session whose process a runner starts in a terminal: see `Podium.attach`."""
        request = pb.SpawnSessionRequest(session_id=session_id or f"session_{uuid.uuid4().hex}", **fields)
        return _session(await self.send(self._maestro.SpawnSession, request, keys.session(request.session_id)))

    async def close_session(self, session_id: str) -> None:
        """End a session's process, and remove the session."""
        request = pb.CloseSessionRequest(session_id=session_id)
        await self.send(self._maestro.CloseSession, request, keys.session(session_id))

    async def update_session(self, session_id: str, **changes: Unpack[SessionChanges]) -> Session:
        """Change the fields that are given."""
        request = pb.UpdateSessionRequest(session_id=session_id, **changes)
        request.update_mask.paths.extend(changes)
        return _session(await self.send(self._maestro.UpdateSession, request, keys.session(session_id)))

    async def delete_session(self, session_id: str) -> None:
        """Remove a session, and take it out of every task."""
        request = pb.DeleteSessionRequest(session_id=session_id)
        await self.send(self._maestro.DeleteSession, request, keys.session(session_id))

    async def add_task_to_session(self, task_id: str, session_id: str) -> Session:
        """Link them."""
        request = pb.AddTaskToSessionRequest(task_id=task_id, session_id=session_id)
        return _session(await self.send(self._maestro.AddTaskToSession, request, keys.session(session_id)))

    async def remove_task_from_session(self, task_id: str, session_id: str) -> Session:
        """Unlink them; not linked: nothing happens."""
        request = pb.RemoveTaskFromSessionRequest(task_id=task_id, session_id=session_id)
        return _session(await self.send(self._maestro.RemoveTaskFromSession, request, keys.session(session_id)))

    async def set_needs_input(self, session_id: str, active: bool, message: str = "") -> Session:
        """Say that a session waits for a person, or no longer does."""
        request = pb.SetNeedsInputRequest(session_id=session_id, active=active, message=message)
        return _session(await self.send(self._maestro.SetNeedsInput, request, keys.session(session_id)))

    async def append_timeline(
        self, session_id: str, kind: "TimelineKind.ValueType", text: str, task_id: str = ""
    ) -> Session:
        """Add a line to a session's timeline; shown with the answer, since the server gives it its id."""
        request = pb.AppendTimelineRequest(session_id=session_id, kind=kind, text=text, task_id=task_id)
        return _session(await self.send(self._maestro.AppendTimeline, request, keys.session(session_id)))


def _task(answer: Any) -> Task:
    task: Task = answer.task
    return task


def _session(answer: Any) -> Session:
    session: Session = answer.session
    return session
