"""`schedule`: what follows by itself; and `due`, the next instant at which time alone changes that.

Pure, and run to a fixpoint after every command inside the same append; so it decides on what is decided, cannot start
anything twice, and needs no memory. Each step looks at the pod as the step before it left it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from podium.kernel.entity import Context
from podium.pod_manager.domain import graph, inbox
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.endings import End, end_agent, interrupted
from podium.pod_manager.domain.events.agents import AgentStartApproved
from podium.pod_manager.domain.events.documents import PlanApproved, SpecApproved
from podium.pod_manager.domain.events.review import ReviewApproved
from podium.pod_manager.domain.events.workstreams import WorkstreamCreated, WorkstreamGated
from podium.pod_manager.domain.kinds import (
    AgentKind,
    AgentStatus,
    Autonomy,
    ChecksResult,
    DocumentState,
    FailureCause,
    InboxReason,
    JobKind,
    Phase,
    WorkstreamStatus,
)
from podium.pod_manager.domain.limits import INTERRUPT_LIMIT, RUNNER_GRACE, START_LIMIT, WORKSTREAMS
from podium.pod_manager.domain.moving import finish, move
from podium.pod_manager.domain.orders import open_job
from podium.pod_manager.domain.phases import forward
from podium.pod_manager.domain.policy import named_profile
from podium.pod_manager.domain.queries import (
    CLAIMED,
    budget_reached,
    is_full,
    is_terminal,
    live_agent_of,
    live_agents,
    open_jobs,
)
from podium.pod_manager.domain.resources import Agent, Job, Plan, Pod, Spec, Workstream
from podium.pod_manager.domain.starting import next_start_time, pending_agents, start_agents

SCHEDULER, POLICY = "scheduler", "policy"
CONFLICT_PREFIX = "target-conflict-"


def schedule(pod: Pod, context: Context) -> Sequence[object]:
    """The facts and orders that follow in this state at this time; none: the pod is at rest."""
    if not pod.revision:
        return ()
    draft = Draft(pod, context, by=SCHEDULER)
    if any(time <= context.now for time in _ends(pod)):
        give_up_lost_agents(draft)
        end_unstarted_agents(draft)
        end_overlong_agents(draft)
        end_unheeded_agents(draft)
    if is_terminal(draft.pod):
        release(draft)
    else:
        grant(draft)
        move_on(draft)
        gate(draft)
        resolve_landing_conflict(draft)
        verify(draft)
        land(draft)
        approve_pending(draft)
        start_agents(draft)
    inbox.reconcile(draft)
    return draft.items


def due(pod: Pod) -> datetime | None:
    """The next instant at which `schedule` says something new without a command."""
    return min(_instants(pod), default=None)


def _instants(pod: Pod) -> Iterator[datetime]:
    yield from _ends(pod)
    if is_terminal(pod):
        return
    start = next_start_time(pod)
    if start is not None:
        yield start
    if _wants_verification(pod) and pod.review.next_retry_time is not None:
        yield pod.review.next_retry_time


def _ends(pod: Pod) -> Iterator[datetime]:
    """When the pod gives up an agent that lives now: no rule about that has anything to say before."""
    for agent in live_agents(pod):
        if agent.runner_lost_time is not None:
            yield agent.runner_lost_time + RUNNER_GRACE
        for limit in (start_limit(pod, agent), time_limit(pod, agent)):
            if limit is not None:
                yield limit
    for job in _interrupts(pod):
        if job.issued_time is not None:
            yield job.issued_time + INTERRUPT_LIMIT


# -- agents ----------------------------------------------------------------------------------------------------------


def give_up_lost_agents(draft: Draft) -> None:
    """A runner's grace is over: what it has not claimed again is LOST."""
    for agent in list(live_agents(draft.pod)):
        lost = agent.runner_lost_time
        if lost is not None and lost + RUNNER_GRACE <= draft.now:
            text = f"runner {agent.runner_id} is gone"
            end_agent(draft, agent, End(AgentStatus.LOST, FailureCause.LOST, text, process_gone=False))


