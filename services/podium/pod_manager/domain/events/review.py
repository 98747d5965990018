"""Facts: review (see `pod_events.proto`)."""

from dataclasses import dataclass
from datetime import datetime

from podium.pod_manager.domain.kinds import ChecksResult


@dataclass(frozen=True, slots=True)
class WorkVerified:
    """The integrated work was verified."""

    integration_commit: str = ""
    checks: ChecksResult = ChecksResult.UNSPECIFIED
    checks_output: str = ""
    files_changed: int = 0
    insertions: int = 0
    deletions: int = 0


@dataclass(frozen=True, slots=True)
class VerificationFailed:
    """The verification could not be done."""

    error: str = ""
    next_retry_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReviewApproved:
    """The verified work was approved."""

    integration_commit: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class LandingRequested:
    """A person wants the approved work landed once more."""


@dataclass(frozen=True, slots=True)
class WorkLanded:
    """The work landed."""

    commit: str = ""


@dataclass(frozen=True, slots=True)
class WorkProposed:
    """The work was pushed for a pull request, which people merge."""

    commit: str = ""


@dataclass(frozen=True, slots=True)
class LandingBlocked:
    """The work could not land."""

    error: str = ""
    checks_output: str = ""


@dataclass(frozen=True, slots=True)
class LandingConflicted:
    """The work conflicts with the target."""

    paths: tuple[str, ...] = ()
    error: str = ""


ReviewEvent = (
    WorkVerified
    | VerificationFailed
    | ReviewApproved
    | LandingRequested
    | WorkLanded
    | WorkProposed
    | LandingBlocked
    | LandingConflicted
)
