"""Deciding: what runners report of agents and jobs. Each report counts once."""

from datetime import timedelta

from podium.kernel.errors import Rejection, invalid, not_found, precondition
from podium.pod_manager.domain import limits, naming
from podium.pod_manager.domain.commands.agents import ReportAgent
from podium.pod_manager.domain.commands.review import ReportJob
from podium.pod_manager.domain.deciding.messages import deliver
from podium.pod_manager.domain.deciding.shortening import shortened
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.endings import End, document_of, end_agent, fail_attempt, interrupted
from podium.pod_manager.domain.events.agents import AgentProcessStarted, AgentProgressed, AgentReported
from podium.pod_manager.domain.events.lifecycle import BaseCommitResolved
from podium.pod_manager.domain.events.review import (
    LandingBlocked,
    LandingConflicted,
    VerificationFailed,
    WorkLanded,
    WorkProposed,
    WorkVerified,
)
from podium.pod_manager.domain.events.workstreams import WorkstreamCompleted
from podium.pod_manager.domain.kinds import (
    AgentStatus,
    ChecksResult,
    DocumentState,
    FailureCause,
    JobEnding,
    JobKind,
    WorkstreamStatus,
)
from podium.pod_manager.domain.orders import close_job, runner_stream
from podium.pod_manager.domain.policy import retry_delay
from podium.pod_manager.domain.queries import ENDED, UNCLAIMED, find_agent, is_terminal
from podium.pod_manager.domain.reports import AgentDelivery, AgentReport, AgentResult, AgentStarted, JobReport
from podium.pod_manager.domain.resources import Agent, Job, Usage


def own_agent(draft: Draft, agent_id: str) -> Agent:
    """The agent, where the caller is the runner that holds it; raises AGENT_NOT_FOUND, AGENT_NOT_YOURS."""
    agent = find_agent(draft.pod, agent_id)
    if agent.runner_id != draft.context.actor.name:
        message = f"{agent.id} is held by {agent.runner_id or 'no runner'}"
        raise precondition("AGENT_NOT_YOURS", message, runner_id=agent.runner_id)
    return agent


# -- agents ----------------------------------------------------------------------------------------------------------


def report_agent(draft: Draft, command: ReportAgent) -> None:
    """AGENT_NOT_YOURS, AGENT_ALREADY_TERMINAL (a LOST agent's late result too). A number seen before is no fact."""
    agent = own_agent(draft, command.agent_id)
    if command.report_seq <= agent.last_report_seq:
        return
    if agent.status in ENDED:
        message = f"{agent.id} has ended ({agent.status.name})"
        raise precondition("AGENT_ALREADY_TERMINAL", message, status=agent.status.name)
    report = shortened(draft.pod, command.report)
    usage = _checked(report.usage)
    draft.emit(AgentReported(agent_id=agent.id, report_seq=command.report_seq, usage=usage))
    _apply(draft, agent, report)


def _checked(usage: Usage) -> Usage:
    """Agents' time is counted here, not reported; nothing can be given back."""
    if min(usage.input_tokens, usage.output_tokens, usage.cost_micros, usage.turns) < 0:
        raise invalid("report.usage", "must not be negative")
    return Usage(usage.input_tokens, usage.output_tokens, usage.cost_micros, usage.turns, timedelta())


def _apply(draft: Draft, agent: Agent, report: AgentReport) -> None:
    """The one thing that the report says, if anything beside its usage."""
    if report.started is not None:
        _started(draft, agent, report.started)
    elif report.progress is not None:
        text = limits.check_text("report.progress.text", report.progress.text, required=False)
        if text != agent.progress:
            draft.emit(AgentProgressed(agent_id=agent.id, text=text))
    elif report.delivery is not None:
        _delivered(draft, agent, report.delivery)
    elif report.completed is not None:
        _completed(draft, agent, report.completed)
    elif (failed := report.failed) is not None:
        end = End(
            AgentStatus.LOST if failed.cause is FailureCause.LOST else AgentStatus.FAILED,
            failed.cause,
            failed.error,
            checks_output=failed.checks_output,
            retry_time=failed.retry_time,
        )
        end_agent(draft, agent, end)
    elif report.interrupted is not None:
        end_agent(draft, agent, interrupted(report.interrupted.reason))


def _started(draft: Draft, agent: Agent, started: AgentStarted) -> None:
    """The first process of a pod tells the commit that its work starts from."""
    if agent.started_time is not None:
        return
    base = started.base_commit
    if base and not draft.pod.repository.base_commit:
        draft.emit(BaseCommitResolved(base_commit=base))
    draft.emit(
        AgentProcessStarted(
            agent_id=agent.id,
            process_id=started.process_id,
            branch=started.branch,
            base_commit=base,
            instructions=started.instructions,
        )
    )


def _delivered(draft: Draft, agent: Agent, delivery: AgentDelivery) -> None:
    for name in delivery.message_ids:
        message = draft.pod.messages.get(name)
        if message is not None:
            deliver(draft, agent, message)


def _completed(draft: Draft, agent: Agent, result: AgentResult) -> None:
    """Not every good end is one: a document must have been handed in, and red checks are no success."""
    document = document_of(draft.pod, agent.kind)
    if document is not None and document.state is DocumentState.GENERATING:
        text = "it ended without handing in what it was to write"
        end_agent(draft, agent, End(AgentStatus.FAILED, FailureCause.NO_RESULT, text))
    elif result.checks is ChecksResult.FAILED:
        end_agent(draft, agent, End(AgentStatus.FAILED, FailureCause.CHECKS_FAILED, "the checks are red"))
    else:
        end = End(AgentStatus.COMPLETED, text=result.summary, commit=result.commit, checks=result.checks)
        end_agent(draft, agent, end)


