"""Deciding: review and landing."""

from typing import assert_never

from podium.kernel.errors import precondition
from podium.pod_manager.domain.commands.review import (
    ApproveReview,
    LandWork,
    ReportJob,
    RequestChanges,
    ReviewCommand,
)
from podium.pod_manager.domain.conversation import Message
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.deciding import reporting
from podium.pod_manager.domain.deciding.guards import in_phase
from podium.pod_manager.domain.deciding.messages import post
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.events.lifecycle import PolicyUpdated
from podium.pod_manager.domain.events.review import LandingRequested, ReviewApproved
from podium.pod_manager.domain.events.workstreams import WorkstreamRetried
from podium.pod_manager.domain.kinds import JobKind, Landing, MessageKind, Phase
from podium.pod_manager.domain.limits import check_text
from podium.pod_manager.domain.moving import move
from podium.pod_manager.domain.queries import find_workstream, open_jobs
from podium.pod_manager.domain.reports import ChangeRequest


def decide(draft: Draft, command: ReviewCommand) -> None:
    """Add what the command leads to."""
    match command:
        case ApproveReview():
            approve_review(draft, command)
        case RequestChanges():
            request_changes(draft, command)
        case LandWork():
            land_work(draft, command)
        case ReportJob():
            reporting.report_job(draft, command)
        case _:
            assert_never(command)


def approve_review(draft: Draft, command: ApproveReview) -> None:
    """INVALID_PHASE, REVIEW_NOT_READY before the verification and after an approval, STALE_VERSION."""
    in_phase(draft.pod, Phase.REVIEW)
    review = draft.pod.review
    if not review.verified:
        raise precondition("REVIEW_NOT_READY", "the work is not verified yet", state="UNVERIFIED")
    if review.approved_commit:
        raise precondition("REVIEW_NOT_READY", f"{review.approved_by} has approved it", state="APPROVED")
    if command.integration_commit != review.integration_commit:
        given, current = command.integration_commit, review.integration_commit
        message = f"commit {given} was looked at, the current one is {current}"
        raise precondition("STALE_VERSION", message, given=given, current=current)
    _choose(draft, command.landing)
    draft.emit(ReviewApproved(integration_commit=review.integration_commit, by=draft.by))


def _choose(draft: Draft, landing: Landing) -> None:
    """A way of landing that is named with a decision is the pod's rule from then on."""
    if landing not in (Landing.UNSPECIFIED, draft.pod.policy.landing):
        draft.emit(PolicyUpdated(policy=replace(draft.pod.policy, landing=landing)))


def request_changes(draft: Draft, command: RequestChanges) -> None:
    """INVALID_PHASE, WORKSTREAM_NOT_FOUND, GUARD_NOT_MET while an agent runs or the work is being landed.

    Each comment is kept as a message, and heads the prompt of its workstream's next attempt.
    """
    in_phase(draft.pod, Phase.REVIEW)
    comments: dict[str, list[str]] = {}
    for index, change in enumerate(command.changes):
        find_workstream(draft.pod, change.workstream_id)
        comment = check_text(f"changes[{index}].comment", change.comment)
        comments.setdefault(change.workstream_id, []).append(comment)
    move(draft, Phase.WORKSTREAM_EXECUTION, "changes were requested")
    for index, change in enumerate(command.changes):
        post(draft, _comment(draft, index, change))
    for name, texts in comments.items():
        draft.emit(WorkstreamRetried(workstream_id=name, feedback="\n\n".join(texts)))


def _comment(draft: Draft, index: int, change: ChangeRequest) -> Message:
    name = draft.context.derive("msg", draft.pod.pod_id, str(index))
    return Message(
        kind=MessageKind.REVIEW_COMMENT,
        id=name,
        author=draft.by,
        content=change.comment,
        thread_id=name,
        workstream_id=change.workstream_id,
        anchor=change.anchor,
        posted_time=draft.now,
    )


def land_work(draft: Draft, command: LandWork) -> None:
    """INVALID_PHASE, REVIEW_NOT_READY without an approval; while a landing is under way it is no fact.

    Of an open pull request it is asked again whether it was merged.
    """
    in_phase(draft.pod, Phase.REVIEW)
    review = draft.pod.review
    if not review.approved_commit:
        raise precondition("REVIEW_NOT_READY", "approve the work first", state="NOT_APPROVED")
    if not open_jobs(draft.pod, JobKind.LAND):
        _choose(draft, command.landing)
        if review.landing_error or review.proposed_commit:
            draft.emit(LandingRequested())
