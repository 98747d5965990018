"""Deciding: workstreams."""

from dataclasses import replace
from typing import assert_never

from podium.kernel.errors import Rejection, already_exists, invalid, precondition
from podium.kernel.identity import CallerKind
from podium.pod_manager.domain import graph, limits
from podium.pod_manager.domain.commands.workstreams import (
    CancelWorkstream,
    CompleteWorkstream,
    CreateWorkstream,
    FailWorkstream,
    RetryWorkstream,
    SkipWorkstream,
    StartWorkstream,
    UpdateChecklist,
    UpdateWorkstream,
    WorkstreamCommand,
)
from podium.pod_manager.domain.deciding.guards import check_item, in_phase
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.endings import end_as_done, request_interrupt, request_merge
from podium.pod_manager.domain.events.agents import AgentStartApproved
from podium.pod_manager.domain.events.workstreams import (
    ChecklistUpdated,
    WorkstreamCancelled,
    WorkstreamCreated,
    WorkstreamFailed,
    WorkstreamRetried,
    WorkstreamSkipped,
    WorkstreamStartRequested,
    WorkstreamUpdated,
)
from podium.pod_manager.domain.kinds import AgentStatus, JobKind, Phase, WorkstreamStatus
from podium.pod_manager.domain.limits import check_count, check_text
from podium.pod_manager.domain.moving import move, planned_workstream
from podium.pod_manager.domain.orders import open_job
from podium.pod_manager.domain.queries import CLAIMED, find_workstream, is_held, live_agent_on
from podium.pod_manager.domain.resources import PlanItem, Pod, Workstream

S = WorkstreamStatus
ITEM_FIELDS = frozenset({"title", "description", "dependencies", "priority", "profile"})
EDITABLE = frozenset({S.PENDING, S.BLOCKED, S.READY, S.IN_PROGRESS, S.FAILED})


def decide(draft: Draft, command: WorkstreamCommand) -> None:
    """Add what the command leads to."""
    match command:
        case CreateWorkstream():
            create_workstream(draft, command)
        case UpdateWorkstream():
            update_workstream(draft, command)
        case StartWorkstream():
            start_workstream(draft, command)
        case CompleteWorkstream():
            complete_workstream(draft, command)
        case FailWorkstream():
            fail_workstream(draft, command)
        case RetryWorkstream():
            retry_workstream(draft, command)
        case SkipWorkstream():
            skip_workstream(draft, command)
        case CancelWorkstream():
            cancel_workstream(draft, command)
        case UpdateChecklist():
            update_checklist(draft, command)
        case _:
            assert_never(command)


def create_workstream(draft: Draft, command: CreateWorkstream) -> None:
    """INVALID_PHASE, WORKSTREAM_EXISTS, TOO_MANY_ENTRIES, UNKNOWN_DEPENDENCY; a new one can close no circle."""
    pod, item = draft.pod, command.item
    in_phase(pod, Phase.WORKSTREAM_EXECUTION)
    check_item("item", item)
    if item.id in pod.workstreams:
        message = f"a workstream {item.id} exists; choose another id"
        raise already_exists("WORKSTREAM_EXISTS", message, workstream_id=item.id)
    check_count("workstreams", len(pod.workstreams) + 1, limits.WORKSTREAMS)
    _check_graph(pod, item.id, item.dependencies)
    position = max((ws.position for ws in pod.workstreams.values()), default=-1) + 1
    draft.emit(WorkstreamCreated(workstream=planned_workstream(item, position)))


