"""Decisions on sessions and links."""

import re
from collections.abc import Mapping
from dataclasses import replace

from podium.kernel.errors import Kind, Rejection, already_exists, invalid, precondition
from podium.maestro.domain import commands, facts, process_commands
from podium.maestro.domain.change import Change, masked
from podium.maestro.domain.jobs import release_process
from podium.maestro.domain.model import (
    NeedsInput,
    Session,
    SessionOrigin,
    SessionStatus,
    Task,
    TimelineEntry,
    TimelineKind,
)

TASKS_PER_SESSION = 1000
"""Tasks that a session holds at most."""

_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE_?KEY", re.IGNORECASE)
_UPDATABLE = ("name", "agent", "status", "exit_reason")
_REPORTED = (
    *_UPDATABLE,
    "needs_input",
    "completed_time",
    "last_activity_time",
    "runner_id",
    "process_id",
    "exit_status",
    "exit_signal",
)


def create(change: Change, command: commands.CreateSession) -> None:
    """Make it, linked to all of its tasks or not at all."""
    project = change.project()
    session_id = new_id(change, command.session_id)
    for task_id in command.task_ids:
        change.task(task_id)
    check_env(command.env)
    if command.status.terminal:
        raise invalid("status", "must be STARTING, WORKING or IDLE")
    unset = command.status is SessionStatus.UNSPECIFIED
    now = change.context.now
    open_session(
        change,
        Session(
            session_id,
            change.draft.session_numbers + 1,
            project.id,
            tuple(dict.fromkeys(command.task_ids)),
            command.name or command.agent,
            command.agent,
            SessionOrigin.PERSON,
            dict(command.env),
            SessionStatus.STARTING if unset else command.status,
            NeedsInput(),
            started_time=now,
            last_activity_time=now,
        ),
    )


def new_id(change: Change, wanted: str) -> str:
    """The id of a new session; raises SESSION_ALREADY_EXISTS."""
    session_id = wanted or change.context.derive("session")
    if session_id in change.draft.sessions:
        raise already_exists("SESSION_ALREADY_EXISTS", f"session {session_id} exists", session_id=session_id)
    return session_id


def open_session(change: Change, session: Session) -> None:
    """The members of a new session and its links, in the order that clients rely on."""
    change.add(facts.SessionCreated(session))
    for task_id in session.task_ids:
        change.add(
            facts.TaskUpdated(Task(task_id)),
            facts.SessionTaskAdded(session.id, task_id),
            facts.TaskSessionAdded(task_id, session.id),
        )


def update(change: Change, command: commands.UpdateSession) -> None:
    """Change the named fields; an ended session keeps its status."""
    change.project()
    session = change.session(command.session_id)
    names = masked(command.update_mask, _UPDATABLE)
    new = replace(session, **{name: getattr(command, name) for name in names})
    if new.status is not session.status and new.status is SessionStatus.UNSPECIFIED:
        raise invalid("status", "must be set where update_mask names it")
    if (new.status, new.exit_reason, new.agent) != (session.status, session.exit_reason, session.agent):
        _check_reports(session)
    if new != session:
        report(change, session, settled(change, new))
    if new.status.terminal:
        release_process(change, session, f"its session is {new.status.name.lower()}")


def settled(change: Change, session: Session) -> Session:
    """The session after a sign of life; one that has ended waits for nobody."""
    now = change.context.now
    if not session.status.terminal:
        return replace(session, last_activity_time=now)
    ended = session.completed_time or now
    last = now if session.completed_time is None else session.last_activity_time
    return replace(session, last_activity_time=last, completed_time=ended, needs_input=NeedsInput())


def report(change: Change, old: Session, new: Session) -> None:
    """Record what differs, if anything does."""
    changed = tuple(name for name in _REPORTED if getattr(new, name) != getattr(old, name))
    if changed:
        values = {name: getattr(new, name) for name in changed}
        change.add(facts.SessionUpdated(Session(old.id, **values), changed))


def delete(change: Change, command: commands.DeleteSession) -> None:
    """Remove it and take it out of every task; a process that it has is ended."""
    change.project()
    session = change.session(command.session_id)
    if session.live_agent:
        raise _live(session)
    _remove(change, session)
    release_process(change, session, "its session was deleted")


