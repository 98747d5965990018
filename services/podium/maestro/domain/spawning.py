"""Decisions on sessions whose process a runner starts: ordered, claimed, reported on, lost."""

import re
from dataclasses import replace

from podium.kernel.errors import Kind, Rejection, invalid, precondition
from podium.kernel.identity import CallerKind
from podium.maestro.domain import process_commands
from podium.maestro.domain.change import Change
from podium.maestro.domain.facts import SessionJobEnded, SessionJobOpened, SessionJobUpdated
from podium.maestro.domain.jobs import close_job, job_id_of, job_not_found
from podium.maestro.domain.model import (
    NeedsInput,
    Session,
    SessionJob,
    SessionJobKind,
    SessionOrigin,
    SessionStatus,
)
from podium.maestro.domain.orders import JobClosure, SessionJobIssued, SpawnOrder, SpawnTask
from podium.maestro.domain.sessions import check_env, new_id, open_session, report, settled

JOBS_PER_PROJECT = 256
"""Sessions with a process, and closed ones whose process has not ended, that a project has at most."""
COMMAND_BYTES = 128 << 10
"""Of a command's words: what Linux takes for one word."""
TASK_BYTES = 512 << 10
"""Of the tasks' texts in one order, which is one event."""
ROWS, COLUMNS = 24, 80
ACTIVE_EVERY_SECONDS = 10.0
"""Signs of life that come faster are not recorded."""

_POOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def spawn(change: Change, command: process_commands.SpawnSession) -> None:
    """Make the session, STARTING, and its order."""
    project = change.project()
    session_id = new_id(change, command.session_id)
    tasks = tuple(_told(change, task_id) for task_id in dict.fromkeys(command.task_ids))
    _check(change, command, tasks)
    now = change.context.now
    name = command.name or command.agent or _program(command.command) or "terminal"
    number = change.draft.session_numbers + 1
    stream = f"jobs/{command.pool or 'default'}"
    job = SessionJob(job_id_of(project.id, number), session_id, SessionJobKind.SPAWN, stream, now)
    session = Session(
        session_id,
        number,
        project.id,
        tuple(task.id for task in tasks),
        name,
        command.agent,
        SessionOrigin.PERSON,
        dict(command.env),
        SessionStatus.STARTING,
        NeedsInput(),
        started_time=now,
        last_activity_time=now,
        job_id=job.id,
        command=command.command,
        working_directory=command.working_directory,
        rows=command.rows or ROWS,
        columns=command.columns or COLUMNS,
    )
    open_session(change, session)
    change.add(SessionJobOpened(job))
    order = SpawnOrder(
        name,
        session.agent,
        session.command,
        session.env,
        session.working_directory,
        project.repository,
        session.rows,
        session.columns,
        tasks,
        str(change.context.actor),
    )
    change.send(stream, SessionJobIssued(job.id, project.id, session_id, created_time=now, spawn=order))


def claim(change: Change, command: process_commands.ClaimSession) -> None:
    """The first runner gets it; whoever has it may say so again, under a newer epoch too."""
    runner_id = _runner(change)
    job = _spawn_job(change, command.job_id, command.session_id)
    if job.runner_id and job.runner_id != runner_id:
        raise precondition(
            "SESSION_CLAIMED",
            f"runner {job.runner_id} claimed session {job.session_id} first",
            runner_id=job.runner_id,
        )
    if not job.runner_id:
        close_job(change, job, JobClosure.CLAIMED)
    _update(change, job, replace(_trusted(job, command.lease_epoch), runner_id=runner_id))
    session = change.session(job.session_id)
    if session.runner_id != runner_id:
        report(change, session, settled(change, replace(session, runner_id=runner_id)))


def report_session(change: Change, command: process_commands.ReportSession) -> None:
    """Take in what a runner says; the same again changes nothing."""
    if command.closed is not None:
        _closed(change, command)
        return
    job = _spawn_job(change, command.job_id, command.session_id)
    _check_holder(change, job, command.lease_epoch)
    session = change.session(job.session_id)
    if command.started is not None:
        _started(change, session, command.started)
    elif command.exited is not None:
        _ended(change, session, *_outcome(command.exited), command.exited)
    elif command.refused is not None:
        _ended(change, session, SessionStatus.FAILED, command.refused.cause)
    elif command.active is not None:
        last = session.last_activity_time
        if last is None or (change.context.now - last).total_seconds() >= ACTIVE_EVERY_SECONDS:
            report(change, session, settled(change, session))
    else:
        raise invalid("report", "must be one of started, exited, refused, active, closed")
    if job.id in change.draft.session_jobs:
        _update(change, job, _trusted(job, command.lease_epoch))


def runner_lease_changed(change: Change, command: process_commands.RunnerLeaseChanged) -> None:
    """Doubt the sessions of a runner that is away, or came back and has not said yet that they still run."""
    for job in list(change.draft.session_jobs.values()):
        if job.kind is not SessionJobKind.SPAWN or job.runner_id != command.runner_id or job.runner_lost_time:
            continue
        newer = job.lease_epoch > 0 and command.lease_epoch > job.lease_epoch
        gone = not command.live and command.lease_epoch >= job.lease_epoch
        if newer or gone:
            _update(change, job, replace(job, runner_lost_time=change.context.now))


def fail(change: Change, job: SessionJob, cause: str) -> None:
    """End a session whose order came to nothing."""
    session = change.session(job.session_id)
    if not job.runner_id:
        close_job(change, job, JobClosure.CANCELLED)
    _ended(change, session, SessionStatus.FAILED, cause)


