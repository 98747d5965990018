"""Jobs: opening, moving and closing them, in the pod and in the runners' streams at once."""

from podium.pod_manager.domain import naming
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.events.lifecycle import JobEnded, JobMoved, JobOpened
from podium.pod_manager.domain.jobs import (
    InputOrder,
    InterruptOrder,
    JobClosed,
    JobIssued,
    JobWorkspace,
    LandOrder,
    LaunchOrder,
    MergeOrder,
    ReleaseOrder,
    VerifyOrder,
)
from podium.pod_manager.domain.kinds import AgentKind, JobClosure, JobEnding, JobKind, Landing
from podium.pod_manager.domain.proposing import description
from podium.pod_manager.domain.queries import branch_of
from podium.pod_manager.domain.resources import Agent, Job, Pod

DEFAULT_POOL = "default"


def pool_stream(pod: Pod) -> str:
    """Where jobs go that any runner of the pool may claim."""
    return f"jobs/{pod.pool or DEFAULT_POOL}"


def runner_stream(runner_id: str) -> str:
    """Where the jobs of one runner stand."""
    return f"jobs/{runner_id}"


def stream_of(pod: Pod) -> str:
    """Where the pod's next job goes: to its home, once it has one."""
    return runner_stream(pod.home_runner) if pod.home_runner else pool_stream(pod)


def open_job(
    draft: Draft,
    kind: JobKind,
    *,
    agent_id: str = "",
    workstream_id: str = "",
    message_id: str = "",
    text: str = "",
) -> Job:
    """Open a job; `text` is an INTERRUPT's reason or an INPUT's words."""
    pod = draft.pod
    job = Job(
        kind=kind,
        id=naming.job_id(pod.pod_id, pod.job_counter + 1),
        stream=stream_of(pod),
        agent_id=agent_id,
        workstream_id=workstream_id,
        issued_time=draft.now,
        message_id=message_id,
    )
    draft.emit(JobOpened(job=job))
    draft.send(job.stream, issued(draft.pod, job, text))
    return job


def close_job(draft: Draft, job: Job, ending: JobEnding) -> None:
    """Close an open job, here and in its stream."""
    draft.emit(JobEnded(job_id=job.id, ending=ending))
    draft.send(job.stream, _closed(draft.pod, job, JobClosure[ending.name]))


def close_jobs_of(draft: Draft, agent: Agent, *kinds: JobKind) -> None:
    """Cancel the open jobs of these kinds that are about an agent."""
    for job in [j for j in draft.pod.jobs.values() if j.agent_id == agent.id and j.kind in kinds]:
        close_job(draft, job, JobEnding.CANCELLED)


def move_pool_jobs(draft: Draft) -> None:
    """Issue what waits in the pool again in the home's stream: the pod's work is bound to its workspaces.

    Only LAUNCH jobs can stand there: all others come after the first claim.
    """
    home, pool = stream_of(draft.pod), pool_stream(draft.pod)
    for job in [j for _, j in sorted(draft.pod.jobs.items()) if j.stream == pool and j.stream != home]:
        draft.emit(JobMoved(job_id=job.id, stream=home))
        draft.send(job.stream, _closed(draft.pod, job, JobClosure.MOVED))
        draft.send(home, issued(draft.pod, draft.pod.jobs[job.id]))


def _closed(pod: Pod, job: Job, closure: JobClosure) -> JobClosed:
    return JobClosed(job_id=job.id, pod_id=pod.pod_id, closure=closure)


def issued(pod: Pod, job: Job, text: str = "") -> JobIssued:
    """The order as its runner reads it."""
    repository = pod.repository
    workspace = JobWorkspace(
        repository=repository.location,
        base_branch=repository.base_branch,
        branch_prefix=repository.branch_prefix,
        base_commit=repository.base_commit,
    )
    launch = _launch(pod, pod.agents[job.agent_id]) if job.kind is JobKind.LAUNCH else None
    return JobIssued(
        job_id=job.id,
        pod_id=pod.pod_id,
        kind=job.kind,
        priority=pod.policy.priority.value,
        pod_created_time=pod.created_time,
        workspace=workspace,
        launch=launch,
        interrupt=InterruptOrder(job.agent_id, text) if job.kind is JobKind.INTERRUPT else None,
        input=InputOrder(job.agent_id, text, job.message_id) if job.kind is JobKind.INPUT else None,
        merge=_merge(pod, job) if job.kind is JobKind.MERGE else None,
        verify=VerifyOrder() if job.kind is JobKind.VERIFY else None,
        land=_land(pod) if job.kind is JobKind.LAND else None,
        release=ReleaseOrder(keep_failed=True) if job.kind is JobKind.RELEASE else None,
    )


def _launch(pod: Pod, agent: Agent) -> LaunchOrder:
    ws = pod.workstreams.get(agent.workstream_id)
    resolves = agent.kind is AgentKind.RESOLVER and ws is not None
    return LaunchOrder(
        agent_id=agent.id,
        kind=agent.kind,
        profile=agent.profile,
        workstream_id=agent.workstream_id,
        attempt=agent.attempt,
        time_limit=pod.policy.agent_time_limit or None,
        conflict_branch=ws.conflict_branch if resolves and ws else "",
    )


def _merge(pod: Pod, job: Job) -> MergeOrder:
    ws = pod.workstreams[job.workstream_id]
    return MergeOrder(ws.id, ws.attempts[-1].number, ws.branch or branch_of(pod, ws), ws.title)


def _land(pod: Pod) -> LandOrder:
    by_request = pod.policy.landing is Landing.PULL_REQUEST
    body = description(pod) if by_request else ""
    return LandOrder(pod.review.approved_commit, pod.title, by_request, body)
