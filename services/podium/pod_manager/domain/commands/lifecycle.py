"""Commands: lifecycle (requests of the same names in `pod_service.proto`, without pod and request id)."""

from dataclasses import dataclass, field

from podium.pod_manager.domain.kinds import Phase
from podium.pod_manager.domain.policy import Policy
from podium.pod_manager.domain.resources import ExternalSync


@dataclass(frozen=True, slots=True)
class OpenPod:
    """Opens a pod for a task."""

    project_id: str = ""
    number: int = 0
    title: str = ""
    request: str = ""
    repository: str = ""
    base_branch: str = ""
    quick: bool = False
    policy: Policy = field(default_factory=Policy)
    spec: str = ""
    pool: str = ""


@dataclass(frozen=True, slots=True)
class UpdatePolicy:
    """Changes rules live."""

    policy: Policy
    update_mask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelPod:
    """Interrupts agents, releases workspaces, keeps the reason."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class EvaluateNow:
    """Lets the scheduler look now; writes nothing of its own."""


@dataclass(frozen=True, slots=True)
class TransitionPhase:
    """Moves the pod to another phase at once, where the table and the guard allow it."""

    to: Phase
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReportExternalSync:
    """Notes a pull request or issue elsewhere."""

    external_sync: ExternalSync


LifecycleCommand = OpenPod | UpdatePolicy | CancelPod | EvaluateNow | TransitionPhase | ReportExternalSync
