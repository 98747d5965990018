"""What may start: which agents the pod wants next, and when."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from podium.pod_manager.domain import naming
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.events.agents import AgentRequested
from podium.pod_manager.domain.events.lifecycle import CooldownStarted
from podium.pod_manager.domain.kinds import AgentKind, AgentStatus, DocumentState, JobKind, Phase, WorkstreamStatus
from podium.pod_manager.domain.orders import open_job
from podium.pod_manager.domain.policy import named_profile, profile_for
from podium.pod_manager.domain.queries import (
    budget_reached,
    is_full,
    live_agent_of,
    live_agents,
    plan_order,
    workstreams_in_question,
)
from podium.pod_manager.domain.resources import Agent, Plan, Pod, Spec, Workstream


@dataclass(frozen=True, slots=True)
class Start:
    """An agent that the pod wants; not before a time."""

    kind: AgentKind
    workstream_id: str = ""
    not_before: datetime | None = None
    by_person: bool = False
    """StartWorkstream: no PENDING_START."""
    attempt: int = field(default=1)


def wanted(pod: Pod) -> list[Start]:
    """The agents that the pod wants and does not have, most urgent first; without regard to slots, budget and time."""
    match pod.phase:
        case Phase.SPEC_CLARIFICATION:
            return list(_document(pod, AgentKind.SPEC_WRITER, pod.spec))
        case Phase.PLANNING:
            return list(_document(pod, AgentKind.PLANNER, pod.plan))
        case Phase.WORKSTREAM_EXECUTION:
            return _workers(pod)
        case Phase.REVIEW:
            return list(_reviewer(pod))
        case _:
            return []


def _document(pod: Pod, kind: AgentKind, document: Spec | Plan) -> Iterator[Start]:
    """One writer at a time, while there is nothing yet, or a person asked for another one."""
    missing = document.version == 0 or document.requested
    free = document.state in (DocumentState.UNSPECIFIED, DocumentState.DRAFT, DocumentState.READY)
    tries_left = document.failed_attempts < pod.policy.max_attempts and not document.held
    if missing and free and tries_left and live_agent_of(pod, kind) is None:
        yield Start(kind, not_before=document.next_retry_time, attempt=document.failed_attempts + 1)


def _workers(pod: Pod) -> list[Start]:
    """READY workstreams: what a person asked for first, then by priority, then in plan order."""
    ready = [ws for ws in pod.workstreams.values() if ws.status is WorkstreamStatus.READY]
    if not ready:
        return []
    asked = workstreams_in_question(pod)
    ready = [ws for ws in plan_order(ready) if ws.start_requested or ws.id not in asked]
    ready.sort(key=lambda ws: (not ws.start_requested, -ws.priority.value))
    return [worker(ws) for ws in ready]


def worker(ws: Workstream) -> Start:
    """The next attempt at a workstream; after a conflict, a RESOLVER."""
    return Start(
        kind=AgentKind.RESOLVER if ws.conflict_branch else AgentKind.WORKER,
        workstream_id=ws.id,
        not_before=ws.next_retry_time,
        by_person=ws.start_requested,
        attempt=ws.attempts[-1].number + 1 if ws.attempts else 1,
    )


def _reviewer(pod: Pod) -> Iterator[Start]:
    """One REVIEWER of each verified commit, where the policy names its profile."""
    review = pod.review
    named = named_profile(pod.policy, AgentKind.REVIEWER)
    if named and review.verified and not review.approved_commit and not review.reviewer_id:
        yield Start(AgentKind.REVIEWER)


def free_slots(pod: Pod) -> int:
    """How many agents more may live."""
    return max(0, pod.policy.max_parallel_agents - len(pod.live_agents))


def earliest(pod: Pod, start: Start) -> datetime | None:
    """When it may start at the earliest, by its own time and the pod's cooldown; None: at once."""
    times = [time for time in (start.not_before, pod.cooldown_until) if time is not None]
    return max(times, default=None)


def next_start_time(pod: Pod) -> datetime | None:
    """When the next agent may start, where only time stands in its way."""
    if not free_slots(pod) or budget_reached(pod) or is_full(pod):
        return None
    return min((time for start in wanted(pod) if (time := earliest(pod, start)) is not None), default=None)


def start_agents(draft: Draft) -> None:
    """Request what may start now, as far as slots, budget and cooldown allow."""
    if budget_reached(draft.pod) or is_full(draft.pod):
        return
    for start in wanted(draft.pod):
        if not free_slots(draft.pod):
            return
        time = earliest(draft.pod, start)
        if time is None or time <= draft.now:
            request_agent(draft, start)


def request_agent(draft: Draft, start: Start, restarted_from: str = "") -> Agent:
    """Request an agent; while auto-start is off it waits for a person, unless a person asked for it."""
    pod = draft.pod
    ws = pod.workstreams.get(start.workstream_id)
    pending = not (pod.policy.auto_start_agents or start.by_person)
    if not restarted_from and ws is not None and ws.attempts:
        restarted_from = ws.attempts[-1].agent_id
    agent = Agent(
        id=naming.agent_id(pod.pod_id, pod.agent_counter + 1),
        kind=start.kind,
        workstream_id=start.workstream_id,
        profile=(ws.profile if ws is not None else "") or profile_for(pod.policy, start.kind),
        status=AgentStatus.PENDING_START if pending else AgentStatus.REQUESTED,
        requested_time=draft.now,
        restarted_from=restarted_from,
        attempt=start.attempt,
    )
    draft.emit(AgentRequested(agent=agent))
    if pod.policy.spawn_cooldown:
        until = draft.now + pod.policy.spawn_cooldown
        draft.emit(CooldownStarted(until_time=until, reason="a pause between two starts"))
    if not pending:
        open_job(draft, JobKind.LAUNCH, agent_id=agent.id, workstream_id=agent.workstream_id)
    return agent


def pending_agents(pod: Pod) -> list[Agent]:
    """Agents that wait for StartAgent."""
    return [agent for agent in live_agents(pod) if agent.status is AgentStatus.PENDING_START]
