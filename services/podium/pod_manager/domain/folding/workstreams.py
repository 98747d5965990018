"""Folding: workstreams and their attempts."""

from typing import Any, assert_never

from podium.kernel.entity import Recorded
from podium.pod_manager.domain import limits
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.events.workstreams import (
    AttemptEnded,
    ChecklistUpdated,
    MergeRequested,
    WorkstreamCancelled,
    WorkstreamCompleted,
    WorkstreamCreated,
    WorkstreamEvent,
    WorkstreamFailed,
    WorkstreamGated,
    WorkstreamRetried,
    WorkstreamSkipped,
    WorkstreamStartRequested,
    WorkstreamUpdated,
)
from podium.pod_manager.domain.kinds import AgentStatus, WorkstreamStatus
from podium.pod_manager.domain.resources import Agent, Attempt, Pod, Workstream
from podium.pod_manager.domain.weights import of_workstream

UNDER_WAY = frozenset({WorkstreamStatus.IN_PROGRESS, WorkstreamStatus.MERGING})


def evolve(pod: Pod, event: WorkstreamEvent, recorded: Recorded) -> Pod:
    """The pod after the event."""
    match event:
        case WorkstreamCreated(workstream=ws):
            return replace(put(pod, ws), held=False)
        case WorkstreamUpdated():
            return put(pod, _updated(pod.workstreams[event.item.id], event))
        case WorkstreamGated(workstream_id=name, status=status, blocked_on=blocked_on):
            return change(pod, name, status=status, blocked_on=blocked_on)
        case WorkstreamStartRequested(workstream_id=name):
            return change(pod, name, start_requested=True, next_retry_time=None)
        case AttemptEnded():
            return put(pod, _attempt_ended(pod.workstreams[event.workstream_id], event))
        case MergeRequested(workstream_id=name, branch=branch, summary=summary):
            merging = WorkstreamStatus.MERGING
            return change(pod, name, status=merging, branch=branch, result_summary=summary)
        case WorkstreamCompleted(workstream_id=name, integration_commit=commit):
            return put(pod, _completed(pod.workstreams[name], commit))
        case WorkstreamFailed(workstream_id=name, reason=reason):
            return _finished(pod, name, WorkstreamStatus.FAILED, reason)
        case WorkstreamSkipped(workstream_id=name, reason=reason):
            return _finished(pod, name, WorkstreamStatus.SKIPPED, reason)
        case WorkstreamCancelled(workstream_id=name, reason=reason):
            return _finished(pod, name, WorkstreamStatus.CANCELLED, reason)
        case WorkstreamRetried(workstream_id=name, feedback=feedback):
            return replace(put(pod, _renewed(pod.workstreams[name], feedback)), held=False)
        case ChecklistUpdated(workstream_id=name, items=items):
            return change(pod, name, checklist=items)
        case _:
            assert_never(event)


def put(pod: Pod, ws: Workstream) -> Pod:
    """With this workstream."""
    held = pod.held_bytes + of_workstream(ws) - of_workstream(pod.workstreams.get(ws.id))
    return replace(pod, workstreams=pod.workstreams.set(ws.id, ws), held_bytes=held)


def change(pod: Pod, workstream_id: str, **values: Any) -> Pod:
    """With some fields of a workstream changed."""
    return put(pod, replace(pod.workstreams[workstream_id], **values))


def _updated(ws: Workstream, event: WorkstreamUpdated) -> Workstream:
    item = event.item
    ws = _renewed(ws, ws.feedback) if event.renewed else ws
    return replace(
        ws,
        title=item.title,
        spec=item.description,
        dependencies=item.dependencies,
        priority=item.priority,
        profile=item.profile,
        position=event.position,
    )


def _renewed(ws: Workstream, feedback: str) -> Workstream:
    return replace(
        ws,
        status=WorkstreamStatus.PENDING,
        blocked_on=(),
        counted_attempts=0,
        next_retry_time=None,
        feedback=feedback,
        reason="",
        conflict_branch="",
        start_requested=False,
    )


def _finished(pod: Pod, name: str, status: WorkstreamStatus, reason: str) -> Pod:
    return change(pod, name, status=status, reason=reason, blocked_on=(), next_retry_time=None, start_requested=False)


def _completed(ws: Workstream, commit: str) -> Workstream:
    return replace(
        ws,
        status=WorkstreamStatus.COMPLETED,
        integration_commit=commit,
        conflict_branch="",
        feedback="",
        reason="",
        next_retry_time=None,
    )


def _attempt_ended(ws: Workstream, event: AttemptEnded) -> Workstream:
    """The attempt gets its outcome; the workstream waits again, unless it is finished or held (INTERRUPTED)."""
    attempts = tuple(
        replace(
            attempt,
            outcome=event.outcome,
            cause=event.cause,
            error=event.error,
            checks_output=event.checks_output,
            conflict_paths=event.conflict_paths,
            excused=event.excused,
        )
        if attempt.number == event.number
        else attempt
        for attempt in ws.attempts
    )
    ws = replace(ws, attempts=attempts)
    newest = bool(attempts) and attempts[-1].number == event.number
    if not newest or ws.status not in UNDER_WAY:
        return ws
    held = event.outcome is AgentStatus.INTERRUPTED
    return replace(
        ws,
        status=WorkstreamStatus.IN_PROGRESS if held else WorkstreamStatus.PENDING,
        counted_attempts=ws.counted_attempts + (0 if event.excused else 1),
        next_retry_time=event.next_retry_time,
        conflict_branch=event.conflict_branch or ws.conflict_branch,
    )


def attempt_begun(ws: Workstream, agent: Agent) -> Workstream:
    """A workstream with a new agent at work."""
    attempt = Attempt(outcome=agent.status, number=agent.attempt, agent_id=agent.id, started_time=agent.requested_time)
    return replace(
        ws,
        status=WorkstreamStatus.IN_PROGRESS,
        attempts=(*ws.attempts, attempt)[-limits.ATTEMPTS_KEPT :],
        next_retry_time=None,
        start_requested=False,
        progress="",
        blocked_on=(),
    )


def attempt_changed(ws: Workstream, agent_id: str, **values: Any) -> Workstream:
    """A workstream with some fields of an agent's attempt changed."""
    attempts = tuple(replace(attempt, **values) if attempt.agent_id == agent_id else attempt for attempt in ws.attempts)
    return replace(ws, attempts=attempts)
