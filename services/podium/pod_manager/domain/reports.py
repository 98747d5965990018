"""What runners report, and what people ask to change; the fields' meanings stand in `pod_service.proto`."""

from dataclasses import dataclass, field
from datetime import datetime

from podium.pod_manager.domain.conversation import Anchor
from podium.pod_manager.domain.kinds import ChecksResult, FailureCause
from podium.pod_manager.domain.resources import Usage


@dataclass(frozen=True, slots=True)
class AgentStarted:
    """The process runs."""

    process_id: int = 0
    base_commit: str = ""
    branch: str = ""
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class AgentProgress:
    """A line of progress."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class AgentDelivery:
    """Answers that reached the agent."""

    message_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentResult:
    """A good end."""

    summary: str = ""
    commit: str = ""
    checks: ChecksResult = ChecksResult.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class AgentFailure:
    """A bad end."""

    cause: FailureCause = FailureCause.UNSPECIFIED
    error: str = ""
    checks_output: str = ""
    retry_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class AgentStopped:
    """Interrupted as asked."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentReport:
    """A report of an agent."""

    usage: Usage = field(default_factory=Usage)
    started: AgentStarted | None = None
    progress: AgentProgress | None = None
    delivery: AgentDelivery | None = None
    completed: AgentResult | None = None
    failed: AgentFailure | None = None
    interrupted: AgentStopped | None = None


@dataclass(frozen=True, slots=True)
class JobMerged:
    """Merged into the integration branch."""

    integration_commit: str = ""


@dataclass(frozen=True, slots=True)
class JobConflict:
    """Does not merge."""

    paths: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class JobVerified:
    """Verified."""

    integration_commit: str = ""
    checks: ChecksResult = ChecksResult.UNSPECIFIED
    checks_output: str = ""
    files_changed: int = 0
    insertions: int = 0
    deletions: int = 0


@dataclass(frozen=True, slots=True)
class JobLanded:
    """Landed on the target."""

    commit: str = ""


@dataclass(frozen=True, slots=True)
class JobProposed:
    """Pushed for a pull request that people merge."""

    commit: str = ""


@dataclass(frozen=True, slots=True)
class JobBlocked:
    """Cannot land now."""

    error: str = ""
    checks_output: str = ""


@dataclass(frozen=True, slots=True)
class JobFailed:
    """Could not be done."""

    error: str = ""


@dataclass(frozen=True, slots=True)
class JobDone:
    """Done."""


@dataclass(frozen=True, slots=True)
class JobReport:
    """The outcome of a job."""

    merged: JobMerged | None = None
    conflict: JobConflict | None = None
    verified: JobVerified | None = None
    landed: JobLanded | None = None
    blocked: JobBlocked | None = None
    failed: JobFailed | None = None
    done: JobDone | None = None
    proposed: JobProposed | None = None


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What to change in one workstream."""

    workstream_id: str = ""
    comment: str = ""
    anchor: Anchor | None = None
