"""Facts: documents (see `pod_events.proto`)."""

from dataclasses import dataclass
from datetime import datetime

from podium.pod_manager.domain.kinds import AgentKind, FailureCause
from podium.pod_manager.domain.resources import PlanItem


@dataclass(frozen=True, slots=True)
class SpecUpdated:
    """A new version of the spec was written."""

    version: int = 0
    content: str = ""
    draft: bool = False


@dataclass(frozen=True, slots=True)
class SpecApproved:
    """A version of the spec was approved."""

    version: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class SpecReopened:
    """The approval of the spec was taken back; it is a draft again."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class SpecRequested:
    """A person asked for a (new) spec writer."""

    feedback: str = ""


@dataclass(frozen=True, slots=True)
class PlanUpdated:
    """A new version of the plan was written."""

    version: int = 0
    summary: str = ""
    items: tuple[PlanItem, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanApproved:
    """A version of the plan was approved."""

    version: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class PlanReopened:
    """The approval of the plan was taken back; it is a draft again."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlanRequested:
    """A person asked for a (new) planner."""

    feedback: str = ""


@dataclass(frozen=True, slots=True)
class DocumentAttemptEnded:
    """An agent that was to write the spec or the plan ended without it."""

    kind: AgentKind = AgentKind.UNSPECIFIED
    agent_id: str = ""
    cause: FailureCause = FailureCause.UNSPECIFIED
    error: str = ""
    excused: bool = False
    held: bool = False
    next_retry_time: datetime | None = None


DocumentEvent = (
    SpecUpdated
    | SpecApproved
    | SpecReopened
    | SpecRequested
    | PlanUpdated
    | PlanApproved
    | PlanReopened
    | PlanRequested
    | DocumentAttemptEnded
)
