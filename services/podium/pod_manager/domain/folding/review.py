"""Folding: verification, review, landing."""

from typing import Any, assert_never

from podium.kernel.entity import Recorded
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.events.review import (
    LandingBlocked,
    LandingConflicted,
    LandingRequested,
    ReviewApproved,
    ReviewEvent,
    VerificationFailed,
    WorkLanded,
    WorkProposed,
    WorkVerified,
)
from podium.pod_manager.domain.resources import Pod, Review


def evolve(pod: Pod, event: ReviewEvent, recorded: Recorded) -> Pod:
    """The pod after the event."""
    match event:
        case WorkVerified():
            verified = Review(
                integration_commit=event.integration_commit,
                checks=event.checks,
                checks_output=event.checks_output,
                files_changed=event.files_changed,
                insertions=event.insertions,
                deletions=event.deletions,
                verified=True,
            )
            return replace(pod, review=verified)
        case VerificationFailed(error=error, next_retry_time=retry):
            failed = pod.review.failed_attempts + 1
            return _change(pod, verify_error=error, next_retry_time=retry, failed_attempts=failed)
        case ReviewApproved(integration_commit=commit, by=by):
            return _change(pod, approved_commit=commit, approved_by=by, approved_time=recorded.time)
        case LandingRequested():
            return _change(pod, landing_error="", conflict_paths=(), proposed_commit="")
        case WorkProposed(commit=commit):
            return _change(pod, landing_error="", conflict_paths=(), proposed_commit=commit)
        case WorkLanded(commit=commit):
            return _change(pod, landed_commit=commit, landing_error="", conflict_paths=())
        case LandingBlocked(error=error, checks_output=output):
            output = output or pod.review.checks_output
            return _change(pod, landing_error=error, conflict_paths=(), checks_output=output)
        case LandingConflicted(paths=paths, error=error):
            return _change(pod, landing_error=error, conflict_paths=paths)
        case _:
            assert_never(event)


def _change(pod: Pod, **values: Any) -> Pod:
    return replace(pod, review=replace(pod.review, **values))
