"""Commands: documents (requests of the same names in `pod_service.proto`, without pod and request id)."""

from dataclasses import dataclass

from podium.pod_manager.domain.resources import PlanItem


@dataclass(frozen=True, slots=True)
class UpdateSpec:
    """Writes the next version of the spec."""

    content: str = ""
    draft: bool = False


@dataclass(frozen=True, slots=True)
class ApproveSpec:
    """Approves the named version of the spec."""

    version: int = 0


@dataclass(frozen=True, slots=True)
class ReopenSpec:
    """Takes the approval of the spec back, to edit it: SPEC_CLARIFICATION, or PLANNING, which goes back a step."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """Asks for a (new) spec writer, with advice."""

    feedback: str = ""


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """Writes the next version of the plan; unknown dependencies and cycles are refused."""

    summary: str = ""
    items: tuple[PlanItem, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovePlan:
    """Approves the named version of the plan."""

    version: int = 0


@dataclass(frozen=True, slots=True)
class ReopenPlan:
    """Takes the approval of the plan back, to edit it: PLANNING, or WORKSTREAM_EXECUTION, which goes back a step."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """Asks for a (new) planner, with advice."""

    feedback: str = ""


DocumentCommand = (
    UpdateSpec | ApproveSpec | ReopenSpec | RequestSpec | UpdatePlan | ApprovePlan | ReopenPlan | RequestPlan
)
