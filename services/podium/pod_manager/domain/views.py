"""What is derived from a pod for people; the fields' meanings stand in `pod.proto`."""

from dataclasses import dataclass, field
from datetime import datetime

from podium.pod_manager.domain.kinds import Phase, WaitingKind
from podium.pod_manager.domain.resources import Usage


@dataclass(frozen=True, slots=True)
class SchedulerView:
    """What the scheduler will do next, for people."""

    pending_action: str = ""
    cooldown_until: datetime | None = None
    cooldown_reason: str = ""


@dataclass(frozen=True, slots=True)
class WaitingOn:
    """Why nothing moves right now."""

    kind: WaitingKind
    text: str = ""
    subject: str = ""
    since_time: datetime | None = None
    until_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class PodSummary:
    """A pod on the board."""

    phase: Phase
    pod_id: str = ""
    project_id: str = ""
    number: int = 0
    title: str = ""
    revision: int = 0
    workstreams_total: int = 0
    workstreams_done: int = 0
    agents_running: int = 0
    attention: int = 0
    waiting_on: tuple[WaitingOn, ...] = ()
    usage: Usage = field(default_factory=Usage)
    created_time: datetime | None = None
    updated_time: datetime | None = None
    blocked: bool = False