def update_workstream(draft: Draft, command: UpdateWorkstream) -> None:
    """INVALID_FIELD, WORKSTREAM_WRONG_STATUS, UNKNOWN_DEPENDENCY, DEPENDENCY_CYCLE; no change is no fact."""
    ws = find_workstream(draft.pod, command.item.id)
    if ws.status not in EDITABLE:
        raise wrong_status(ws, "it is finished or being merged")
    old = item_of(ws)
    unknown = set(command.update_mask) - ITEM_FIELDS
    if unknown or not command.update_mask:
        raise invalid("update_mask", f"name fields of the item: {', '.join(sorted(ITEM_FIELDS))}")
    item = replace(old, **{name: getattr(command.item, name) for name in command.update_mask})
    check_item("item", item)
    if item.dependencies != old.dependencies:
        if ws.status is S.IN_PROGRESS:
            raise wrong_status(ws, "its agent started with the old dependencies")
        _check_graph(draft.pod, ws.id, item.dependencies)
    if item != old:
        draft.emit(WorkstreamUpdated(item=item, position=ws.position))


def start_workstream(draft: Draft, command: StartWorkstream) -> None:
    """INVALID_PHASE, DEPENDENCIES_NOT_SATISFIED, WORKSTREAM_NOT_PENDING; limit and budget still count."""
    in_phase(draft.pod, Phase.WORKSTREAM_EXECUTION)
    ws = find_workstream(draft.pod, command.workstream_id)
    if ws.status in (S.PENDING, S.BLOCKED):
        names = ", ".join(ws.blocked_on)
        message = f"{ws.id} waits for {names}: wait, or skip them"
        raise precondition("DEPENDENCIES_NOT_SATISFIED", message, blocked_on=names)
    agent = live_agent_on(draft.pod, ws.id) if ws.status is S.IN_PROGRESS else None
    if agent is not None and agent.status is AgentStatus.PENDING_START:
        draft.emit(AgentStartApproved(agent_id=agent.id))
        open_job(draft, JobKind.LAUNCH, agent_id=agent.id, workstream_id=ws.id)
    elif ws.status is not S.READY:
        message = f"{ws.id} is {ws.status.name}, not waiting to start"
        raise precondition("WORKSTREAM_NOT_PENDING", message, status=ws.status.name)
    elif not ws.start_requested:
        draft.emit(WorkstreamStartRequested(workstream_id=ws.id))


def complete_workstream(draft: Draft, command: CompleteWorkstream) -> None:
    """WORKSTREAM_NOT_IN_PROGRESS, AGENT_NOT_RUNNING. The branch of its newest attempt is merged as it stands."""
    ws = _in_progress(draft.pod, command.workstream_id)
    summary = check_text("summary", command.summary, required=False)
    agent = live_agent_on(draft.pod, ws.id)
    if agent is None:
        if not ws.attempts[-1].branch:
            message = f"the attempt at {ws.id} never started, so it has no branch to merge"
            raise precondition("AGENT_NOT_RUNNING", message, status=ws.attempts[-1].outcome.name)
        request_merge(draft, ws, summary)
        return
    if agent.status not in CLAIMED or agent.started_time is None:
        message = f"agent {agent.id} has not started, so there is nothing to merge"
        raise precondition("AGENT_NOT_RUNNING", message, status=agent.status.name)
    end_as_done(draft, agent, summary)


def fail_workstream(draft: Draft, command: FailWorkstream) -> None:
    """WORKSTREAM_NOT_IN_PROGRESS."""
    ws = _in_progress(draft.pod, command.workstream_id)
    reason = check_text("reason", command.reason, required=False)
    draft.emit(WorkstreamFailed(workstream_id=ws.id, reason=reason or "a person said so"))
    _let_go(draft, ws, "the workstream failed")


def retry_workstream(draft: Draft, command: RetryWorkstream) -> None:
    """INVALID_PHASE, WORKSTREAM_WRONG_STATUS; in REVIEW also GUARD_NOT_MET, for it goes back a step."""
    in_phase(draft.pod, Phase.WORKSTREAM_EXECUTION, Phase.REVIEW)
    ws = find_workstream(draft.pod, command.workstream_id)
    if ws.status is not S.FAILED and not is_held(draft.pod, ws):
        raise wrong_status(ws, "only a failed or interrupted one is retried")
    feedback = check_text("feedback", command.feedback, required=False)
    if draft.pod.phase is Phase.REVIEW:
        move(draft, Phase.WORKSTREAM_EXECUTION, f"{ws.id} is retried")
    draft.emit(WorkstreamRetried(workstream_id=ws.id, feedback=feedback))


