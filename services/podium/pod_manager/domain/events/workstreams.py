"""Facts: workstreams (see `pod_events.proto`)."""

from dataclasses import dataclass
from datetime import datetime

from podium.pod_manager.domain.kinds import AgentStatus, FailureCause, WorkstreamStatus
from podium.pod_manager.domain.resources import ChecklistItem, PlanItem, Workstream


@dataclass(frozen=True, slots=True)
class WorkstreamCreated:
    """A workstream came to be."""

    workstream: Workstream


@dataclass(frozen=True, slots=True)
class WorkstreamUpdated:
    """A workstream was changed, by a person or by a new plan."""

    item: PlanItem
    position: int = 0
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class WorkstreamGated:
    """What its dependencies mean for a waiting workstream has changed."""

    status: WorkstreamStatus
    workstream_id: str = ""
    blocked_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkstreamStartRequested:
    """A person said: start it now."""

    workstream_id: str = ""


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """An attempt at a workstream ended without a merge."""

    outcome: AgentStatus
    workstream_id: str = ""
    number: int = 0
    cause: FailureCause = FailureCause.UNSPECIFIED
    error: str = ""
    checks_output: str = ""
    conflict_paths: tuple[str, ...] = ()
    conflict_branch: str = ""
    excused: bool = False
    next_retry_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class MergeRequested:
    """An attempt's work waits to be merged."""

    workstream_id: str = ""
    branch: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class WorkstreamCompleted:
    """A workstream was merged into the integration branch."""

    workstream_id: str = ""
    integration_commit: str = ""


@dataclass(frozen=True, slots=True)
class WorkstreamFailed:
    """A workstream failed for good: its attempts are spent, or a person said so."""

    workstream_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WorkstreamRetried:
    """A workstream was opened again, with fresh attempts."""

    workstream_id: str = ""
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class WorkstreamSkipped:
    """A person said: go on without it."""

    workstream_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WorkstreamCancelled:
    """A workstream was dropped."""

    workstream_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChecklistUpdated:
    """A workstream's checklist was set."""

    workstream_id: str = ""
    items: tuple[ChecklistItem, ...] = ()


WorkstreamEvent = (
    WorkstreamCreated
    | WorkstreamUpdated
    | WorkstreamGated
    | WorkstreamStartRequested
    | AttemptEnded
    | MergeRequested
    | WorkstreamCompleted
    | WorkstreamFailed
    | WorkstreamRetried
    | WorkstreamSkipped
    | WorkstreamCancelled
    | ChecklistUpdated
)