def time_limit(pod: Pod, agent: Agent) -> datetime | None:
    """When a claimed agent's time is over; None: never."""
    if agent.status not in CLAIMED or agent.registered_time is None or not pod.policy.agent_time_limit:
        return None
    return agent.registered_time + pod.policy.agent_time_limit


def start_limit(pod: Pod, agent: Agent) -> datetime | None:
    """When a claimed agent must have started; None: it has."""
    if agent.status is not AgentStatus.STARTING or agent.registered_time is None:
        return None
    return agent.registered_time + START_LIMIT


def end_unstarted_agents(draft: Draft) -> None:
    """Its runner claimed it and said no more."""
    for agent in list(live_agents(draft.pod)):
        limit = start_limit(draft.pod, agent)
        if limit is None or limit > draft.now:
            continue
        if not agent.interrupt_requested:
            open_job(draft, JobKind.INTERRUPT, agent_id=agent.id, text="it never started")
        text = f"runner {agent.runner_id} did not start it within {START_LIMIT}"
        end_agent(draft, agent, End(AgentStatus.FAILED, FailureCause.START_FAILED, text, process_gone=False))


def end_overlong_agents(draft: Draft) -> None:
    """Time is over: the slot is free at once, its runner is to end the process."""
    for agent in list(live_agents(draft.pod)):
        limit = time_limit(draft.pod, agent)
        if limit is None or limit > draft.now:
            continue
        if not agent.interrupt_requested:
            open_job(draft, JobKind.INTERRUPT, agent_id=agent.id, text="its time is over")
        text = f"it took longer than {draft.pod.policy.agent_time_limit}"
        end_agent(draft, agent, End(AgentStatus.FAILED, FailureCause.TIME_LIMIT, text, process_gone=False))


def _interrupts(pod: Pod) -> Iterator[Job]:
    """The orders to end an agent that still lives."""
    orders = (job for job in pod.jobs.values() if job.kind is JobKind.INTERRUPT)
    return (job for job in orders if job.agent_id in pod.live_agents)


def end_unheeded_agents(draft: Draft) -> None:
    """Its runner was told to end it, lives, and did not: nobody waits for it any longer."""
    for job in sorted(_interrupts(draft.pod), key=lambda each: each.id):
        if job.issued_time is not None and job.issued_time + INTERRUPT_LIMIT <= draft.now:
            agent = draft.pod.agents[job.agent_id]
            end_agent(draft, agent, interrupted(f"runner {agent.runner_id} did not end it in time", process_gone=False))


def approve_pending(draft: Draft) -> None:
    """Auto-start was switched on: agents that waited for a person need not any more."""
    pending = pending_agents(draft.pod)
    if not pending or not draft.pod.policy.auto_start_agents or budget_reached(draft.pod) or is_full(draft.pod):
        return
    for agent in pending:
        draft.emit(AgentStartApproved(agent_id=agent.id))
        open_job(draft, JobKind.LAUNCH, agent_id=agent.id, workstream_id=agent.workstream_id)


def release(draft: Draft) -> None:
    """The pod is over and its agents have ended: give the workspaces back, once."""
    pod = draft.pod
    if pod.home_runner and not pod.live_agents and not pod.release_requested:
        open_job(draft, JobKind.RELEASE)


# -- phases ----------------------------------------------------------------------------------------------------------


def move_on(draft: Draft) -> None:
    """Walk forward as far as the guards let the pod pass; a pod that a person sent back stays."""
    while (step := forward(draft.pod.phase)) is not None and not draft.pod.held:
        if step.guard(draft.pod):
            return
        if step.target is Phase.COMPLETED:
            finish(draft, Phase.COMPLETED, f"landed as {draft.pod.review.landed_commit}")
        else:
            move(draft, step.target, step.guard_name)


def gate(draft: Draft) -> None:
    """What dependencies mean for the workstreams that wait for them."""
    if draft.pod.phase is not Phase.WORKSTREAM_EXECUTION:
        return
    for name, status, blocked_on in graph.regate(draft.pod.workstreams.values()):
        draft.emit(WorkstreamGated(workstream_id=name, status=status, blocked_on=blocked_on))


