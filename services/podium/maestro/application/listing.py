"""Pages of tasks and sessions, newest first.

A page looks at a bounded part of the project, however large that is: it may be short, even empty, and still have a
next one. Pages go by numbers, which never change, so nothing is shown twice or left out because something was added.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from podium.maestro.domain.model import Session, SessionStatus, Task, TaskStatus
from podium.maestro.domain.state import Board

T = TypeVar("T")
In_contra = TypeVar("In_contra", contravariant=True)

PAGE_SIZE = 100
"""Entries of a page whose size is not given."""
LOOKS = 2000
"""Entries looked at for one page; a long text that is searched counts for more."""
PAGE_CHARACTERS = 1 << 20
"""Text of a page, about; one entry more may pass it."""


@dataclass(frozen=True, slots=True)
class ListTasks:
    """Which tasks; see the RPC's request."""

    number: int = 0
    statuses: tuple[TaskStatus, ...] = ()
    parent_id: str | None = None
    session_id: str = ""
    text: str = ""
    needs_attention: bool = False
    page_size: int = 0


@dataclass(frozen=True, slots=True)
class ListSessions:
    """Which sessions; see the RPC's request."""

    task_id: str = ""
    statuses: tuple[SessionStatus, ...] = ()
    page_size: int = 0


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Entries, and the number before which the next page begins; 0: this is the last one."""

    entries: tuple[T, ...]
    before: int = 0


def list_tasks(board: Board, query: ListTasks, before: int = 0) -> Page[Task]:
    """The tasks with numbers below `before` (0: all)."""
    if query.number:
        task = board.task_by_number(query.number)
        wanted = task is not None and (not before or query.number < before)
        return Page((task,) if task is not None and wanted and _TaskFilter(query).fits(task) else ())
    numbers = _below(_task_numbers(board, query), before)
    return _walk(numbers, board.task_by_number, _TaskFilter(query), query.page_size)


def list_sessions(board: Board, query: ListSessions, before: int = 0) -> Page[Session]:
    """The sessions with numbers below `before` (0: all)."""
    sessions = board.state.sessions
    if query.task_id:
        task = board.state.tasks.get(query.task_id)
        ids = task.session_ids if task is not None else ()
        numbers: Iterable[int] = sorted((sessions[each].number for each in ids), reverse=True)
    else:
        numbers = range(board.state.session_numbers, 0, -1)

    def session_by_number(number: int) -> Session | None:
        session_id = board.index.sessions.get(number)
        return None if session_id is None else sessions[session_id]

    return _walk(_below(numbers, before), session_by_number, _SessionFilter(query), query.page_size)


def _task_numbers(board: Board, query: ListTasks) -> Iterable[int]:
    """The numbers of the tasks that may fit, highest first: as few as the indexes allow."""
    if query.session_id:
        session = board.state.sessions.get(query.session_id)
        ids = session.task_ids if session is not None else ()
        return sorted((board.state.tasks[each].number for each in ids), reverse=True)
    if query.parent_id:
        return sorted(board.index.parts.get(query.parent_id, ()), reverse=True)
    return range(board.state.task_numbers, 0, -1)


def _below(numbers: Iterable[int], before: int) -> Iterable[int]:
    if not before:
        return numbers
    if isinstance(numbers, range):
        return range(min(numbers.start, before - 1), 0, -1)
    return [number for number in numbers if number < before]


class _Filter(Protocol[In_contra]):
    """Whether an entry fits, what it costs to say so, and how long it is."""

    def fits(self, entry: In_contra) -> bool: ...

    def cost(self, entry: In_contra) -> int: ...

    def length(self, entry: In_contra) -> int: ...


class _TaskFilter:
    def __init__(self, query: ListTasks) -> None:
        self._query = query
        self._statuses = frozenset(query.statuses)
        self._words = query.text.casefold().split()

    def fits(self, entry: Task) -> bool:
        query = self._query
        if self._statuses and entry.status not in self._statuses:
            return False
        if query.parent_id is not None and entry.parent_id != query.parent_id:
            return False
        if query.needs_attention and not (entry.pod is not None and entry.pod.needs_attention):
            return False
        if query.session_id and query.session_id not in entry.session_ids:
            return False
        if not self._words:
            return True
        text = f"{entry.title}\n{entry.description}\n{entry.prompt}".casefold()
        return all(word in text for word in self._words)

    def cost(self, entry: Task) -> int:
        return 1 + (self.length(entry) >> 10 if self._words else 0)

    def length(self, entry: Task) -> int:
        return len(entry.title) + len(entry.description) + len(entry.prompt)


class _SessionFilter:
    def __init__(self, query: ListSessions) -> None:
        self._statuses = frozenset(query.statuses)

    def fits(self, entry: Session) -> bool:
        return not self._statuses or entry.status in self._statuses

    def cost(self, entry: Session) -> int:
        return 1

    def length(self, entry: Session) -> int:
        return sum(len(line.text) for line in entry.timeline) + sum(map(len, entry.env.values()))


def _walk(numbers: Iterable[int], get: Callable[[int], T | None], wanted: _Filter[T], page_size: int) -> Page[T]:
    size = page_size or PAGE_SIZE
    entries: list[T] = []
    looked = length = last = 0
    for number in numbers:
        if looked >= LOOKS:
            return Page(tuple(entries), number + 1)
        entry = get(number)
        looked += 1
        if entry is None:
            continue
        looked += wanted.cost(entry) - 1
        if not wanted.fits(entry):
            continue
        if len(entries) >= size or length > PAGE_CHARACTERS:
            return Page(tuple(entries), last)
        entries.append(entry)
        length += wanted.length(entry)
        last = number
    return Page(tuple(entries))
