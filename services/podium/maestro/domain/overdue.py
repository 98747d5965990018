"""What time does to orders: nothing stays STARTING, or trusts a runner that is gone, for longer than this page says."""

from datetime import UTC, datetime, timedelta

from podium.maestro.domain.change import Change
from podium.maestro.domain.facts import SessionJobEnded
from podium.maestro.domain.jobs import close_job
from podium.maestro.domain.model import SessionJob, SessionJobKind, SessionStatus
from podium.maestro.domain.orders import JobClosure
from podium.maestro.domain.spawning import fail
from podium.maestro.domain.state import ProjectState

CLAIM_WITHIN = timedelta(seconds=30)
"""From the order; then nobody will take it."""
START_WITHIN = timedelta(minutes=10)
"""From the order, where a runner has it: it may have to fetch a repository first."""
RETURN_WITHIN = timedelta(seconds=5)
"""From the loss of its runner's lease; as long as a pod's agents have."""
CLOSE_WITHIN = timedelta(days=1)
"""A runner that is away that long ended its processes when it came back, or never will."""

_LOST = "runner lost"


def first(state: ProjectState) -> datetime | None:
    """When the first order is overdue; None where none will be."""
    due = min((_due(state, job)[0] for job in state.session_jobs.values()), default=_NEVER)
    return None if due == _NEVER else due


def settle(change: Change) -> None:
    """End what is overdue now."""
    state, now = change.board.state, change.context.now
    for job in list(state.session_jobs.values()):
        due, cause = _due(state, job)
        if due > now:
            continue
        if job.kind is SessionJobKind.SPAWN:
            fail(change, job, cause)
        else:
            change.add(SessionJobEnded(job.id))
            close_job(change, job, JobClosure.CANCELLED)


def _due(state: ProjectState, job: SessionJob) -> tuple[datetime, str]:
    """When an order is overdue, and what is then to be said of its session."""
    assert job.issued_time is not None
    if job.kind is SessionJobKind.CLOSE:
        return job.issued_time + CLOSE_WITHIN, ""
    if not job.runner_id:
        seconds, pool = int(CLAIM_WITHIN.total_seconds()), job.stream.partition("/")[2]
        return job.issued_time + CLAIM_WITHIN, f"no runner of pool {pool} took it within {seconds} seconds"
    if job.runner_lost_time is not None:
        return job.runner_lost_time + RETURN_WITHIN, f"{_LOST}: {job.runner_id}"
    session = state.sessions.get(job.session_id)
    if session is not None and session.status is SessionStatus.STARTING:
        return job.issued_time + START_WITHIN, f"runner {job.runner_id} took it and did not start it"
    return _NEVER, ""


_NEVER = datetime.max.replace(tzinfo=UTC)
