"""Commands: workstreams (requests of the same names in `pod_service.proto`, without pod and request id)."""

from dataclasses import dataclass

from podium.pod_manager.domain.resources import ChecklistItem, PlanItem


@dataclass(frozen=True, slots=True)
class CreateWorkstream:
    """Adds a workstream in WORKSTREAM_EXECUTION."""

    item: PlanItem


@dataclass(frozen=True, slots=True)
class UpdateWorkstream:
    """Changes an unfinished workstream."""

    item: PlanItem
    update_mask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StartWorkstream:
    """Starts a READY workstream now (auto-start off, or to skip a back-off)."""

    workstream_id: str = ""


@dataclass(frozen=True, slots=True)
class CompleteWorkstream:
    """Says that a workstream in progress is done; its branch is merged."""

    workstream_id: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class FailWorkstream:
    """Says that a workstream in progress failed for good."""

    workstream_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RetryWorkstream:
    """Starts a failed or interrupted workstream anew, with fresh attempts."""

    workstream_id: str = ""
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class SkipWorkstream:
    """Goes on without the workstream; its dependants are satisfied."""

    workstream_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CancelWorkstream:
    """Drops the workstream; its dependants are blocked."""

    workstream_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UpdateChecklist:
    """Sets a workstream's checklist."""

    workstream_id: str = ""
    items: tuple[ChecklistItem, ...] = ()


WorkstreamCommand = (
    CreateWorkstream
    | UpdateWorkstream
    | StartWorkstream
    | CompleteWorkstream
    | FailWorkstream
    | RetryWorkstream
    | SkipWorkstream
    | CancelWorkstream
    | UpdateChecklist
)
