"""Deciding: spec and plan. Every approval names the version that was looked at."""

from typing import assert_never

from podium.kernel.errors import Rejection, denied, invalid, precondition
from podium.kernel.identity import CallerKind
from podium.pod_manager.domain import graph, limits
from podium.pod_manager.domain.commands.documents import (
    ApprovePlan,
    ApproveSpec,
    DocumentCommand,
    ReopenPlan,
    ReopenSpec,
    RequestPlan,
    RequestSpec,
    UpdatePlan,
    UpdateSpec,
)
from podium.pod_manager.domain.deciding.guards import check_item, in_phase
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.events.documents import (
    PlanApproved,
    PlanReopened,
    PlanRequested,
    PlanUpdated,
    SpecApproved,
    SpecReopened,
    SpecRequested,
    SpecUpdated,
)
from podium.pod_manager.domain.kinds import AgentKind, DocumentState, Phase
from podium.pod_manager.domain.limits import check_count, check_text
from podium.pod_manager.domain.moving import move
from podium.pod_manager.domain.queries import live_agent_of
from podium.pod_manager.domain.resources import Plan, PlanItem, Pod, Spec


def decide(draft: Draft, command: DocumentCommand) -> None:
    """Add what the command leads to."""
    match command:
        case UpdateSpec():
            update_spec(draft, command)
        case ApproveSpec():
            approve_spec(draft, command)
        case ReopenSpec():
            reopen_spec(draft, command)
        case RequestSpec():
            request_spec(draft, command)
        case UpdatePlan():
            update_plan(draft, command)
        case ApprovePlan():
            approve_plan(draft, command)
        case ReopenPlan():
            reopen_plan(draft, command)
        case RequestPlan():
            request_plan(draft, command)
        case _:
            assert_never(command)


# -- spec ------------------------------------------------------------------------------------------------------------


def update_spec(draft: Draft, command: UpdateSpec) -> None:
    """SPEC_ALREADY_APPROVED, INVALID_PHASE, GENERATION_IN_PROGRESS, EMPTY_CONTENT, CONTENT_TOO_LONG."""
    spec = draft.pod.spec
    _not_approved(spec, "SPEC_ALREADY_APPROVED", "ReopenSpec")
    in_phase(draft.pod, Phase.SPEC_CLARIFICATION)
    _may_write(draft, spec, AgentKind.SPEC_WRITER)
    content = check_text("content", command.content)
    draft.emit(SpecUpdated(version=spec.version + 1, content=content, draft=command.draft))


def approve_spec(draft: Draft, command: ApproveSpec) -> None:
    """SPEC_MISSING, SPEC_ALREADY_APPROVED, INVALID_PHASE, STALE_VERSION, GENERATION_IN_PROGRESS."""
    spec = draft.pod.spec
    if not spec.version:
        raise precondition("SPEC_MISSING", "there is no spec yet")
    _not_approved(spec, "SPEC_ALREADY_APPROVED", "ReopenSpec")
    in_phase(draft.pod, Phase.SPEC_CLARIFICATION)
    _current(spec, command.version)
    _written(draft, spec, AgentKind.SPEC_WRITER)
    draft.emit(SpecApproved(version=command.version, by=draft.by))


def reopen_spec(draft: Draft, command: ReopenSpec) -> None:
    """SPEC_MISSING where no approval stands, INVALID_PHASE, GUARD_NOT_MET; from PLANNING it goes back a step."""
    if draft.pod.spec.state is not DocumentState.APPROVED:
        raise precondition("SPEC_MISSING", "the spec is not approved; edit it with UpdateSpec")
    in_phase(draft.pod, Phase.SPEC_CLARIFICATION, Phase.PLANNING)
    reason = check_text("reason", command.reason, required=False)
    if draft.pod.phase is Phase.PLANNING:
        move(draft, Phase.SPEC_CLARIFICATION, reason)
    else:
        draft.emit(SpecReopened(reason=reason))


def request_spec(draft: Draft, command: RequestSpec) -> None:
    """SPEC_ALREADY_APPROVED, INVALID_PHASE, GENERATION_IN_PROGRESS."""
    _not_approved(draft.pod.spec, "SPEC_ALREADY_APPROVED", "ReopenSpec")
    in_phase(draft.pod, Phase.SPEC_CLARIFICATION)
    _written_out(draft.pod, draft.pod.spec, AgentKind.SPEC_WRITER)
    draft.emit(SpecRequested(feedback=check_text("feedback", command.feedback, required=False)))


# -- plan ------------------------------------------------------------------------------------------------------------


def update_plan(draft: Draft, command: UpdatePlan) -> None:
    """PLAN_ALREADY_APPROVED, INVALID_PHASE, GENERATION_IN_PROGRESS; for the items see `check_plan`."""
    plan = draft.pod.plan
    _not_approved(plan, "PLAN_ALREADY_APPROVED", "ReopenPlan")
    in_phase(draft.pod, Phase.PLANNING)
    _may_write(draft, plan, AgentKind.PLANNER)
    check_text("summary", command.summary, required=False)
    check_plan(command.items)
    names = {item.id for item in command.items} | set(draft.pod.workstreams)
    check_count("items", len(names), limits.WORKSTREAMS)
    draft.emit(PlanUpdated(version=plan.version + 1, summary=command.summary, items=command.items))


