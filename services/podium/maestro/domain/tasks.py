"""Decisions on tasks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from podium.kernel.errors import Kind, Rejection, already_exists, invalid, precondition
from podium.maestro.domain import commands, facts
from podium.maestro.domain.change import Change, masked
from podium.maestro.domain.model import Session, Task, TaskPriority, TaskStatus

DELETED_AT_ONCE = 10_000
"""Tasks that one DeleteTask removes at most: the change must fit into one event."""

_UPDATABLE = ("parent_id", "title", "description", "prompt", "status", "priority")


def create(change: Change, command: commands.CreateTask) -> None:
    """Make it, PENDING, with the next number."""
    project = change.project()
    task_id = command.task_id or change.context.derive("task")
    if task_id in change.draft.tasks or task_id in change.draft.followed:
        raise already_exists("TASK_ALREADY_EXISTS", f"the id {task_id} is or was a task's", task_id=task_id)
    if command.parent_id:
        change.task(command.parent_id)
    now = change.context.now
    change.add(
        facts.TaskCreated(
            Task(
                task_id,
                change.draft.task_numbers + 1,
                project.id,
                command.parent_id,
                command.title,
                command.description,
                command.prompt,
                TaskStatus.PENDING,
                _priority(command.priority),
                created_time=now,
                updated_time=now,
            )
        )
    )


def update(change: Change, command: commands.UpdateTask) -> None:
    """Change the named fields; values that it has already change nothing."""
    change.project()
    task = change.task(command.task_id)
    names = masked(command.update_mask, _UPDATABLE)
    new = replace(task, **{name: getattr(command, name) for name in names})
    if new.priority is not task.priority:
        new = replace(new, priority=_priority(new.priority))
    if new.status is not task.status:
        _check_status(task, new.status)
        new = with_status(new, new.status, change.context.now)
    if new.parent_id and new.parent_id != task.parent_id:
        _check_parent(change, task.id, new.parent_id)
    patch(change, task, new)


def delete(change: Change, command: commands.DeleteTask) -> None:
    """Remove it and its descendants, deepest first, and take them out of every session."""
    change.project()
    doomed = list(_subtree(change, change.task(command.task_id)))
    for task in doomed:
        if task.pod_active:
            raise pod_active(task.id, "cancel its pod first")
    sessions: dict[str, None] = {}
    for task in doomed:
        sessions.update(dict.fromkeys(task.session_ids))
        change.add(facts.TaskDeleted(task.id))
    change.add(*(facts.SessionUpdated(Session(session_id)) for session_id in sessions))


def with_status(task: Task, status: TaskStatus, now: datetime) -> Task:
    """The task with another status; the times of its first start and first end are set once."""
    started, completed = task.started_time, task.completed_time
    if status is TaskStatus.IN_PROGRESS and started is None:
        started = now
    if status in (TaskStatus.COMPLETED, TaskStatus.CANCELLED) and completed is None:
        completed = now
    return replace(task, status=status, started_time=started, completed_time=completed)


def patch(change: Change, old: Task, new: Task) -> None:
    """Record what differs, if anything does."""
    names = (*_UPDATABLE, "pod", "started_time", "completed_time")
    changed = tuple(name for name in names if getattr(new, name) != getattr(old, name))
    if changed:
        change.add(facts.TaskUpdated(Task(old.id, **{name: getattr(new, name) for name in changed}), changed))


def pod_active(task_id: str, remedy: str) -> Rejection:
    """An unfinished pod owns the task."""
    return precondition("POD_ACTIVE", f"task {task_id} has an unfinished pod; {remedy}", task_id=task_id)


def _priority(priority: TaskPriority) -> TaskPriority:
    return TaskPriority.MEDIUM if priority is TaskPriority.UNSPECIFIED else priority


def _check_status(task: Task, status: TaskStatus) -> None:
    if status is TaskStatus.UNSPECIFIED:
        raise invalid("status", "must be set where update_mask names it")
    if task.pod_active:
        raise pod_active(task.id, "its status is the pod's")


def _check_parent(change: Change, task_id: str, parent_id: str) -> None:
    ancestor = change.task(parent_id)
    while True:
        if ancestor.id == task_id:
            raise precondition("TASK_CYCLE", f"task {task_id} would be its own ancestor", task_id=task_id)
        if not ancestor.parent_id:
            return
        ancestor = change.task(ancestor.parent_id)


def _subtree(change: Change, root: Task) -> Iterator[Task]:
    """The task and its descendants, each after all of its own; without recursion, trees may be deep."""
    order: list[Task] = []
    stack = [root]
    while stack:
        task = stack.pop()
        order.append(task)
        if len(order) > DELETED_AT_ONCE:
            raise Rejection(
                Kind.INVALID_ARGUMENT,
                "TOO_MANY_ENTRIES",
                f"task {root.id} has more than {DELETED_AT_ONCE} descendants; delete parts of it first",
                {"field": "task_id", "limit": str(DELETED_AT_ONCE)},
            )
        parts = change.draft.parts.get(task.id)
        if parts is not None:
            stack.extend(change.draft.tasks[parts[number]] for number in sorted(parts))
    return reversed(order)
