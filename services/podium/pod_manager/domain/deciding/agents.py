"""Deciding: claims, leases, and what people do to agents. What agents report stands in `reporting`."""

from typing import assert_never

from podium.kernel.errors import Rejection, not_found, precondition
from podium.pod_manager.domain.commands.agents import (
    AgentCommand,
    InterruptAgent,
    MarkAgentDone,
    RegisterAgent,
    ReportAgent,
    RestartAgent,
    RunnerLeaseChanged,
    RunnersLooked,
    SendAgentMessage,
    StartAgent,
    UnregisterAgent,
)
from podium.pod_manager.domain.deciding import documents, reporting
from podium.pod_manager.domain.deciding.guards import in_phase
from podium.pod_manager.domain.deciding.messages import send_text
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.endings import document_of, end_agent, end_as_done, interrupted, request_interrupt
from podium.pod_manager.domain.events.agents import (
    AgentRegistered,
    AgentResumed,
    AgentRunnerLost,
    AgentStartApproved,
    AgentUnregistered,
)
from podium.pod_manager.domain.events.lifecycle import HomeRunnerSet, RunnerMissed
from podium.pod_manager.domain.events.workstreams import WorkstreamRetried
from podium.pod_manager.domain.graph import SATISFIED, WAITING
from podium.pod_manager.domain.kinds import (
    AgentKind,
    AgentStatus,
    DocumentState,
    JobEnding,
    JobKind,
    Phase,
    WorkstreamStatus,
)
from podium.pod_manager.domain.limits import FULL_BYTES, check_text
from podium.pod_manager.domain.orders import close_job, move_pool_jobs, open_job
from podium.pod_manager.domain.queries import (
    CLAIMED,
    DOCUMENT_KINDS,
    ENDED,
    UNCLAIMED,
    budget_reached,
    find_agent,
    find_workstream,
    is_full,
    is_held,
    is_terminal,
    live_agents,
)
from podium.pod_manager.domain.resources import Agent, Pod
from podium.pod_manager.domain.starting import Start, free_slots, request_agent, worker

RESTARTABLE = WAITING | {WorkstreamStatus.FAILED, WorkstreamStatus.IN_PROGRESS}


def decide(draft: Draft, command: AgentCommand) -> None:
    """Add what the command leads to."""
    match command:
        case RegisterAgent():
            register_agent(draft, command)
        case UnregisterAgent():
            unregister_agent(draft, command)
        case ReportAgent():
            reporting.report_agent(draft, command)
        case StartAgent():
            start_agent(draft, command)
        case SendAgentMessage():
            send_agent_message(draft, command)
        case MarkAgentDone():
            mark_agent_done(draft, command)
        case RestartAgent():
            restart_agent(draft, command)
        case InterruptAgent():
            interrupt_agent(draft, command)
        case RunnerLeaseChanged():
            runner_lease_changed(draft, command)
        case RunnersLooked(missing=missing):
            runners_looked(draft, missing)
        case _:
            assert_never(command)


# -- runners ---------------------------------------------------------------------------------------------------------


def register_agent(draft: Draft, command: RegisterAgent) -> None:
    """AGENT_ALREADY_TERMINAL, AGENT_ALREADY_CLAIMED, AGENT_NOT_PENDING, JOB_NOT_FOUND; a claim repeated is no fact."""
    agent = find_agent(draft.pod, command.agent_id)
    runner_id = draft.context.actor.name
    if agent.status in ENDED:
        raise already_ended(agent)
    if agent.status is AgentStatus.PENDING_START:
        raise precondition("AGENT_NOT_PENDING", f"{agent.id} waits for a person", status=agent.status.name)
    owner = agent.runner_id or draft.pod.home_runner
    if owner and owner != runner_id:
        raise precondition("AGENT_ALREADY_CLAIMED", f"{agent.id} belongs to {owner}", runner_id=owner)
    if agent.runner_id:
        if command.lease_epoch < agent.lease_epoch:
            raise precondition("AGENT_NOT_YOURS", f"epoch {command.lease_epoch} is over", runner_id=agent.runner_id)
        if agent.runner_lost_time is not None or command.lease_epoch != agent.lease_epoch:
            draft.emit(AgentResumed(agent_id=agent.id, lease_epoch=command.lease_epoch))
        return
    _claim(draft, agent, command, runner_id)