def approve_plan(draft: Draft, command: ApprovePlan) -> None:
    """PLAN_MISSING, PLAN_ALREADY_APPROVED, INVALID_PHASE, STALE_VERSION, GENERATION_IN_PROGRESS."""
    plan = draft.pod.plan
    if not plan.version:
        raise precondition("PLAN_MISSING", "there is no plan yet")
    _not_approved(plan, "PLAN_ALREADY_APPROVED", "ReopenPlan")
    in_phase(draft.pod, Phase.PLANNING)
    _current(plan, command.version)
    _written(draft, plan, AgentKind.PLANNER)
    draft.emit(PlanApproved(version=command.version, by=draft.by))


def reopen_plan(draft: Draft, command: ReopenPlan) -> None:
    """PLAN_MISSING where no approval stands, INVALID_PHASE, GUARD_NOT_MET; from EXECUTION it goes back a step."""
    if draft.pod.plan.state is not DocumentState.APPROVED:
        raise precondition("PLAN_MISSING", "the plan is not approved; edit it with UpdatePlan")
    in_phase(draft.pod, Phase.PLANNING, Phase.WORKSTREAM_EXECUTION)
    reason = check_text("reason", command.reason, required=False)
    if draft.pod.phase is Phase.WORKSTREAM_EXECUTION:
        move(draft, Phase.PLANNING, reason)
    else:
        draft.emit(PlanReopened(reason=reason))


def request_plan(draft: Draft, command: RequestPlan) -> None:
    """PLAN_ALREADY_APPROVED, INVALID_PHASE, GENERATION_IN_PROGRESS; without advice over a plan PLAN_ALREADY_EXISTS."""
    plan = draft.pod.plan
    _not_approved(plan, "PLAN_ALREADY_APPROVED", "ReopenPlan")
    in_phase(draft.pod, Phase.PLANNING)
    _written_out(draft.pod, plan, AgentKind.PLANNER)
    feedback = check_text("feedback", command.feedback, required=False)
    if plan.version and not feedback.strip():
        message = "a plan exists: update it, or say what the planner is to do better"
        raise precondition("PLAN_ALREADY_EXISTS", message, version=str(plan.version))
    draft.emit(PlanRequested(feedback=feedback))


def check_plan(items: tuple[PlanItem, ...]) -> None:
    """TOO_MANY_ENTRIES, INVALID_FIELD, EMPTY_CONTENT, CONTENT_TOO_LONG, UNKNOWN_DEPENDENCY, DEPENDENCY_CYCLE."""
    if not items:
        raise invalid("items", "a plan needs at least one workstream", "EMPTY_CONTENT", field="items")
    check_count("items", len(items), limits.WORKSTREAMS)
    seen: set[str] = set()
    for index, item in enumerate(items):
        check_item(f"items[{index}]", item)
        if item.id in seen:
            raise invalid(f"items[{index}].id", f"{item.id!r} is used twice")
        seen.add(item.id)
    graph.check({item.id: item.dependencies for item in items}, "items")


def request_again(draft: Draft, kind: AgentKind) -> None:
    """Ask for a writer of the same document with the same advice; raises as `request_spec` and `request_plan`.

    It starts at once, so nobody may be left who wrote the last one.
    """
    _nobody_writes(draft.pod, kind)
    if kind is AgentKind.SPEC_WRITER:
        request_spec(draft, RequestSpec(feedback=draft.pod.spec.feedback))
        return
    _not_approved(draft.pod.plan, "PLAN_ALREADY_APPROVED", "ReopenPlan")
    draft.emit(PlanRequested(feedback=draft.pod.plan.feedback))


# -- shared guards ---------------------------------------------------------------------------------------------------


def _not_approved(document: Spec | Plan, reason: str, remedy: str) -> None:
    if document.state is DocumentState.APPROVED:
        message = f"version {document.approved_version} is approved; {remedy} first"
        raise precondition(reason, message, version=str(document.approved_version))


def _current(document: Spec | Plan, version: int) -> None:
    if version != document.version:
        message = f"version {version} was looked at, the current one is {document.version}"
        raise precondition("STALE_VERSION", message, given=str(version), current=str(document.version))


def _in_progress(agent_id: str) -> Rejection:
    message = f"agent {agent_id} is at work on it: wait, or interrupt it"
    return precondition("GENERATION_IN_PROGRESS", message, agent_id=agent_id)


def _nobody_writes(pod: Pod, kind: AgentKind) -> None:
    agent = live_agent_of(pod, kind)
    if agent is not None:
        raise _in_progress(agent.id)


def _written_out(pod: Pod, document: Spec | Plan, kind: AgentKind) -> None:
    """Another version may be asked for once this one was handed in; its writer ends before the next one starts."""
    if document.state is not DocumentState.READY:
        _nobody_writes(pod, kind)


def _may_write(draft: Draft, document: Spec | Plan, kind: AgentKind) -> None:
    """A person while nobody else writes; an agent where it is the one that was asked to, and the last one asked."""
    caller = draft.context.actor
    if caller.kind is not CallerKind.AGENT:
        _nobody_writes(draft.pod, kind)
    elif draft.pod.agents[caller.name].kind is not kind:
        raise denied(f"only a {kind.name} writes this", caller=str(caller))
    elif document.state is DocumentState.READY and document.requested:
        message = "another version was asked for since: complete, its writer comes next"
        raise precondition("GENERATION_IN_PROGRESS", message, agent_id=caller.name)


def _written(draft: Draft, document: Spec | Plan, kind: AgentKind) -> None:
    agent = live_agent_of(draft.pod, kind)
    if agent is not None and document.state is DocumentState.GENERATING:
        raise _in_progress(agent.id)
