"""`waiting_on`: why nothing moves right now, typed and in words; and what comes next.

Pure functions of the state, without the time: entries carry since and until, and whoever shows them applies the clock.
A pod that is not finished, runs nothing and says nothing here is a bug.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from podium.pod_manager.domain.kinds import (
    AgentKind,
    AgentStatus,
    ChecksResult,
    DocumentState,
    FailureCause,
    JobKind,
    Phase,
    WaitingKind,
    WorkstreamStatus,
)
from podium.pod_manager.domain.limits import WAITING_ENTRIES
from podium.pod_manager.domain.queries import (
    budget_reached,
    in_plan_order,
    is_full,
    is_held,
    is_terminal,
    last_attempt,
    live_agent_of,
    live_agents,
    open_jobs,
    open_questions,
)
from podium.pod_manager.domain.resources import Agent, ExternalSync, Plan, Pod, Spec
from podium.pod_manager.domain.starting import free_slots, wanted
from podium.pod_manager.domain.views import SchedulerView, WaitingOn
from podium.pod_manager.domain.wording import sentence

K = WaitingKind
_REASON_LENGTH = 200
_PAUSES = {FailureCause.RATE_LIMITED: K.RATE_LIMIT, FailureCause.LOGIN_FAILED: K.LOGIN}
_JOBS = {JobKind.MERGE: "to be merged", JobKind.VERIFY: "to be verified", JobKind.LAND: "to be landed"}


def waiting_on(pod: Pod) -> tuple[WaitingOn, ...]:
    """The reasons, the most telling first; at most `WAITING_ENTRIES`."""
    if is_terminal(pod) or not pod.revision:
        return ()
    return tuple(islice(_reasons(pod), WAITING_ENTRIES))


def _reasons(pod: Pod) -> Iterator[WaitingOn]:
    yield from _questions(pod)
    if pod.runner_missing:
        yield WaitingOn(K.RUNNER, pod.runner_missing, "runner", since_time=pod.runner_missing_since)
    if budget_reached(pod):
        yield WaitingOn(K.BUDGET, "the budget is used up: raise it with UpdatePolicy", "budget")
    if is_full(pod):
        yield WaitingOn(K.DECISION, "the pod holds as much as a pod can: finish it as it stands, or cancel it", "size")
    if pod.phase is Phase.SPEC_CLARIFICATION:
        yield from _document(pod, "spec", pod.spec, AgentKind.SPEC_WRITER)
    elif pod.phase is Phase.PLANNING:
        yield from _document(pod, "plan", pod.plan, AgentKind.PLANNER)
    else:
        yield from _workstreams(pod)
    if pod.phase is Phase.REVIEW:
        yield from _review(pod)
    if pod.held:
        text = "a person sent the pod back: work on a workstream again, or move the pod on"
        yield WaitingOn(K.DECISION, text, "phase")
    for agent in live_agents(pod):
        yield from _agent(pod, agent)
    yield from _jobs(pod)
    if pod.cooldown_until is not None and wanted(pod) and free_slots(pod):
        yield WaitingOn(K.COOLDOWN, pod.cooldown_reason, "pod", until_time=pod.cooldown_until)


def _questions(pod: Pod) -> Iterator[WaitingOn]:
    for question in open_questions(pod):
        if question.blocking:
            text = f"an answer to: {question.content[:_REASON_LENGTH]}"
            yield WaitingOn(K.ANSWER, text, question.id, since_time=question.posted_time)


# -- documents -------------------------------------------------------------------------------------------------------


def _document(pod: Pod, name: str, document: Spec | Plan, kind: AgentKind) -> Iterator[WaitingOn]:
    if live_agent_of(pod, kind) is not None:
        return
    if document.state is DocumentState.READY and not document.requested:
        text = f"approval of {name} version {document.version}"
        yield WaitingOn(K.APPROVAL, text, name)
    elif document.held:
        text = f"the agent that was to write the {name} was interrupted: ask for another one, or write it"
        yield WaitingOn(K.DECISION, text, name)
    elif document.failed_attempts >= pod.policy.max_attempts:
        text = f"{document.failed_attempts} agents failed to write the {name}: {document.last_error[:_REASON_LENGTH]}"
        yield WaitingOn(K.DOCUMENT, text, name)
    elif document.next_retry_time is not None and (document.requested or not document.version):
        yield _pause(name, f"the {name}", document.last_cause, document.last_error, document.next_retry_time)
    elif document.state is DocumentState.DRAFT and not document.requested:
        text = f"the {name} is a draft: edit it, ask for a new one, or approve it as it is"
        yield WaitingOn(K.DOCUMENT, text, name)


def _pause(subject: str, what: str, cause: FailureCause, error: str, until: datetime) -> WaitingOn:
    kind = _PAUSES.get(cause, K.COOLDOWN)
    return WaitingOn(kind, f"the next attempt at {what}, after: {error[:_REASON_LENGTH]}", subject, until_time=until)


# -- workstreams -----------------------------------------------------------------------------------------------------


def _workstreams(pod: Pod) -> Iterator[WaitingOn]:
    for ws in in_plan_order(pod):
        attempt = last_attempt(ws)
        since = attempt.ended_time if attempt else None
        if ws.status is WorkstreamStatus.FAILED:
            text = f"{ws.id} failed: {sentence(ws.reason, _REASON_LENGTH)} Retry it, skip it, or change the plan."
            yield WaitingOn(K.DECISION, text, ws.id, since_time=since)
        elif is_held(pod, ws):
            text = f"the attempt at {ws.id} was interrupted: retry it, skip it, or complete it as it stands"
            yield WaitingOn(K.DECISION, text, ws.id, since_time=since)
        elif ws.status is WorkstreamStatus.BLOCKED:
            text = f"{ws.id} needs {', '.join(ws.blocked_on)}, which did not succeed"
            yield WaitingOn(K.DEPENDENCY, text, ws.id)
        elif ws.status is WorkstreamStatus.READY and ws.next_retry_time is not None and attempt is not None:
            yield _pause(ws.id, ws.id, attempt.cause, attempt.error, ws.next_retry_time)


# -- review ----------------------------------------------------------------------------------------------------------


def _review(pod: Pod) -> Iterator[WaitingOn]:
    review = pod.review
    if not review.verified:
        if not pod.home_runner:
            text = "no work was done, so there is nothing to verify: complete the pod, cancel it, or send it back"
            yield WaitingOn(K.DECISION, text, "review")
        elif review.verify_error:
            text = f"the work could not be verified: {review.verify_error[:_REASON_LENGTH]}"
            yield WaitingOn(K.CHECKS, text, "review", until_time=review.next_retry_time)
        return
    if review.checks is ChecksResult.FAILED and not review.approved_commit:
        yield WaitingOn(K.CHECKS, "the checks fail on the integrated work", "review")
    if not review.approved_commit:
        verdict = " (NOT VERIFIED: the repository names no checks)" if review.checks is ChecksResult.NONE else ""
        yield WaitingOn(K.APPROVAL, f"approval of commit {review.integration_commit[:12]}{verdict}", "review")
    elif review.landing_error:
        yield WaitingOn(K.LANDING, review.landing_error[:1000], "landing")
    elif review.proposed_commit:
        yield WaitingOn(K.LANDING, proposal(pod), "landing")


def proposal(pod: Pod) -> str:
    """What a pull request waits for."""
    sync = pod.external_sync or ExternalSync()
    if not sync.number:
        where = f" at {sync.url}" if sync.url else ""
        return (
            f"a pull request of {sync.branch or 'the pushed branch'}: open it{where}, and land again once it is merged"
        )
    return f"{sync.kind.replace('_', ' ')} {sync.number} ({sync.state}) to be merged: {sync.url}; then land again"


# -- agents and jobs -------------------------------------------------------------------------------------------------


def _agent(pod: Pod, agent: Agent) -> Iterator[WaitingOn]:
    who = f"the agent for {agent.workstream_id}" if agent.workstream_id else f"the {in_words(agent.kind)}"
    if agent.status is AgentStatus.PENDING_START:
        text = f"StartAgent for {who}: auto-start is off"
        yield WaitingOn(K.START, text, agent.id, since_time=agent.requested_time)
    elif agent.status is AgentStatus.REQUESTED:
        offer = f" with profile {agent.profile}" if agent.profile else "; the policy names no profile for it"
        text = f"a runner that starts {who}{offer}; none took the job yet"
        yield WaitingOn(K.RUNNER, text, agent.id, since_time=agent.requested_time)
    elif agent.status is AgentStatus.STARTING and agent.runner_lost_time is None and not agent.interrupt_requested:
        text = f"runner {agent.runner_id}, which prepares the worktree and starts {who}"
        yield WaitingOn(K.RUNNER, text, agent.id, since_time=agent.registered_time)
    elif agent.runner_lost_time is not None:
        text = f"runner {agent.runner_id}, which is gone; {agent.id} is given up soon"
        yield WaitingOn(K.RUNNER, text, agent.id, since_time=agent.runner_lost_time)
    elif agent.interrupt_requested:
        yield WaitingOn(K.RUNNER, f"runner {agent.runner_id} to end {agent.id}", agent.id)


def in_words(kind: AgentKind) -> str:
    """`spec writer`: what an agent without a workstream is there for."""
    return kind.name.replace("_", " ").lower()


def _jobs(pod: Pod) -> Iterator[WaitingOn]:
    for _, job in sorted(pod.jobs.items()):
        if job.kind in _JOBS:
            subject = job.workstream_id or ("landing" if job.kind is JobKind.LAND else "review")
            text = f"{job.workstream_id or 'the work'} waits {_JOBS[job.kind]} by {pod.home_runner}"
            yield WaitingOn(K.RUNNER, text, subject, since_time=job.issued_time)


# -- what comes next -------------------------------------------------------------------------------------------------


def scheduler_view(pod: Pod) -> SchedulerView:
    """What the scheduler will do next, for people."""
    return SchedulerView(_pending_action(pod), pod.cooldown_until, pod.cooldown_reason)


def _pending_action(pod: Pod) -> str:
    if is_terminal(pod):
        return ""
    starts = wanted(pod)
    if starts:
        first = starts[0]
        what = first.workstream_id or in_words(first.kind)
        return f"start an agent: {what}"
    for kind, words in _JOBS.items():
        if open_jobs(pod, kind):
            return f"work waits {words}"
    match len(pod.live_agents):
        case 0:
            return "a person's decision"
        case 1:
            return "1 agent at work"
        case several:
            return f"{several} agents at work"
