"""The state of a project: what snapshots keep, and indexes that are derived from it.

All maps are persistent: a mutation costs the logarithm of the project's size, and old states stay readable.
"""

from dataclasses import dataclass

from podium.kernel.persistent import Map
from podium.maestro.domain.facts import FollowedPod
from podium.maestro.domain.model import Project, Session, SessionJob, Task


@dataclass(frozen=True, slots=True)
class ProjectState:
    """What snapshots keep."""

    id: str
    project: Project | None = None
    tasks: Map[str, Task] = Map()  # noqa: RUF009 - persistent, so a shared default is safe
    sessions: Map[str, Session] = Map()  # noqa: RUF009
    followed: Map[str, FollowedPod] = Map()  # noqa: RUF009
    task_numbers: int = 0
    session_numbers: int = 0
    deleted: bool = False
    session_jobs: Map[str, SessionJob] = Map()  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Index:
    """Ways into the state."""

    tasks: Map[int, str] = Map()  # noqa: RUF009
    """Task ids by number."""
    sessions: Map[int, str] = Map()  # noqa: RUF009
    """Session ids by number."""
    parts: Map[str, Map[int, str]] = Map()  # noqa: RUF009
    """Ids of the direct parts of a task, by their numbers."""

    @classmethod
    def of(cls, state: ProjectState) -> "Index":
        """Built anew, for a state that comes from a snapshot."""
        parts: dict[str, dict[int, str]] = {}
        for task in state.tasks.values():
            if task.parent_id:
                parts.setdefault(task.parent_id, {})[task.number] = task.id
        return cls(
            Map({task.number: task.id for task in state.tasks.values()}),
            Map({session.number: session.id for session in state.sessions.values()}),
            Map({parent_id: Map(ids) for parent_id, ids in parts.items()}),
        )


@dataclass(frozen=True, slots=True)
class Board:
    """A project's state with its indexes: what the engine holds."""

    state: ProjectState
    index: Index

    @classmethod
    def empty(cls, project_id: str) -> "Board":
        """Before the first event."""
        return cls(ProjectState(project_id), Index())

    @classmethod
    def of(cls, state: ProjectState) -> "Board":
        """From a snapshot."""
        return cls(state, Index.of(state))

    @property
    def project(self) -> Project | None:
        """The project; None before it is made and after it is deleted."""
        return self.state.project

    def task_by_number(self, number: int) -> Task | None:
        """The task that people call by this number."""
        task_id = self.index.tasks.get(number)
        return None if task_id is None else self.state.tasks[task_id]