def _claim(draft: Draft, agent: Agent, command: RegisterAgent, runner_id: str) -> None:
    """The first claim makes the runner the pod's home and takes the pod's other pool jobs there."""
    job = draft.pod.jobs.get(agent.job_id)
    if job is None or (command.job_id and command.job_id != job.id):
        message = f"job {command.job_id or agent.job_id} is not open"
        raise not_found("JOB_NOT_FOUND", message, job_id=command.job_id or agent.job_id)
    draft.emit(AgentRegistered(agent_id=agent.id, runner_id=runner_id, lease_epoch=command.lease_epoch))
    close_job(draft, job, JobEnding.CLAIMED)
    if not draft.pod.home_runner:
        draft.emit(HomeRunnerSet(runner_id=runner_id))
        move_pool_jobs(draft)


def unregister_agent(draft: Draft, command: UnregisterAgent) -> None:
    """AGENT_NOT_YOURS, AGENT_ALREADY_TERMINAL, AGENT_NOT_PENDING once its process has started."""
    agent = reporting.own_agent(draft, command.agent_id)
    if agent.status in ENDED:
        raise already_ended(agent)
    if agent.status is not AgentStatus.STARTING:
        raise precondition("AGENT_NOT_PENDING", f"{agent.id} has started", status=agent.status.name)
    reason = check_text("reason", command.reason, required=False)
    if agent.interrupt_requested or is_terminal(draft.pod):
        end_agent(draft, agent, interrupted(reason))
        return
    draft.emit(AgentUnregistered(agent_id=agent.id, reason=reason))
    open_job(draft, JobKind.LAUNCH, agent_id=agent.id, workstream_id=agent.workstream_id)


def runner_lease_changed(draft: Draft, command: RunnerLeaseChanged) -> None:
    """Agents held under the ended epoch (or an older one than the living) have a grace to be claimed again."""
    for agent in list(live_agents(draft.pod)):
        if agent.runner_id != command.runner_id or agent.status not in CLAIMED or agent.runner_lost_time:
            continue
        if agent.lease_epoch < command.lease_epoch or (not command.live and agent.lease_epoch == command.lease_epoch):
            draft.emit(AgentRunnerLost(agent_id=agent.id, runner_id=command.runner_id))


def runners_looked(draft: Draft, missing: str) -> None:
    """What is known already is no fact."""
    if missing != draft.pod.runner_missing:
        draft.emit(RunnerMissed(reason=missing))


# -- people ----------------------------------------------------------------------------------------------------------


def start_agent(draft: Draft, command: StartAgent) -> None:
    """AGENT_NOT_PENDING, AGENT_ALREADY_TERMINAL, GUARD_NOT_MET where the budget is used up."""
    agent = find_agent(draft.pod, command.agent_id)
    if agent.status in ENDED:
        raise already_ended(agent)
    if agent.status is not AgentStatus.PENDING_START:
        raise precondition("AGENT_NOT_PENDING", f"{agent.id} is {agent.status.name}", status=agent.status.name)
    _within_budget(draft.pod)
    approve_start(draft, agent)


def approve_start(draft: Draft, agent: Agent) -> None:
    """An agent that waited to start is requested."""
    draft.emit(AgentStartApproved(agent_id=agent.id))
    open_job(draft, JobKind.LAUNCH, agent_id=agent.id, workstream_id=agent.workstream_id)


def send_agent_message(draft: Draft, command: SendAgentMessage) -> None:
    """AGENT_ALREADY_TERMINAL, AGENT_NOT_RUNNING, EMPTY_CONTENT."""
    agent = find_agent(draft.pod, command.agent_id)
    if agent.status in ENDED:
        raise already_ended(agent)
    if agent.status not in CLAIMED:
        raise _not_running(agent)
    send_text(draft, agent, command.text)


def mark_agent_done(draft: Draft, command: MarkAgentDone) -> None:
    """AGENT_ALREADY_TERMINAL, AGENT_NOT_RUNNING, SPEC_MISSING and PLAN_MISSING where it has not handed one in."""
    agent = find_agent(draft.pod, command.agent_id)
    if agent.status in ENDED:
        raise already_ended(agent)
    if agent.status not in CLAIMED or agent.started_time is None:
        raise _not_running(agent)
    document = document_of(draft.pod, agent.kind)
    if document is not None and document.state is DocumentState.GENERATING:
        reason = "SPEC_MISSING" if agent.kind is AgentKind.SPEC_WRITER else "PLAN_MISSING"
        raise precondition(reason, f"{agent.id} has not handed it in; interrupt it, or write it yourself")
    end_as_done(draft, agent, "marked as done by a person")


