"""The expected effects of calls, shown before their answers. An edit that meets its own effect changes nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2
from podium.tasks.v1.task_pb2 import Session, Task

E = TypeVar("E", Task, Session)


@dataclass(frozen=True, slots=True)
class EntityEdit:
    """An edit of one entity; `kind` is `task` or `session`."""

    kind: str
    id: str
    apply: Callable[[Any], Any]


def edits_of(  # noqa: PLR0911 - one branch for each mutation
    request: Message, tasks: Iterable[Task], sessions: Iterable[Session]
) -> Sequence[EntityEdit]:
    """What a request will do to what is shown; nothing for requests whose effect only the server knows."""
    match request:
        case pb.CreateTaskRequest():
            return [EntityEdit("task", request.task_id, _created(_new_task(request)))]
        case pb.UpdateTaskRequest():
            return [EntityEdit("task", request.task_id, _masked(request))]
        case pb.DeleteTaskRequest():
            return _task_deleted(request.task_id, list(tasks), sessions)
        case pb.CreateSessionRequest() | pb.SpawnSessionRequest():
            made = EntityEdit("session", request.session_id, _created(_new_session(request)))
            return [made, *(_task_linked(task_id, request.session_id) for task_id in request.task_ids)]
        case pb.UpdateSessionRequest():
            return [EntityEdit("session", request.session_id, _masked(request))]
        case pb.DeleteSessionRequest() | pb.CloseSessionRequest():
            holders = [task.id for task in tasks if request.session_id in task.session_ids]
            gone = EntityEdit("session", request.session_id, _deleted)
            return [gone, *(_task_unlinked(task_id, request.session_id) for task_id in holders)]
        case pb.AddTaskToSessionRequest():
            task_id, session_id = request.task_id, request.session_id
            return [_session_linked(session_id, task_id), _task_linked(task_id, session_id)]
        case pb.RemoveTaskFromSessionRequest():
            task_id, session_id = request.task_id, request.session_id
            return [_session_unlinked(session_id, task_id), _task_unlinked(task_id, session_id)]
        case pb.SetNeedsInputRequest():
            return [EntityEdit("session", request.session_id, _needs_input(request))]
    return ()


def _copy(entity: E) -> E:
    copy = type(entity)()
    copy.CopyFrom(entity)
    return copy


def _deleted(_: object) -> None:
    return None


def _created(made: E) -> Callable[[E | None], E | None]:
    return lambda there: made if there is None else there


def _changed(change: Callable[[Any], None]) -> Callable[[E | None], E | None]:
    """An edit of a copy; of nothing it makes nothing."""

    def edit(there: E | None) -> E | None:
        if there is None:
            return None
        copy = _copy(there)
        change(copy)
        return copy

    return edit


def _masked(request: pb.UpdateTaskRequest | pb.UpdateSessionRequest) -> Callable[[Any], Any]:
    values = {path: getattr(request, path) for path in request.update_mask.paths if hasattr(request, path)}

    def change(entity: Any) -> None:
        for path, value in values.items():
            setattr(entity, path, value)

    return _changed(change)


def _needs_input(request: pb.SetNeedsInputRequest) -> Callable[[Any], Any]:
    def change(session: Session) -> None:
        session.needs_input.active = request.active
        session.needs_input.message = request.message

    return _changed(change)


def _new_task(request: pb.CreateTaskRequest) -> Task:
    return Task(
        id=request.task_id,
        project_id=request.project_id,
        parent_id=request.parent_id,
        title=request.title,
        description=request.description,
        prompt=request.prompt,
        priority=request.priority or task_pb2.TASK_PRIORITY_MEDIUM,
        status=task_pb2.TASK_STATUS_PENDING,
    )


def _new_session(request: pb.CreateSessionRequest | pb.SpawnSessionRequest) -> Session:
    made = Session(
        id=request.session_id,
        project_id=request.project_id,
        task_ids=request.task_ids,
        name=request.name or request.agent,
        agent=request.agent,
        env=request.env,
        status=task_pb2.SESSION_STATUS_STARTING,
        origin=task_pb2.SESSION_ORIGIN_PERSON,
    )
    if isinstance(request, pb.CreateSessionRequest):
        made.status = request.status or made.status
        return made
    made.command.extend(request.command)
    made.name = made.name or (request.command[0].rpartition("/")[2] if request.command else "terminal")
    made.working_directory, made.rows, made.columns = request.working_directory, request.rows, request.columns
    return made


def _task_deleted(task_id: str, tasks: Sequence[Task], sessions: Iterable[Session]) -> Sequence[EntityEdit]:
    """The task and all below it, and their places in sessions."""
    parts: dict[str, list[str]] = {}
    for task in tasks:
        parts.setdefault(task.parent_id, []).append(task.id)
    gone, queue = {task_id}, [task_id]
    while queue:
        below = [each for each in parts.get(queue.pop(), ()) if each not in gone]
        gone.update(below)
        queue += below
    edits = [EntityEdit("task", each, _deleted) for each in sorted(gone)]
    for session in sessions:
        if gone.intersection(session.task_ids):
            edits.append(EntityEdit("session", session.id, lambda there: there and session_without(there, *gone)))
    return edits


def task_without(task: Task, session_id: str) -> Task:
    """A copy that is not in a session."""
    copy = _copy(task)
    if session_id in copy.session_ids:
        copy.session_ids.remove(session_id)
    copy.session_count = len(copy.session_ids)
    return copy


def session_without(session: Session, *task_ids: str) -> Session:
    """A copy that does not hold some tasks."""
    copy = _copy(session)
    left = [each for each in copy.task_ids if each not in task_ids]
    del copy.task_ids[:]
    copy.task_ids.extend(left)
    return copy


def _task_linked(task_id: str, session_id: str) -> EntityEdit:
    def change(task: Task) -> None:
        if session_id not in task.session_ids:
            task.session_ids.append(session_id)
        task.session_count = len(task.session_ids)

    return EntityEdit("task", task_id, _changed(change))


def _task_unlinked(task_id: str, session_id: str) -> EntityEdit:
    return EntityEdit("task", task_id, lambda task: task and task_without(task, session_id))


def _session_linked(session_id: str, task_id: str) -> EntityEdit:
    def change(session: Session) -> None:
        if task_id not in session.task_ids:
            session.task_ids.append(task_id)

    return EntityEdit("session", session_id, _changed(change))


def _session_unlinked(session_id: str, task_id: str) -> EntityEdit:
    return EntityEdit("session", session_id, lambda session: session and session_without(session, task_id))
