"""Folding: lifecycle and jobs."""

from typing import assert_never

from podium.kernel.entity import Recorded
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.events.lifecycle import (
    BaseCommitResolved,
    CooldownStarted,
    ExternalSyncReported,
    HomeRunnerSet,
    JobEnded,
    JobMoved,
    JobOpened,
    LifecycleEvent,
    PhaseChanged,
    PodOpened,
    PolicyUpdated,
    RunnerMissed,
)
from podium.pod_manager.domain.kinds import AgentStatus, JobKind, Phase
from podium.pod_manager.domain.queries import TERMINAL_PHASES
from podium.pod_manager.domain.resources import Pod, Review


def evolve(pod: Pod, event: LifecycleEvent, recorded: Recorded) -> Pod:
    """The pod after the event."""
    match event:
        case PodOpened():
            return _opened(pod, event, recorded)
        case PolicyUpdated(policy=policy):
            return replace(pod, policy=policy)
        case PhaseChanged():
            return _phase_changed(pod, event)
        case HomeRunnerSet(runner_id=runner_id):
            return replace(pod, home_runner=runner_id)
        case BaseCommitResolved(base_commit=commit):
            return replace(pod, repository=replace(pod.repository, base_commit=commit))
        case CooldownStarted(until_time=until, reason=reason):
            return replace(pod, cooldown_until=until, cooldown_reason=reason)
        case RunnerMissed(reason=reason):
            since = (pod.runner_missing_since or recorded.time) if reason else None
            return replace(pod, runner_missing=reason, runner_missing_since=since)
        case JobOpened():
            return _job_opened(pod, event)
        case JobMoved(job_id=job_id, stream=stream):
            return replace(pod, jobs=pod.jobs.set(job_id, replace(pod.jobs[job_id], stream=stream)))
        case JobEnded(job_id=job_id):
            return replace(pod, jobs=pod.jobs.delete(job_id)) if job_id in pod.jobs else pod
        case ExternalSyncReported(external_sync=sync):
            return replace(pod, external_sync=sync)
        case _:
            assert_never(event)


def _opened(pod: Pod, event: PodOpened, recorded: Recorded) -> Pod:
    return replace(
        pod,
        project_id=event.project_id,
        number=event.number,
        title=event.title,
        request=event.request,
        repository=event.repository,
        policy=event.policy,
        quick=event.quick,
        pool=event.pool,
        opened_by=recorded.actor,
        created_time=recorded.time,
    )


def _phase_changed(pod: Pod, event: PhaseChanged) -> Pod:
    """Leaving REVIEW backwards forgets the review; an end keeps its reason."""
    back_from_review = event.from_phase is Phase.REVIEW and event.to_phase is Phase.WORKSTREAM_EXECUTION
    return replace(
        pod,
        phase=event.to_phase,
        held=event.held,
        review=Review() if back_from_review else pod.review,
        closing_reason=event.reason if event.to_phase in TERMINAL_PHASES else pod.closing_reason,
    )


def _job_opened(pod: Pod, event: JobOpened) -> Pod:
    job = event.job
    pod = replace(pod, jobs=pod.jobs.set(job.id, job), job_counter=pod.job_counter + 1)
    if job.kind is JobKind.RELEASE:
        return replace(pod, release_requested=True)
    if job.kind is JobKind.LAUNCH:
        agent = replace(pod.agents[job.agent_id], status=AgentStatus.REQUESTED, job_id=job.id)
        return replace(pod, agents=pod.agents.set(agent.id, agent))
    return pod