def close(change: Change, command: process_commands.CloseSession) -> None:
    """Complete it where it has not ended, and remove it; a process that it has is ended."""
    change.project()
    session = change.session(command.session_id)
    if session.live_agent:
        raise _live(session)
    if not session.status.terminal:
        completed = replace(session, status=SessionStatus.COMPLETED, exit_reason="closed")
        report(change, session, settled(change, completed))
    _remove(change, session)
    release_process(change, session, "its terminal was closed")


def _remove(change: Change, session: Session) -> None:
    change.add(facts.SessionDeleted(session.id))
    for task_id in session.task_ids:
        change.add(
            facts.TaskUpdated(Task(task_id)),
            facts.SessionTaskRemoved(session.id, task_id),
            facts.TaskSessionRemoved(task_id, session.id),
        )


def add_task(change: Change, command: commands.AddTaskToSession) -> None:
    """Link them."""
    change.project()
    session, task = change.session(command.session_id), change.task(command.task_id)
    if task.id in session.task_ids:
        raise already_exists(
            "ALREADY_LINKED",
            f"session {session.id} holds task {task.id}",
            task_id=task.id,
            session_id=session.id,
        )
    if len(session.task_ids) >= TASKS_PER_SESSION:
        raise Rejection(
            Kind.FAILED_PRECONDITION,
            "TOO_MANY_ENTRIES",
            f"session {session.id} holds {TASKS_PER_SESSION} tasks, which is all it can",
            {"field": "task_ids", "limit": str(TASKS_PER_SESSION)},
        )
    change.add(
        facts.SessionUpdated(Session(session.id)),
        facts.TaskUpdated(Task(task.id)),
        facts.SessionTaskAdded(session.id, task.id),
        facts.TaskSessionAdded(task.id, session.id),
    )


def remove_task(change: Change, command: commands.RemoveTaskFromSession) -> None:
    """Unlink them; where there is no link, nothing happens."""
    change.project()
    session, task = change.session(command.session_id), change.task(command.task_id)
    if task.id not in session.task_ids:
        return
    change.add(
        facts.SessionUpdated(Session(session.id)),
        facts.TaskUpdated(Task(task.id)),
        facts.SessionTaskRemoved(session.id, task.id),
        facts.TaskSessionRemoved(task.id, session.id),
    )


def append_timeline(change: Change, command: commands.AppendTimeline) -> None:
    """Add a line."""
    change.project()
    session = change.session(command.session_id)
    if command.kind not in (TimelineKind.PROGRESS, TimelineKind.NOTE, TimelineKind.ERROR):
        raise invalid("kind", "must be PROGRESS, NOTE or ERROR")
    if command.task_id:
        change.task(command.task_id)
    report(change, session, settled(change, session))
    entry = TimelineEntry(kind=command.kind, text=command.text, task_id=command.task_id)
    change.add(facts.TimelineAppended(session.id, entry))


def set_needs_input(change: Change, command: commands.SetNeedsInput) -> None:
    """Raise or lower the flag; saying the same again changes nothing."""
    change.project()
    session = change.session(command.session_id)
    before = session.needs_input or NeedsInput()
    if (command.active, command.message if command.active else "") == (before.active, before.message):
        return
    _check_reports(session)
    after = waiting(before, command.message, change) if command.active else NeedsInput()
    report(change, session, settled(change, replace(session, needs_input=after)))


def waiting(before: NeedsInput, message: str, change: Change) -> NeedsInput:
    """Waits for this; since when is kept where it waited before."""
    since = before.since_time if before.active else change.context.now
    return NeedsInput(True, message, since)


def _check_reports(session: Session) -> None:
    """Only a session that lives and that no pod owns can be reported on."""
    if session.status.terminal:
        raise precondition(
            "SESSION_ALREADY_TERMINAL",
            f"session {session.id} has ended: {session.status.name}",
            status=session.status.name,
        )
    if session.origin is SessionOrigin.POD:
        raise _live(session)


def _live(session: Session) -> Rejection:
    return precondition(
        "SESSION_LIVE",
        f"session {session.id} is a live agent's; interrupt the agent",
        session_id=session.id,
    )


def check_env(env: Mapping[str, str]) -> None:
    """Raises INVALID_FIELD for a name that looks like a secret's."""
    for name in env:
        if _SECRET.search(name):
            raise invalid(f"env[{name}]", "looks like a secret; sessions never keep secrets")
