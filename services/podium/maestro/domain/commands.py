"""What can be asked of a project; each is named as its RPC, whose comments say what it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from podium.maestro.domain.model import (
    Phase,
    SessionStatus,
    TaskPriority,
    TaskStatus,
    TimelineKind,
    WorkstreamStatus,
)
from podium.maestro.domain.process_commands import ProcessCommand


@dataclass(frozen=True, slots=True)
class CreateProject:
    """Make the project."""

    repository: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class UpdateProject:
    """Change the named fields of the project."""

    update_mask: tuple[str, ...]
    name: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class DeleteProject:
    """Remove the project with all that it holds."""


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Make a task."""

    task_id: str = ""
    parent_id: str = ""
    title: str = ""
    description: str = ""
    prompt: str = ""
    priority: TaskPriority = TaskPriority.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class UpdateTask:
    """Change the named fields of a task."""

    task_id: str
    update_mask: tuple[str, ...]
    parent_id: str = ""
    title: str = ""
    description: str = ""
    prompt: str = ""
    status: TaskStatus = TaskStatus.UNSPECIFIED
    priority: TaskPriority = TaskPriority.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class DeleteTask:
    """Remove a task and its descendants."""

    task_id: str


@dataclass(frozen=True, slots=True)
class CreateSession:
    """Make a session of origin PERSON."""

    session_id: str = ""
    task_ids: tuple[str, ...] = ()
    name: str = ""
    agent: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    status: SessionStatus = SessionStatus.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class UpdateSession:
    """Change the named fields of a session."""

    session_id: str
    update_mask: tuple[str, ...]
    name: str = ""
    agent: str = ""
    status: SessionStatus = SessionStatus.UNSPECIFIED
    exit_reason: str = ""


@dataclass(frozen=True, slots=True)
class DeleteSession:
    """Remove a session."""

    session_id: str


@dataclass(frozen=True, slots=True)
class AddTaskToSession:
    """Link a task and a session."""

    session_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class RemoveTaskFromSession:
    """Unlink a task and a session."""

    session_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class AppendTimeline:
    """Add a line to a session's timeline."""

    session_id: str
    kind: TimelineKind
    text: str
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class SetNeedsInput:
    """Say whether a session waits for a person."""

    session_id: str
    active: bool = False
    message: str = ""


# -- what the follower tells: a pod's facts in Maestro's own words ------------------------------------------------


@dataclass(frozen=True, slots=True)
class PodOpened:
    """A pod was opened for a task."""

    number: int
    title: str
    request: str
    repository: str


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The pod moved."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class WorkstreamChanged:
    """A workstream has this status now."""

    workstream_id: str
    status: WorkstreamStatus


@dataclass(frozen=True, slots=True)
class LandingChanged:
    """The landing is blocked, or no longer."""

    blocked: bool


@dataclass(frozen=True, slots=True)
class AttentionRaised:
    """Something in the pod's inbox wants a person."""

    item_id: str


@dataclass(frozen=True, slots=True)
class AttentionCleared:
    """It no longer does."""

    item_id: str


@dataclass(frozen=True, slots=True)
class AgentRequested:
    """An agent is wanted: its session begins."""

    agent_id: str
    name: str
    profile: str


@dataclass(frozen=True, slots=True)
class AgentHeld:
    """A runner has the agent; empty: none does any more."""

    agent_id: str
    runner_id: str


@dataclass(frozen=True, slots=True)
class AgentWorking:
    """The agent's process works."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A question with its words was asked; an agent may come to wait for it."""

    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AgentAwaited:
    """The agent waits for the answer to a question."""

    agent_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class QuestionAnswered:
    """The question has its answer."""

    message_id: str


@dataclass(frozen=True, slots=True)
class AgentProgressed:
    """The agent said how it goes."""

    agent_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AgentEnded:
    """The agent's run is over."""

    agent_id: str
    status: SessionStatus
    reason: str


AgentNote = AgentRequested | AgentHeld | AgentWorking | AgentAwaited | AgentProgressed | AgentEnded
PodNote = (
    PodOpened
    | PhaseChanged
    | WorkstreamChanged
    | LandingChanged
    | AttentionRaised
    | AttentionCleared
    | QuestionAsked
    | QuestionAnswered
    | AgentNote
)


@dataclass(frozen=True, slots=True)
class PodFact:
    """An event of a pod's stream: what it says to Maestro, which may be nothing."""

    revision: int
    time: datetime
    notes: tuple[PodNote, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowPod:
    """Take in a pod's facts, in order; those known already are passed over, a gap is refused."""

    pod_id: str
    facts: tuple[PodFact, ...]


Command = (
    CreateProject
    | UpdateProject
    | DeleteProject
    | CreateTask
    | UpdateTask
    | DeleteTask
    | CreateSession
    | UpdateSession
    | DeleteSession
    | AddTaskToSession
    | RemoveTaskFromSession
    | AppendTimeline
    | SetNeedsInput
    | ProcessCommand
    | FollowPod
)
