"""A change while it is put together: each member is applied as it is added, so that the next decision sees it."""

from collections.abc import Sequence

from podium.kernel.entity import Context, Outbound
from podium.kernel.errors import Rejection, invalid, not_found
from podium.maestro.domain.evolve import Draft
from podium.maestro.domain.facts import ChangeMember, ChangeRecorded, Fact
from podium.maestro.domain.model import Project, Session, Task
from podium.maestro.domain.orders import SessionJobClosed, SessionJobIssued
from podium.maestro.domain.state import Board


class Change:
    """The members so far, the draft that has them, and the board as it was before."""

    def __init__(self, board: Board, context: Context) -> None:
        self.board = board
        self.context = context
        self.draft = Draft(board, 0, context.now, str(context.actor))
        self._members: list[ChangeMember] = []
        self._orders: list[Outbound] = []

    def add(self, *members: Fact) -> None:
        """Append members, in order."""
        for fact in members:
            self.draft.apply(fact)
            self._members.append(ChangeMember.of(fact))

    def send(self, stream: str, order: SessionJobIssued | SessionJobClosed) -> None:
        """Write to a runners' stream in the same append."""
        self._orders.append(Outbound(stream, order))

    def events(self) -> Sequence[object]:
        """One event and the orders that go with it, or none where nothing changes."""
        return (ChangeRecorded(tuple(self._members)), *self._orders) if self._members else ()

    # -- what must be there ----------------------------------------------------------------------------------

    def project(self) -> Project:
        """The project; raises PROJECT_NOT_FOUND."""
        if self.draft.project is None:
            raise project_not_found(self.draft.id)
        return self.draft.project

    def task(self, task_id: str) -> Task:
        """A task; raises TASK_NOT_FOUND."""
        task = self.draft.tasks.get(task_id)
        if task is None:
            raise task_not_found(task_id)
        return task

    def session(self, session_id: str) -> Session:
        """A session; raises SESSION_NOT_FOUND."""
        session = self.draft.sessions.get(session_id)
        if session is None:
            raise session_not_found(session_id)
        return session


def project_not_found(project_id: str) -> Rejection:
    """There is no such project."""
    return not_found("PROJECT_NOT_FOUND", f"no project {project_id}", project_id=project_id)


def task_not_found(task_id: str) -> Rejection:
    """There is no such task in the project."""
    return not_found("TASK_NOT_FOUND", f"no task {task_id}", task_id=task_id)


def session_not_found(session_id: str) -> Rejection:
    """There is no such session in the project."""
    return not_found("SESSION_NOT_FOUND", f"no session {session_id}", session_id=session_id)


def masked(update_mask: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """The fields of a mask, each once, in the order of `allowed`; raises INVALID_FIELD for others, or none."""
    unknown = [path for path in update_mask if path not in allowed]
    if unknown:
        raise invalid("update_mask", f"{', '.join(unknown)} cannot be updated; one of {', '.join(allowed)}")
    if not update_mask:
        raise invalid("update_mask", f"name at least one of {', '.join(allowed)}")
    return tuple(name for name in allowed if name in update_mask)
