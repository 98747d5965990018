"""Moving a pod from phase to phase: what goes with each way of the table in `phases`."""

from podium.kernel.errors import precondition
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.endings import end_agent, interrupted, request_interrupt
from podium.pod_manager.domain.events.documents import PlanReopened, SpecReopened
from podium.pod_manager.domain.events.lifecycle import PhaseChanged
from podium.pod_manager.domain.events.workstreams import WorkstreamCancelled, WorkstreamCreated, WorkstreamUpdated
from podium.pod_manager.domain.kinds import DocumentState, JobEnding, JobKind, Phase, WorkstreamStatus
from podium.pod_manager.domain.orders import close_job
from podium.pod_manager.domain.phases import way
from podium.pod_manager.domain.queries import live_agents
from podium.pod_manager.domain.resources import PlanItem, Pod, Workstream
from podium.pod_manager.domain.starting import pending_agents

KEPT_BY_A_NEW_PLAN = frozenset({WorkstreamStatus.COMPLETED, WorkstreamStatus.SKIPPED})


def move(draft: Draft, target: Phase, reason: str, *, held: bool = False) -> None:
    """Go along the table; raises INVALID_TRANSITION or GUARD_NOT_MET."""
    source = draft.pod.phase
    step = way(source, target)
    ends = {"from": source.name, "to": target.name}
    if step is None:
        raise precondition("INVALID_TRANSITION", f"no way leads from {source.name} to {target.name}", **ends)
    missing = step.guard(draft.pod)
    if missing:
        message = f"{source.name} to {target.name}: {missing}"
        raise precondition("GUARD_NOT_MET", message, guard=step.guard_name, **ends)
    if step.back:
        _prepare_back(draft, target, reason)
    elif target is Phase.WORKSTREAM_EXECUTION:
        apply_plan(draft)
    draft.emit(PhaseChanged(from_phase=source, to_phase=target, reason=reason, by=draft.by, held=held))


def _prepare_back(draft: Draft, target: Phase, reason: str) -> None:
    """Going back reopens what the phase was entered with; agents that only waited to start are let go."""
    for agent in pending_agents(draft.pod):
        end_agent(draft, agent, interrupted("the pod went back"))
    _cancel_jobs(draft)
    if target is Phase.SPEC_CLARIFICATION and draft.pod.spec.state is DocumentState.APPROVED:
        draft.emit(SpecReopened(reason=reason))
    if target is Phase.PLANNING and draft.pod.plan.state is DocumentState.APPROVED:
        draft.emit(PlanReopened(reason=reason))


def finish(draft: Draft, target: Phase, reason: str) -> None:
    """COMPLETED or CANCELLED: agents are interrupted, open jobs closed; the RELEASE follows when no agent lives."""
    source = draft.pod.phase
    draft.emit(PhaseChanged(from_phase=source, to_phase=target, reason=reason, by=draft.by))
    for agent in list(live_agents(draft.pod)):
        request_interrupt(draft, agent, f"the pod is {target.name.lower()}")
    _cancel_jobs(draft)


def _cancel_jobs(draft: Draft) -> None:
    """All but INTERRUPT: processes must still be ended."""
    for job in [job for _, job in sorted(draft.pod.jobs.items()) if job.kind is not JobKind.INTERRUPT]:
        close_job(draft, job, JobEnding.CANCELLED)


def apply_plan(draft: Draft) -> None:
    """Workstreams from the plan, matched by id: finished ones stay so, others begin anew, absent ones are dropped."""
    pod = draft.pod
    planned = {item.id for item in pod.plan.items}
    for position, item in enumerate(pod.plan.items):
        existing = pod.workstreams.get(item.id)
        if existing is None:
            draft.emit(WorkstreamCreated(workstream=planned_workstream(item, position)))
        else:
            # Finished ones take their new dependencies too: together with old ones the graph might become a circle.
            renewed = existing.status not in KEPT_BY_A_NEW_PLAN
            draft.emit(WorkstreamUpdated(item=item, position=position, renewed=renewed))
    for name in sorted(set(pod.workstreams) - planned):
        if _unfinished(pod, name):
            draft.emit(WorkstreamCancelled(workstream_id=name, reason="the new plan does not name it"))


def _unfinished(pod: Pod, name: str) -> bool:
    return pod.workstreams[name].status not in (*KEPT_BY_A_NEW_PLAN, WorkstreamStatus.CANCELLED)


def planned_workstream(item: PlanItem, position: int) -> Workstream:
    """A new workstream of a plan item."""
    return Workstream(
        status=WorkstreamStatus.PENDING,
        id=item.id,
        title=item.title,
        spec=item.description,
        dependencies=item.dependencies,
        priority=item.priority,
        position=position,
        profile=item.profile,
    )