# -- jobs ------------------------------------------------------------------------------------------------------------


def report_job(draft: Draft, command: ReportJob) -> None:
    """JOB_NOT_FOUND for a job that never was, AGENT_NOT_YOURS for another runner's; of a closed job, no fact."""
    pod, report = draft.pod, shortened(draft.pod, command.report)
    job = pod.jobs.get(command.job_id)
    if job is None:
        _closed_job(draft, command)
        return
    if job.stream != runner_stream(draft.context.actor.name):
        message = f"{job.id} stands in {job.stream}"
        raise precondition("AGENT_NOT_YOURS", message, runner_id=job.stream.partition("/")[2])
    match job.kind:
        case JobKind.LAUNCH:
            raise _misfit(job)  # claimed by RegisterAgent
        case JobKind.MERGE:
            _merge_reported(draft, job, report)
        case JobKind.VERIFY:
            _verify_reported(draft, job, report)
        case JobKind.LAND:
            _land_reported(draft, job, report)
        case JobKind.INTERRUPT | JobKind.INPUT | JobKind.RELEASE:
            _errand_reported(draft, job, report)


def _closed_job(draft: Draft, command: ReportJob) -> None:
    """A repeat changes nothing; but work that landed while the pod was being cancelled did land."""
    pod, landed = draft.pod, command.report.landed
    if not 1 <= naming.number_of_job(pod.pod_id, command.job_id) <= pod.job_counter:
        raise not_found("JOB_NOT_FOUND", f"the pod has no job {command.job_id}", job_id=command.job_id)
    if landed is not None and is_terminal(pod) and pod.review.approved_commit and not pod.review.landed_commit:
        draft.emit(WorkLanded(commit=landed.commit))


def _misfit(job: Job) -> Rejection:
    return invalid("report", f"does not fit a {job.kind.name} job")


def _merge_reported(draft: Draft, job: Job, report: JobReport) -> None:
    ws = draft.pod.workstreams[job.workstream_id]
    if report.merged is None and report.conflict is None and report.failed is None:
        raise _misfit(job)
    close_job(draft, job, JobEnding.REPORTED)
    if ws.status is not WorkstreamStatus.MERGING:
        return
    if report.merged is not None:
        draft.emit(WorkstreamCompleted(workstream_id=ws.id, integration_commit=report.merged.integration_commit))
    elif (conflict := report.conflict) is not None:
        paths = conflict.paths[:100]
        end = End(
            AgentStatus.FAILED,
            FailureCause.CONFLICT,
            conflict.error or f"conflicts in {', '.join(paths)}",
            conflict_paths=paths,
            conflict_branch=ws.branch,
        )
        fail_attempt(draft, ws, end, excused=False)
    elif report.failed is not None:
        error = f"it could not be merged: {report.failed.error}"
        fail_attempt(draft, ws, End(AgentStatus.FAILED, FailureCause.WORKSPACE, error), excused=False)


def _verify_reported(draft: Draft, job: Job, report: JobReport) -> None:
    if (verified := report.verified) is not None:
        close_job(draft, job, JobEnding.REPORTED)
        draft.emit(
            WorkVerified(
                integration_commit=verified.integration_commit,
                checks=verified.checks,
                checks_output=limits.cut(verified.checks_output),
                files_changed=verified.files_changed,
                insertions=verified.insertions,
                deletions=verified.deletions,
            )
        )
    elif report.failed is not None:
        close_job(draft, job, JobEnding.REPORTED)
        pause = retry_delay(draft.pod.policy, draft.pod.review.failed_attempts + 1, job.id)
        draft.emit(VerificationFailed(error=report.failed.error, next_retry_time=draft.now + pause))
    else:
        raise _misfit(job)


def _land_reported(draft: Draft, job: Job, report: JobReport) -> None:
    if (landed := report.landed) is not None:
        close_job(draft, job, JobEnding.REPORTED)
        draft.emit(WorkLanded(commit=landed.commit))
    elif (proposed := report.proposed) is not None:
        close_job(draft, job, JobEnding.REPORTED)
        draft.emit(WorkProposed(commit=proposed.commit))
    elif (conflict := report.conflict) is not None:
        close_job(draft, job, JobEnding.REPORTED)
        error = conflict.error or "the work conflicts with the target"
        draft.emit(LandingConflicted(paths=conflict.paths[:100], error=error))
    elif (blocked := report.blocked) is not None:
        close_job(draft, job, JobEnding.REPORTED)
        output = limits.cut(blocked.checks_output)
        draft.emit(LandingBlocked(error=blocked.error or "the landing is blocked", checks_output=output))
    elif (failed := report.failed) is not None:
        close_job(draft, job, JobEnding.REPORTED)
        draft.emit(LandingBlocked(error=failed.error or "the landing failed"))
    else:
        raise _misfit(job)


def _errand_reported(draft: Draft, job: Job, report: JobReport) -> None:
    """INTERRUPT, INPUT, RELEASE: done, or impossible. An agent whose process is gone has ended, whoever said so."""
    if report.done is None and report.failed is None:
        raise _misfit(job)
    close_job(draft, job, JobEnding.REPORTED)
    agent = draft.pod.agents.get(job.agent_id)
    if agent is None or agent.status in ENDED or agent.status in UNCLAIMED:
        return
    if job.kind is JobKind.INTERRUPT:
        if report.failed is not None:
            end_agent(draft, agent, End(AgentStatus.LOST, FailureCause.LOST, report.failed.error))
        else:
            end_agent(draft, agent, interrupted("interrupted as asked"))
    elif report.done is not None and job.message_id in draft.pod.messages:
        deliver(draft, agent, draft.pod.messages[job.message_id])