# -- approvals by the policy -----------------------------------------------------------------------------------------


def grant(draft: Draft) -> None:
    """AUTONOMOUS: the policy approves what is offered, and says so."""
    pod = draft.pod
    if pod.policy.autonomy is not Autonomy.AUTONOMOUS:
        return
    if pod.phase is Phase.SPEC_CLARIFICATION and _offered(pod, pod.spec, AgentKind.SPEC_WRITER):
        draft.emit(SpecApproved(version=pod.spec.version, by=POLICY))
    elif pod.phase is Phase.PLANNING and _offered(pod, pod.plan, AgentKind.PLANNER):
        draft.emit(PlanApproved(version=pod.plan.version, by=POLICY))
    elif pod.phase is Phase.REVIEW and review_grantable(pod):
        draft.emit(ReviewApproved(integration_commit=pod.review.integration_commit, by=POLICY))


def _offered(pod: Pod, document: Spec | Plan, kind: AgentKind) -> bool:
    return document.state is DocumentState.READY and live_agent_of(pod, kind) is None


def review_grantable(pod: Pod) -> bool:
    """Verified, not red, nothing failed, nobody blocked, and its REVIEWER (where the policy has one) is content."""
    review = pod.review
    if not review.verified or review.approved_commit or review.checks is ChecksResult.FAILED:
        return False
    if any(ws.status is WorkstreamStatus.FAILED for ws in pod.workstreams.values()):
        return False
    if any(item.reason is InboxReason.BLOCKER_RAISED for item in pod.inbox.values()):
        return False
    if not named_profile(pod.policy, AgentKind.REVIEWER):
        return True
    reviewer = pod.agents.get(review.reviewer_id)
    return reviewer is not None and reviewer.status is AgentStatus.COMPLETED


# -- review and landing ----------------------------------------------------------------------------------------------


def _wants_verification(pod: Pod) -> bool:
    in_review = pod.phase is Phase.REVIEW and not pod.review.verified
    return in_review and bool(pod.home_runner) and not open_jobs(pod, JobKind.VERIFY)


def verify(draft: Draft) -> None:
    """Entering REVIEW has the work verified; a verification that could not be done is tried again."""
    retry = draft.pod.review.next_retry_time
    if _wants_verification(draft.pod) and (retry is None or retry <= draft.now):
        open_job(draft, JobKind.VERIFY)


def land(draft: Draft) -> None:
    """Approved work lands; a blocked landing, and a pull request that is open, wait for LandWork."""
    pod = draft.pod
    review = pod.review
    ready = pod.phase is Phase.REVIEW and review.approved_commit and not review.landed_commit
    waits = review.landing_error or review.proposed_commit
    if ready and not waits and not open_jobs(pod, JobKind.LAND):
        open_job(draft, JobKind.LAND)


def resolve_landing_conflict(draft: Draft) -> None:
    """A conflict with the target goes to a RESOLVER, where the policy names one or acts by itself; else to a person."""
    pod = draft.pod
    base = pod.repository.base_branch
    automatic = pod.policy.autonomy is Autonomy.AUTONOMOUS or named_profile(pod.policy, AgentKind.RESOLVER)
    conflicted = pod.phase is Phase.REVIEW and pod.review.conflict_paths
    if not (conflicted and automatic and base) or pod.live_agents or len(pod.workstreams) >= WORKSTREAMS:
        return
    paths = "\n".join(f"- {path}" for path in pod.review.conflict_paths)
    number = sum(name.startswith(CONFLICT_PREFIX) for name in pod.workstreams) + 1
    position = max((ws.position for ws in pod.workstreams.values()), default=-1) + 1
    ws = Workstream(
        status=WorkstreamStatus.PENDING,
        id=f"{CONFLICT_PREFIX}{number}",
        title=f"Resolve the conflicts with {base}",
        spec=f"`{base}` has moved, and the work conflicts with it in:\n\n{paths}\n",
        position=position,
        conflict_branch=base,
    )
    move(draft, Phase.WORKSTREAM_EXECUTION, f"the work conflicts with {base}")
    draft.emit(WorkstreamCreated(workstream=ws))
    gate(draft)
