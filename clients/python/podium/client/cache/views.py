"""What a cache shows of a project: the lists, the links, what is being loaded, what went wrong."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from podium.client.cache.board import Board
from podium.client.cache.keys import Key
from podium.client.errors import PodiumError
from podium.tasks.v1.task_pb2 import Project, Session, Task


class Views:
    """Reads only; everything is there at once, as far as it is known."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def project(self) -> Project | None:
        """The project's own fields, once loaded."""
        return self.board.project

    def task(self, task_id: str) -> Task | None:
        """A task, if it is known."""
        return self.board.tasks.get(task_id)

    def session(self, session_id: str) -> Session | None:
        """A session, if it is known."""
        return self.board.sessions.get(session_id)

    def tasks(self) -> Sequence[Task]:
        """The tasks that are known, newest first; all of them once `keys.TASKS` is loaded."""
        return _newest_first(self.board.tasks.values())

    def sessions(self) -> Sequence[Session]:
        """The sessions that are known, newest first."""
        return _newest_first(self.board.sessions.values())

    def task_sessions(self, task_id: str) -> Sequence[Session]:
        """The known sessions that hold a task, newest first."""
        return _newest_first(self.board.sessions.linked(task_id))

    def session_tasks(self, session_id: str) -> Sequence[Task]:
        """The known tasks that a session holds, newest first."""
        return _newest_first(self.board.tasks.linked(session_id))

    def loading(self, key: Key) -> bool:
        """Whether a fetch of it is under way."""
        return key in self.board.freshness.loading

    def error(self, key: Key) -> PodiumError | None:
        """What went wrong with it last: its fetch, or a change of it that was rolled back."""
        return self.board.freshness.error(key)


E = TypeVar("E", Task, Session)


def _newest_first(entities: Iterable[E]) -> Sequence[E]:
    """By number; those whose numbers are not yet known first."""
    return sorted(entities, key=lambda entity: (-entity.number if entity.number else float("-inf"), entity.id))
