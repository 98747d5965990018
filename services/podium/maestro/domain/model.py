"""Projects, tasks and sessions as values; named as in `podium.tasks.v1`, where each field is described."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

TIMELINE_LIMIT = 100
"""Lines that a session keeps; older ones are in the events."""


class TaskStatus(Enum):
    """Where a task stands."""

    UNSPECIFIED = 0
    PENDING = auto()
    IN_PROGRESS = auto()
    IN_REVIEW = auto()
    BLOCKED = auto()
    COMPLETED = auto()
    CANCELLED = auto()


class TaskPriority(Enum):
    """How urgent a task is."""

    UNSPECIFIED = 0
    LOW = auto()
    MEDIUM = auto()
    HIGH = auto()


class SessionOrigin(Enum):
    """Who runs a session."""

    UNSPECIFIED = 0
    POD = auto()
    PERSON = auto()


class SessionStatus(Enum):
    """The life of a session."""

    UNSPECIFIED = 0
    STARTING = auto()
    WORKING = auto()
    IDLE = auto()
    COMPLETED = auto()
    FAILED = auto()
    STOPPED = auto()

    @property
    def terminal(self) -> bool:
        """Whether the session has ended for good."""
        return self in _ENDED


_ENDED = frozenset({SessionStatus.COMPLETED, SessionStatus.FAILED, SessionStatus.STOPPED})


class SessionJobKind(Enum):
    """What a runner is asked to do for a session."""

    UNSPECIFIED = 0
    SPAWN = auto()
    CLOSE = auto()


class TimelineKind(Enum):
    """What a line of a timeline says."""

    UNSPECIFIED = 0
    STARTED = auto()
    STATUS = auto()
    TASK_ADDED = auto()
    TASK_REMOVED = auto()
    NEEDS_INPUT = auto()
    PROGRESS = auto()
    NOTE = auto()
    ERROR = auto()


class Phase(Enum):
    """Where a pod stands; as in `podium.pods.v1`."""

    UNSPECIFIED = 0
    SPEC_CLARIFICATION = auto()
    PLANNING = auto()
    WORKSTREAM_EXECUTION = auto()
    REVIEW = auto()
    COMPLETED = auto()
    CANCELLED = auto()

    @property
    def finished(self) -> bool:
        """Whether the pod has come to its end."""
        return self in (Phase.COMPLETED, Phase.CANCELLED)


class WorkstreamStatus(Enum):
    """The status of a pod's workstream; as in `podium.pods.v1`."""

    UNSPECIFIED = 0
    PENDING = auto()
    BLOCKED = auto()
    READY = auto()
    IN_PROGRESS = auto()
    MERGING = auto()
    COMPLETED = auto()
    FAILED = auto()
    SKIPPED = auto()
    CANCELLED = auto()


@dataclass(frozen=True, slots=True)
class Project:
    """A repository and all that is done in it."""

    id: str
    name: str = ""
    repository: str = ""
    created_time: datetime | None = None
    updated_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskPod:
    """What a task shows of its pod."""

    phase: Phase
    pod_revision: int
    workstreams_total: int = 0
    workstreams_done: int = 0
    agents_running: int = 0
    needs_attention: bool = False
    attention_count: int = 0
    blocked: bool = False
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done."""

    id: str
    number: int = 0
    project_id: str = ""
    parent_id: str = ""
    title: str = ""
    description: str = ""
    prompt: str = ""
    status: TaskStatus = TaskStatus.UNSPECIFIED
    priority: TaskPriority = TaskPriority.UNSPECIFIED
    session_ids: tuple[str, ...] = ()
    session_count: int = 0
    pod: TaskPod | None = None
    created_time: datetime | None = None
    updated_time: datetime | None = None
    started_time: datetime | None = None
    completed_time: datetime | None = None

    @property
    def pod_active(self) -> bool:
        """Whether an unfinished pod owns the task's status."""
        return self.pod is not None and not self.pod.phase.finished


@dataclass(frozen=True, slots=True)
class NeedsInput:
    """Whether a session waits for a person."""

    active: bool = False
    message: str = ""
    since_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A line of a session's timeline."""

    id: str = ""
    time: datetime | None = None
    kind: TimelineKind = TimelineKind.UNSPECIFIED
    text: str = ""
    task_id: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A terminal or a run of an agent."""

    id: str
    number: int = 0
    project_id: str = ""
    task_ids: tuple[str, ...] = ()
    name: str = ""
    agent: str = ""
    origin: SessionOrigin = SessionOrigin.UNSPECIFIED
    env: Mapping[str, str] = field(default_factory=dict)
    status: SessionStatus = SessionStatus.UNSPECIFIED
    needs_input: NeedsInput | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    started_time: datetime | None = None
    last_activity_time: datetime | None = None
    completed_time: datetime | None = None
    exit_reason: str = ""
    pod_id: str = ""
    job_id: str = ""
    runner_id: str = ""
    process_id: int = 0
    command: tuple[str, ...] = ()
    working_directory: str = ""
    rows: int = 0
    columns: int = 0
    exit_status: int | None = None
    exit_signal: int = 0

    @property
    def live_agent(self) -> bool:
        """Whether an agent of a pod runs in it."""
        return self.origin is SessionOrigin.POD and not self.status.terminal


@dataclass(frozen=True, slots=True)
class SessionJob:
    """An order to a runner that is not settled: a SPAWN until the session ends, a CLOSE until its runner reports."""

    id: str
    session_id: str = ""
    kind: SessionJobKind = SessionJobKind.UNSPECIFIED
    stream: str = ""
    issued_time: datetime | None = None
    runner_id: str = ""
    lease_epoch: int = 0
    runner_lost_time: datetime | None = None