def interrupt_agent(draft: Draft, command: InterruptAgent) -> None:
    """AGENT_ALREADY_TERMINAL."""
    agent = find_agent(draft.pod, command.agent_id)
    if agent.status in ENDED:
        raise already_ended(agent)
    reason = check_text("reason", command.reason, required=False)
    request_interrupt(draft, agent, reason or "a person interrupted it")


def restart_agent(draft: Draft, command: RestartAgent) -> None:
    """AGENTS_RUNNING (it, its successor, or the pod's limit), GUARD_NOT_MET (budget), INVALID_PHASE, and more.

    Its document or workstream may have other reasons against it: see the three helpers.
    """
    pod = draft.pod
    agent = find_agent(pod, command.agent_id)
    if agent.status not in ENDED:
        raise _agents_running(f"{agent.id} has not ended; interrupt it first", agent.id)
    _within_budget(pod)
    if agent.kind in DOCUMENT_KINDS:
        start = _document_again(draft, agent)
    elif agent.kind is AgentKind.REVIEWER:
        start = _review_again(pod)
    else:
        start = _work_again(draft, agent)
    if not free_slots(draft.pod):
        raise _agents_running("the pod's limit of agents is reached", *draft.pod.live_agents)
    request_agent(draft, start, restarted_from=agent.id)


def _document_again(draft: Draft, agent: Agent) -> Start:
    """As if a person had asked for a new writer with the old advice."""
    in_phase(draft.pod, Phase.SPEC_CLARIFICATION if agent.kind is AgentKind.SPEC_WRITER else Phase.PLANNING)
    documents.request_again(draft, agent.kind)
    return Start(agent.kind, by_person=True)


def _review_again(pod: Pod) -> Start:
    in_phase(pod, Phase.REVIEW)
    if not pod.review.verified or pod.review.approved_commit:
        raise precondition("REVIEW_NOT_READY", "there is nothing to review now", state="")
    return Start(AgentKind.REVIEWER, by_person=True)


def _work_again(draft: Draft, agent: Agent) -> Start:
    """Dependencies bind here too: what failed before may have lost one since."""
    in_phase(draft.pod, Phase.WORKSTREAM_EXECUTION)
    ws = find_workstream(draft.pod, agent.workstream_id)
    if ws.status is WorkstreamStatus.IN_PROGRESS and not is_held(draft.pod, ws):
        raise _agents_running(f"another agent is at work on {ws.id}", ws.attempts[-1].agent_id)
    if ws.status not in RESTARTABLE:
        message = f"{ws.id} is {ws.status.name}"
        raise precondition("WORKSTREAM_WRONG_STATUS", message, status=ws.status.name)
    missing = [name for name in ws.dependencies if draft.pod.workstreams[name].status not in SATISFIED]
    if missing:
        names = ", ".join(missing)
        raise precondition("DEPENDENCIES_NOT_SATISFIED", f"{ws.id} waits for {names}", blocked_on=names)
    if ws.status not in WAITING:
        draft.emit(WorkstreamRetried(workstream_id=ws.id, feedback=ws.feedback))
    start = worker(draft.pod.workstreams[ws.id])
    return Start(start.kind, ws.id, by_person=True, attempt=start.attempt)


# -- refusals --------------------------------------------------------------------------------------------------------


def already_ended(agent: Agent) -> Rejection:
    """AGENT_ALREADY_TERMINAL."""
    message = f"{agent.id} has ended ({agent.status.name})"
    return precondition("AGENT_ALREADY_TERMINAL", message, status=agent.status.name)


def _not_running(agent: Agent) -> Rejection:
    where = "has not started" if agent.status in (*UNCLAIMED, AgentStatus.STARTING) else "does not run"
    return precondition("AGENT_NOT_RUNNING", f"{agent.id} {where}", status=agent.status.name)


def _agents_running(message: str, *agent_ids: str) -> Rejection:
    return precondition("AGENTS_RUNNING", message, agent_ids=", ".join(agent_ids))


def _within_budget(pod: Pod) -> None:
    if budget_reached(pod):
        raise precondition("GUARD_NOT_MET", "the budget is used up; raise it with UpdatePolicy", guard="budget")
    if is_full(pod):
        text = "the pod holds as much as a pod can; finish it, and open another one for the rest"
        raise precondition("POD_FULL", text, held_bytes=str(pod.held_bytes), limit=str(FULL_BYTES))
