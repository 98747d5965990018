"""Folding: spec and plan."""

from typing import TypeVar, assert_never

from podium.kernel.entity import Recorded
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.events.documents import (
    DocumentAttemptEnded,
    DocumentEvent,
    PlanApproved,
    PlanReopened,
    PlanRequested,
    PlanUpdated,
    SpecApproved,
    SpecReopened,
    SpecRequested,
    SpecUpdated,
)
from podium.pod_manager.domain.kinds import AgentKind, DocumentState, FailureCause
from podium.pod_manager.domain.resources import Plan, Pod, Spec

D = TypeVar("D", Spec, Plan)


def evolve(pod: Pod, event: DocumentEvent, recorded: Recorded) -> Pod:
    """The pod after the event."""
    match event:
        case SpecUpdated(version=version, content=content, draft=draft):
            state = DocumentState.DRAFT if draft else DocumentState.READY
            return replace(pod, spec=Spec(content=content, version=version, state=state))
        case PlanUpdated(version=version, summary=summary, items=items):
            plan = Plan(summary=summary, items=items, version=version, state=DocumentState.READY)
            return replace(pod, plan=plan)
        case SpecApproved(version=version, by=by):
            return replace(pod, spec=_approved(pod.spec, version, by, recorded))
        case PlanApproved(version=version, by=by):
            return replace(pod, plan=_approved(pod.plan, version, by, recorded))
        case SpecReopened():
            return replace(pod, spec=_reopened(pod.spec))
        case PlanReopened():
            return replace(pod, plan=_reopened(pod.plan))
        case SpecRequested(feedback=feedback):
            return replace(pod, spec=_requested(pod.spec, feedback))
        case PlanRequested(feedback=feedback):
            return replace(pod, plan=_requested(pod.plan, feedback))
        case DocumentAttemptEnded(kind=AgentKind.SPEC_WRITER):
            return replace(pod, spec=_attempt_ended(pod.spec, event))
        case DocumentAttemptEnded():
            return replace(pod, plan=_attempt_ended(pod.plan, event))
        case _:
            assert_never(event)


def _approved(document: D, version: int, by: str, recorded: Recorded) -> D:
    return replace(
        document,
        state=DocumentState.APPROVED,
        approved_version=version,
        approved_by=by,
        approved_time=recorded.time,
        requested=False,
        held=False,
    )


def _reopened(document: D) -> D:
    return replace(document, state=DocumentState.DRAFT, approved_version=0, approved_by="", approved_time=None)


def _requested(document: D, feedback: str) -> D:
    return replace(
        document,
        requested=True,
        feedback=feedback,
        failed_attempts=0,
        next_retry_time=None,
        last_error="",
        last_cause=FailureCause.UNSPECIFIED,
        held=False,
    )


def _attempt_ended(document: D, event: DocumentAttemptEnded) -> D:
    return replace(
        document,
        state=DocumentState.DRAFT if document.version else DocumentState.UNSPECIFIED,
        failed_attempts=document.failed_attempts + (0 if event.excused else 1),
        next_retry_time=event.next_retry_time,
        last_error=event.error,
        last_cause=event.cause,
        held=event.held,
    )


def generating(pod: Pod, kind: AgentKind) -> Pod:
    """The pod whose spec or plan an agent begins to write."""
    if kind is AgentKind.SPEC_WRITER:
        return replace(pod, spec=replace(pod.spec, state=DocumentState.GENERATING, held=False))
    if kind is AgentKind.PLANNER:
        return replace(pod, plan=replace(pod.plan, state=DocumentState.GENERATING, held=False))
    return pod
