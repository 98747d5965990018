"""What wants a person.

Items about messages come and go with these. All others follow from the state: `reconcile` compares what should stand
there with what does, so that an item can neither be forgotten nor outlive its cause.
"""

from collections.abc import Iterator
from datetime import datetime

from podium.pod_manager.domain.conversation import InboxItem, Message
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.events.messages import InboxItemAdded, InboxItemCleared
from podium.pod_manager.domain.kinds import (
    AgentKind,
    Autonomy,
    DocumentState,
    FailureCause,
    InboxReason,
    MessageKind,
    Phase,
    WorkstreamStatus,
)
from podium.pod_manager.domain.queries import (
    budget_reached,
    in_plan_order,
    is_full,
    is_held,
    is_terminal,
    last_attempt,
    live_agent_of,
)
from podium.pod_manager.domain.resources import Plan, Pod, Spec
from podium.pod_manager.domain.wording import sentence

OF_MESSAGES = frozenset({InboxReason.QUESTION_ASKED, InboxReason.PERMISSION, InboxReason.BLOCKER_RAISED})
TITLE_LENGTH = 200


def item(reason: InboxReason, subject: str, text: str, version: int = 0) -> InboxItem:
    """An item, without its time; its id follows from reason and subject."""
    return InboxItem(reason=reason, id=f"{reason.name.lower()}:{subject}", subject=subject, text=text, version=version)


def item_of(message: Message, now: datetime, *, settled: bool = False) -> InboxItem | None:
    """The item of an open question or blocker; `settled`: also of one that is answered, to find it."""
    if message.kind is MessageKind.QUESTION and (settled or message.answer is None):
        reason = InboxReason.PERMISSION if message.permission_tool else InboxReason.QUESTION_ASKED
    elif message.kind is MessageKind.BLOCKER:
        reason = InboxReason.BLOCKER_RAISED
    else:
        return None
    made = item(reason, message.id, message.content[:TITLE_LENGTH])
    return InboxItem(made.reason, made.id, made.subject, made.text, created_time=now)


def reconcile(draft: Draft) -> None:
    """Add what is missing, clear what is settled."""
    pod = draft.pod
    desired = {} if is_terminal(pod) else {made.id: made for made in _desired(pod)}
    for name, existing in sorted(pod.inbox.items()):
        kept = existing.reason in OF_MESSAGES and not is_terminal(pod)
        if not kept and name not in desired:
            draft.emit(InboxItemCleared(item_id=name))
    for name, made in desired.items():
        known = pod.inbox.get(name)
        if known is None or (known.text, known.version) != (made.text, made.version):
            added = InboxItem(made.reason, name, made.subject, made.text, False, draft.now, made.version)
            draft.emit(InboxItemAdded(item=added))


def _desired(pod: Pod) -> Iterator[InboxItem]:
    if pod.phase is Phase.SPEC_CLARIFICATION:
        yield from _document(pod, "spec", pod.spec, AgentKind.SPEC_WRITER)
    elif pod.phase is Phase.PLANNING:
        yield from _document(pod, "plan", pod.plan, AgentKind.PLANNER)
    else:
        yield from _workstreams(pod)
    if pod.phase is Phase.REVIEW:
        yield from _review(pod)
    if pod.runner_missing:
        yield item(InboxReason.RUNNER_MISSING, "runner", pod.runner_missing)
    if budget_reached(pod):
        text = "The budget is used up: raise it with UpdatePolicy, and the pod goes on."
        yield item(InboxReason.BUDGET_REACHED, "budget", text)
    if is_full(pod):
        text = "The pod holds as much as a pod can: finish it as it stands, or cancel it."
        yield item(InboxReason.BUDGET_REACHED, "size", text)


def _document(pod: Pod, name: str, document: Spec | Plan, kind: AgentKind) -> Iterator[InboxItem]:
    live = live_agent_of(pod, kind) is not None
    granted_soon = live and pod.policy.autonomy is Autonomy.AUTONOMOUS
    if document.state is DocumentState.READY and not granted_soon:
        text = f"The {name} (version {document.version}) waits for approval."
        yield item(InboxReason.NEEDS_APPROVAL, name, text, document.version)
    elif not live:
        if document.held:
            text = f"The agent that was to write the {name} was interrupted: ask for another one, or write it."
            yield item(InboxReason.DOCUMENT_FAILED, name, text)
        elif document.failed_attempts >= pod.policy.max_attempts:
            text = f"The {name} could not be written: {document.last_error[:TITLE_LENGTH]}"
            yield item(InboxReason.DOCUMENT_FAILED, name, text)
        elif document.next_retry_time is not None and document.last_cause is FailureCause.LOGIN_FAILED:
            yield _login(name, document.last_error)


def _workstreams(pod: Pod) -> Iterator[InboxItem]:
    for ws in in_plan_order(pod):
        if ws.status is WorkstreamStatus.FAILED:
            text = f"{ws.id} failed: {sentence(ws.reason, TITLE_LENGTH)} Retry it, skip it, or change the plan."
            yield item(InboxReason.WORKSTREAM_FAILED, ws.id, text)
        elif is_held(pod, ws):
            text = f"The attempt at {ws.id} was interrupted: retry it, skip it, or complete it as it stands."
            yield item(InboxReason.WORKSTREAM_FAILED, ws.id, text)
        elif ws.status is WorkstreamStatus.READY and ws.next_retry_time is not None:
            attempt = last_attempt(ws)
            if attempt is not None and attempt.cause is FailureCause.LOGIN_FAILED:
                yield _login(ws.id, attempt.error)


def _login(subject: str, error: str) -> InboxItem:
    text = f"The agent for {subject} could not log in: log in on the runner's machine; it is tried again. {error}"
    return item(InboxReason.LOGIN_FAILED, subject, text[:TITLE_LENGTH])


def _review(pod: Pod) -> Iterator[InboxItem]:
    review = pod.review
    if not review.verified:
        if review.verify_error:
            text = f"The work could not be verified: {review.verify_error[:TITLE_LENGTH]}"
            yield item(InboxReason.LANDING_BLOCKED, "review", text)
    elif not review.approved_commit:
        text = f"The work waits for review (commit {review.integration_commit[:12]})."
        yield item(InboxReason.NEEDS_APPROVAL, "review", text)
    if review.landing_error and review.conflict_paths:
        text = f"The work conflicts with the target in {', '.join(review.conflict_paths[:10])}."
        yield item(InboxReason.CONFLICT, "landing", text)
    elif review.landing_error:
        yield item(InboxReason.LANDING_BLOCKED, "landing", review.landing_error[:TITLE_LENGTH])
    elif review.proposed_commit and pod.external_sync is not None and not pod.external_sync.number:
        text = f"The work is pushed: open its pull request at {pod.external_sync.url or pod.external_sync.branch}"
        yield item(InboxReason.LANDING_BLOCKED, "landing", text)
