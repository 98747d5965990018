"""The stored facts: one `ChangeRecorded` for each mutation, with its members in order."""

from dataclasses import dataclass, fields
from typing import Any, get_args

from podium.kernel.persistent import Map
from podium.maestro.domain.model import (
    Phase,
    Project,
    Session,
    SessionJob,
    Task,
    TimelineEntry,
    WorkstreamStatus,
)


@dataclass(frozen=True, slots=True)
class ProjectCreated:
    """The project was made."""

    project: Project


@dataclass(frozen=True, slots=True)
class ProjectUpdated:
    """The named fields of the project have new values."""

    project: Project
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProjectDeleted:
    """The project is gone with all that it held."""


@dataclass(frozen=True, slots=True)
class TaskCreated:
    """A task was made."""

    task: Task


@dataclass(frozen=True, slots=True)
class TaskUpdated:
    """The named fields of a task have new values; with none named, only its time of change moves."""

    task: Task
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskDeleted:
    """A task is gone, and out of every session."""

    task_id: str


@dataclass(frozen=True, slots=True)
class SessionCreated:
    """A session was made."""

    session: Session


@dataclass(frozen=True, slots=True)
class SessionUpdated:
    """The named fields of a session have new values; with none named, only its links change."""

    session: Session
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionDeleted:
    """A session is gone, and out of every task."""

    session_id: str


@dataclass(frozen=True, slots=True)
class SessionTaskAdded:
    """A session holds a task more."""

    session_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class TaskSessionAdded:
    """A task is in a session more."""

    task_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class SessionTaskRemoved:
    """A session holds a task less."""

    session_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class TaskSessionRemoved:
    """A task is in a session less."""

    task_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class TimelineAppended:
    """A session's timeline has a line more."""

    session_id: str
    entry: TimelineEntry


@dataclass(frozen=True, slots=True)
class FollowedWorkstream:
    """A workstream as far as Maestro counts it."""

    id: str
    status: WorkstreamStatus = WorkstreamStatus.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class FollowedQuestion:
    """An open question: its words, and the agent that waits for the answer."""

    id: str
    text: str = ""
    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class FollowedPod:
    """What a project remembers of a pod; `revision` 0: its task was deleted before the pod opened."""

    id: str
    revision: int = 0
    phase: Phase = Phase.UNSPECIFIED
    workstreams: Map[str, FollowedWorkstream] = Map()  # noqa: RUF009 - persistent, so a shared default is safe
    inbox: tuple[str, ...] = ()
    landing_blocked: bool = False
    agents: tuple[str, ...] = ()
    progress: str = ""
    questions: Map[str, FollowedQuestion] = Map()  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class PodFollowed:
    """A pod's facts are taken in up to `pod.revision`; `pod.workstreams` are those that changed."""

    pod: FollowedPod
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionJobOpened:
    """A runner was asked to do something for a session."""

    job: SessionJob


@dataclass(frozen=True, slots=True)
class SessionJobUpdated:
    """The named fields of an order have new values."""

    job: SessionJob
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionJobEnded:
    """An order is settled."""

    job_id: str


JobFact = SessionJobOpened | SessionJobUpdated | SessionJobEnded
LinkFact = SessionTaskAdded | TaskSessionAdded | SessionTaskRemoved | TaskSessionRemoved
Fact = (
    ProjectCreated
    | ProjectUpdated
    | ProjectDeleted
    | TaskCreated
    | TaskUpdated
    | TaskDeleted
    | SessionCreated
    | SessionUpdated
    | SessionDeleted
    | LinkFact
    | TimelineAppended
    | PodFollowed
    | JobFact
)


@dataclass(frozen=True, slots=True)
class ChangeMember:
    """A part of a change: exactly one of these is set, as in the stored oneof."""

    project_created: ProjectCreated | None = None
    project_updated: ProjectUpdated | None = None
    project_deleted: ProjectDeleted | None = None
    task_created: TaskCreated | None = None
    task_updated: TaskUpdated | None = None
    task_deleted: TaskDeleted | None = None
    session_created: SessionCreated | None = None
    session_updated: SessionUpdated | None = None
    session_deleted: SessionDeleted | None = None
    session_task_added: SessionTaskAdded | None = None
    task_session_added: TaskSessionAdded | None = None
    session_task_removed: SessionTaskRemoved | None = None
    task_session_removed: TaskSessionRemoved | None = None
    timeline_appended: TimelineAppended | None = None
    pod_followed: PodFollowed | None = None
    session_job_opened: SessionJobOpened | None = None
    session_job_updated: SessionJobUpdated | None = None
    session_job_ended: SessionJobEnded | None = None

    @classmethod
    def of(cls, fact: Fact) -> "ChangeMember":
        """The member that holds a fact."""
        only: dict[str, Any] = {_FIELD_OF[type(fact)]: fact}
        return cls(**only)

    @property
    def fact(self) -> Fact:
        """The one that is set."""
        for name in _NAMES:
            fact: Fact | None = getattr(self, name)
            if fact is not None:
                return fact
        raise ValueError("a member without a fact")


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


_NAMES = tuple(each.name for each in fields(ChangeMember))
_FIELD_OF: dict[type, str] = {kind: _snake(kind.__name__) for kind in get_args(Fact)}


@dataclass(frozen=True, slots=True)
class ChangeRecorded:
    """One mutation: atomic, one revision."""

    members: tuple[ChangeMember, ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The members' facts, in order."""
        return tuple(member.fact for member in self.members)
