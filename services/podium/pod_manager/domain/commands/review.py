"""Commands: review (requests of the same names in `pod_service.proto`, without pod and request id)."""

from dataclasses import dataclass

from podium.pod_manager.domain.kinds import Landing
from podium.pod_manager.domain.reports import ChangeRequest, JobReport


@dataclass(frozen=True, slots=True)
class ApproveReview:
    """Approves the verified work; it lands."""

    integration_commit: str = ""
    landing: Landing = Landing.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class RequestChanges:
    """Reopens workstreams with comments as their next prompt; the pod goes back to WORKSTREAM_EXECUTION."""

    changes: tuple[ChangeRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class LandWork:
    """Lands approved work again, after a blocked landing; looks again at an open pull request."""

    landing: Landing = Landing.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class ReportJob:
    """The outcome of a job; idempotent by job id."""

    report: JobReport
    job_id: str = ""


ReviewCommand = ApproveReview | RequestChanges | LandWork | ReportJob