def skip_workstream(draft: Draft, command: SkipWorkstream) -> None:
    """INVALID_PHASE, WORKSTREAM_WRONG_STATUS. A running agent is interrupted."""
    in_phase(draft.pod, Phase.WORKSTREAM_EXECUTION, Phase.REVIEW)
    ws = find_workstream(draft.pod, command.workstream_id)
    if ws.status in (S.COMPLETED, S.SKIPPED, S.MERGING):
        raise wrong_status(ws, "nothing to skip")
    reason = check_text("reason", command.reason, required=False)
    draft.emit(WorkstreamSkipped(workstream_id=ws.id, reason=reason))
    _let_go(draft, ws, "the workstream was skipped")


def cancel_workstream(draft: Draft, command: CancelWorkstream) -> None:
    """INVALID_PHASE, WORKSTREAM_WRONG_STATUS. A running agent is interrupted."""
    in_phase(draft.pod, Phase.WORKSTREAM_EXECUTION, Phase.REVIEW)
    ws = find_workstream(draft.pod, command.workstream_id)
    if ws.status in (S.COMPLETED, S.CANCELLED, S.MERGING):
        raise wrong_status(ws, "nothing to cancel")
    reason = check_text("reason", command.reason, required=False)
    draft.emit(WorkstreamCancelled(workstream_id=ws.id, reason=reason))
    _let_go(draft, ws, "the workstream was cancelled")


def update_checklist(draft: Draft, command: UpdateChecklist) -> None:
    """NOT_OWNER_OF_ITEM where an agent means another's workstream; TOO_MANY_ENTRIES."""
    ws = find_workstream(draft.pod, command.workstream_id)
    caller = draft.context.actor
    if caller.kind is CallerKind.AGENT and draft.pod.agents[caller.name].workstream_id != ws.id:
        message = f"{ws.id} belongs to another agent"
        raise precondition("NOT_OWNER_OF_ITEM", message, workstream_id=ws.id)
    check_count("items", len(command.items), limits.CHECKLIST_ITEMS)
    for index, item in enumerate(command.items):
        check_text(f"items[{index}].text", item.text)
    if command.items != ws.checklist:
        draft.emit(ChecklistUpdated(workstream_id=ws.id, items=command.items))


# -- shared ----------------------------------------------------------------------------------------------------------


def item_of(ws: Workstream) -> PlanItem:
    """A workstream as a plan would name it."""
    return PlanItem(ws.id, ws.title, ws.spec, ws.dependencies, ws.priority, ws.profile)


def wrong_status(ws: Workstream, why: str) -> Rejection:
    """WORKSTREAM_WRONG_STATUS."""
    return precondition("WORKSTREAM_WRONG_STATUS", f"{ws.id} is {ws.status.name}: {why}", status=ws.status.name)


def _in_progress(pod: Pod, workstream_id: str) -> Workstream:
    in_phase(pod, Phase.WORKSTREAM_EXECUTION)
    ws = find_workstream(pod, workstream_id)
    if ws.status is not S.IN_PROGRESS:
        message = f"{ws.id} is {ws.status.name}; start it first"
        raise precondition("WORKSTREAM_NOT_IN_PROGRESS", message, status=ws.status.name)
    return ws


def _check_graph(pod: Pod, workstream_id: str, dependencies: tuple[str, ...]) -> None:
    edges = {ws.id: ws.dependencies for ws in pod.workstreams.values()}
    graph.check({**edges, workstream_id: dependencies}, "item.dependencies")


def _let_go(draft: Draft, ws: Workstream, reason: str) -> None:
    """Nobody wants the work of its agent any more."""
    agent = live_agent_on(draft.pod, ws.id)
    if agent is not None:
        request_interrupt(draft, agent, reason)
