"""Orders to runners while they are open: what is told when one is no longer wanted."""

from podium.kernel.errors import Rejection, not_found
from podium.kernel.ids import derive
from podium.maestro.domain.change import Change
from podium.maestro.domain.facts import SessionJobEnded, SessionJobOpened
from podium.maestro.domain.model import Session, SessionJob, SessionJobKind
from podium.maestro.domain.orders import CloseOrder, JobClosure, SessionJobClosed, SessionJobIssued


def job_id_of(project_id: str, number: int) -> str:
    """The order that starts a session's process: a session's number is never given twice."""
    return derive("job", project_id, "session", str(number))


def job_not_found(job_id: str) -> Rejection:
    """There is no such order, or it is settled."""
    return not_found("JOB_NOT_FOUND", f"no open job {job_id}: end its process, if it has one", job_id=job_id)


def close_job(change: Change, job: SessionJob, closure: JobClosure) -> None:
    """Take an order out of the stream that it was issued in."""
    change.send(job.stream, SessionJobClosed(job.id, change.draft.id, job.session_id, closure))


def release_process(change: Change, session: Session, reason: str) -> None:
    """A session that has a process, or is about to get one, no longer wants it."""
    job = change.draft.session_jobs.get(session.job_id)
    if job is not None:
        release(change, job, reason)


def release(change: Change, job: SessionJob, reason: str) -> None:
    """Take a SPAWN back; where a runner has it, order the end of its process. A CLOSE goes on."""
    if job.kind is not SessionJobKind.SPAWN:
        return
    change.add(SessionJobEnded(job.id))
    if not job.runner_id:
        close_job(change, job, JobClosure.CANCELLED)
        return
    closing = SessionJob(
        derive("job", job.id, "close"),
        job.session_id,
        SessionJobKind.CLOSE,
        f"jobs/{job.runner_id}",
        change.context.now,
        job.runner_id,
    )
    change.add(SessionJobOpened(closing))
    change.send(
        closing.stream,
        SessionJobIssued(
            closing.id,
            change.draft.id,
            job.session_id,
            created_time=change.context.now,
            close=CloseOrder(reason, job.id),
        ),
    )