# -- reports -----------------------------------------------------------------------------------------------------


def _started(change: Change, session: Session, started: process_commands.SessionStarted) -> None:
    if session.status is SessionStatus.STARTING:
        working = replace(session, status=SessionStatus.WORKING, process_id=started.process_id)
        report(change, session, settled(change, working))


def _outcome(exited: process_commands.SessionExited) -> tuple[SessionStatus, str]:
    if exited.signal:
        return SessionStatus.FAILED, exited.cause or f"ended by signal {exited.signal}"
    if exited.status:
        return SessionStatus.FAILED, exited.cause or f"exit status {exited.status}"
    return SessionStatus.COMPLETED, exited.cause


def _ended(
    change: Change,
    session: Session,
    status: SessionStatus,
    cause: str,
    exited: process_commands.SessionExited | None = None,
) -> None:
    ended = replace(session, status=status, exit_reason=cause)
    if exited is not None:
        ended = replace(ended, exit_status=exited.status, exit_signal=exited.signal)
    report(change, session, settled(change, ended))
    change.add(SessionJobEnded(session.job_id))


def _closed(change: Change, command: process_commands.ReportSession) -> None:
    """The end of a CLOSE; said again, or of one that was given up, it changes nothing."""
    job = change.draft.session_jobs.get(command.job_id)
    if job is None or job.session_id != command.session_id:
        return
    if job.kind is not SessionJobKind.CLOSE:
        raise invalid("closed", "is for the job of a CloseOrder; report `exited` for a process that ended")
    _check_holder(change, job, 0)
    change.add(SessionJobEnded(job.id))
    close_job(change, job, JobClosure.REPORTED)


def _trusted(job: SessionJob, lease_epoch: int) -> SessionJob:
    """The order after a word of its runner."""
    return replace(job, lease_epoch=max(job.lease_epoch, lease_epoch), runner_lost_time=None)


def _update(change: Change, old: SessionJob, new: SessionJob) -> None:
    names = ("runner_id", "lease_epoch", "runner_lost_time")
    changed = tuple(name for name in names if getattr(new, name) != getattr(old, name))
    if changed:
        values = {name: getattr(new, name) for name in changed}
        change.add(SessionJobUpdated(SessionJob(old.id, **values), changed))


# -- what must hold ----------------------------------------------------------------------------------------------


def _runner(change: Change) -> str:
    actor = change.context.actor
    if actor.kind is not CallerKind.RUNNER:
        raise Rejection(
            Kind.PERMISSION_DENIED,
            "CALLER_NOT_ALLOWED",
            f"{actor} is not a runner",
            {"caller": str(actor)},
        )
    return actor.name


def _spawn_job(change: Change, job_id: str, session_id: str) -> SessionJob:
    job = change.draft.session_jobs.get(job_id)
    if job is None or job.kind is not SessionJobKind.SPAWN or job.session_id != session_id:
        raise job_not_found(job_id)
    return job


def _check_holder(change: Change, job: SessionJob, lease_epoch: int) -> None:
    runner_id = _runner(change)
    if job.runner_id == runner_id and not 0 < lease_epoch < job.lease_epoch:
        return
    holder = f"runner {job.runner_id} holds it" if job.runner_id else "nobody has claimed it"
    if job.runner_id == runner_id:
        holder = f"it is held under epoch {job.lease_epoch}"
    raise precondition(
        "SESSION_NOT_YOURS",
        f"session {job.session_id}: {holder}",
        session_id=job.session_id,
        runner_id=job.runner_id,
    )


def _told(change: Change, task_id: str) -> SpawnTask:
    task = change.task(task_id)
    return SpawnTask(task.id, task.number, task.title, task.description, task.prompt)


def _program(command: tuple[str, ...]) -> str:
    return command[0].rsplit("/", 1)[-1] if command else ""


def _check(change: Change, command: process_commands.SpawnSession, tasks: tuple[SpawnTask, ...]) -> None:
    check_env(command.env)
    for name, value in command.env.items():
        if "=" in name or "\0" in name or "\0" in value:
            raise invalid(f"env[{name}]", "names have no '=', and neither names nor values a null character")
    for field, words in (("command", command.command), ("working_directory", (command.working_directory,))):
        if any("\0" in word for word in words):
            raise invalid(field, "must not have a null character")
    if command.command and not command.command[0]:
        raise invalid("command[0]", "must name a program")
    size = sum(len(word.encode()) for word in command.command)
    if size > COMMAND_BYTES:
        raise invalid("command", f"has {size} bytes; at most {COMMAND_BYTES}", "CONTENT_TOO_LONG")
    size = sum(len(text.encode()) for task in tasks for text in (task.title, task.description, task.prompt))
    if size > TASK_BYTES:
        raise invalid(
            "task_ids", f"the tasks' texts have {size} bytes; at most {TASK_BYTES}: name fewer", "CONTENT_TOO_LONG"
        )
    if command.pool and not _POOL.fullmatch(command.pool):
        raise invalid("pool", "must be letters, digits, '.', '_' and '-'")
    if len(change.draft.session_jobs) >= JOBS_PER_PROJECT:
        raise precondition(
            "TOO_MANY_ENTRIES",
            f"project {change.draft.id} has {JOBS_PER_PROJECT} processes; close one first",
            field="session_jobs",
            limit=str(JOBS_PER_PROJECT),
        )
