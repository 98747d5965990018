"""What a client knows of a project: a machine without input or output, fed with changes, answers and edits.

Every answer and every change says its revision, and each entity remembers the one it is as of. So the order in which
they arrive does not matter: what is newer stays. `followed` is how far the changes reach without a gap; `base` is where
that began, and an answer older than `base` cannot be brought up to date: it is refused, and fetched again.

Every method that changes something returns the keys whose views changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from podium.client.cache import keys
from podium.client.cache.edits import EntityEdit, session_without, task_without
from podium.client.cache.freshness import Fetch, Freshness
from podium.client.cache.keys import PROJECT, REVISION, Key
from podium.client.cache.table import Table
from podium.client.errors import PodiumError
from podium.tasks.v1.maestro_service_pb2 import ProjectChange
from podium.tasks.v1.task_pb2 import Project, Session, Task

MAX_DELETIONS = 10_000
"""Deletions remembered while older answers may come; past that such answers are refused instead."""
MAX_PENDING = 1_000
"""Optimistic edits under way."""

_TASK_NAMES = ("task", "tasks", "session_tasks")
_SESSION_NAMES = ("session", "sessions", "task_sessions")


class GapError(Exception):
    """Changes are missing in between: fetch anew what is visible."""


class StaleAnswerError(Exception):
    """The answer is older than what the changes reach back to: fetch again."""


@dataclass(slots=True)
class Pending:
    """An optimistic edit: which entities, and the revision of its answer once that has come."""

    entities: list[tuple[str, str]] = field(default_factory=list)
    answered: int | None = None


class Board:
    """One project."""

    def __init__(self) -> None:
        self.project: Project | None = None
        self.tasks: Table[Task] = Table(_TASK_NAMES, lambda task: task.session_ids, task_without)
        self.sessions: Table[Session] = Table(_SESSION_NAMES, lambda session: session.task_ids, session_without)
        self.freshness = Freshness()
        self.followed: int | None = None
        self.base = 0
        self.pending: dict[str, Pending] = {}
        self._project_revision = 0
        self._awaited = 0

    # -- the watch -------------------------------------------------------------------------------------------

    def bookmark(self, revision: int) -> set[Key]:
        """Changes up to here are known; the first one says where they begin."""
        if self.followed is None:
            self.base = max(self.base, revision)
        moved = self.followed is None or revision > self.followed
        self.followed = max(self.followed or 0, revision)
        return self._settle() | ({REVISION} if moved else set())

    def lose(self) -> None:
        """The changes have a gap: the next bookmark begins anew."""
        self.followed = None

    def change(self, change: ProjectChange, now: float) -> set[Key]:
        """Take in a change; seen before: nothing. Raises GapError where changes before it are missing."""
        if self.followed is None or change.from_revision > self.followed:
            raise GapError(f"changes ({self.followed}, {change.from_revision}] are missing")
        if change.to_revision <= self.followed:
            return set()
        to = change.to_revision
        touched = self._reset(to) if change.reset else set()
        if change.HasField("project"):
            touched |= self._put_project(change.project, to)
        touched |= self._upsert(change.tasks, change.sessions, to)
        touched |= self._remove(change.removed_tasks, change.removed_sessions, to)
        for event in change.events:
            if event.request_id in self.pending:
                touched |= self._lift(event.request_id)
        if not change.partial:
            self.followed = to
            touched |= self._settle() | {REVISION}
        self.freshness.touch(touched, now)
        self._bound_deletions()
        return touched

    def _reset(self, revision: int) -> set[Key]:
        """The project was deleted in between: what is older is gone."""
        self.base = max(self.base, revision)
        self.project, self._project_revision = None, revision
        return {PROJECT} | self.tasks.drop_before(revision) | self.sessions.drop_before(revision)

    def _remove(self, tasks: Iterable[str], sessions: Iterable[str], revision: int) -> set[Key]:
        touched: set[Key] = set()
        for task_id in tasks:
            touched |= self.tasks.put(task_id, None, revision)
            self.freshness.forget(keys.task_sessions(task_id))
            self.freshness.forget(keys.task(task_id))
        for session_id in sessions:
            touched |= self.sessions.put(session_id, None, revision)
            self.freshness.forget(keys.session_tasks(session_id))
            self.freshness.forget(keys.session(session_id))
        return touched

    def _upsert(self, tasks: Iterable[Task], sessions: Iterable[Session], revision: int) -> set[Key]:
        touched: set[Key] = set()
        for task in tasks:
            touched |= self.tasks.put(task.id, task, revision)
        for session in sessions:
            touched |= self.sessions.put(session.id, session, revision)
        return touched

    def _put_project(self, project: Project, revision: int) -> set[Key]:
        if revision < self._project_revision:
            return set()
        changed = self.project != project
        self.project, self._project_revision = project, revision
        return {PROJECT} if changed else set()

    def evict_uncovered(self) -> set[Key]:
        """After a gap, with the visible fetched anew: what is still from before is unknown, and some of it deleted."""
        self.freshness.forget_before(self.base)
        if self._project_revision < self.base:
            self._project_revision = 0
        return self.tasks.drop_before(self.base) | self.sessions.drop_before(self.base)

    # -- answers ---------------------------------------------------------------------------------------------

    def begin_fetch(self, key: Key) -> Fetch:
        """A fetch of a key begins; one before it counts no more."""
        return self.freshness.begin(key)

    def page(
        self,
        fetch: Fetch,
        revision: int,
        *,
        tasks: Sequence[Task] = (),
        sessions: Sequence[Session] = (),
        project: Project | None = None,
    ) -> set[Key]:
        """Take in a page; nothing where a newer fetch took over. Raises StaleAnswerError."""
        if not self.freshness.is_current(fetch):
            return set()
        fetch.revision = revision if fetch.revision is None else min(fetch.revision, revision)
        if fetch.revision < self.base:
            raise StaleAnswerError
        fetch.seen.update(task.id for task in tasks)
        fetch.seen.update(session.id for session in sessions)
        touched = self._upsert(tasks, sessions, revision)
        return touched | self._put_project(project, revision) if project is not None else touched

    def end_fetch(self, fetch: Fetch, now: float) -> set[Key]:
        """The last page is in: what it should have shown and did not is gone. Raises StaleAnswerError."""
        if not self.freshness.is_current(fetch):
            return set()
        revision = fetch.revision or 0
        if revision < self.base:
            raise StaleAnswerError
        touched = self._missing(fetch, revision) | {fetch.key}
        self.freshness.end(fetch, now)
        self._bound_deletions()
        return touched

    def fail_fetch(self, fetch: Fetch, error: PodiumError) -> set[Key]:
        """It failed for good; what is shown stays."""
        if not self.freshness.is_current(fetch):
            return set()
        self.drop_fetch(fetch)
        self.freshness.fail(fetch.key, error)
        return {fetch.key}

    def drop_fetch(self, fetch: Fetch) -> None:
        """It was aborted."""
        self.freshness.give_up(fetch)
        self._bound_deletions()

    def _missing(self, fetch: Fetch, revision: int) -> set[Key]:
        match fetch.key.kind:
            case "tasks":
                return self.tasks.drop_unseen(fetch.seen, revision)
            case "sessions":
                return self.sessions.drop_unseen(fetch.seen, revision)
            case "task_sessions":
                return self.sessions.drop_unseen_links(fetch.key.id, fetch.seen, revision)
            case "session_tasks":
                return self.tasks.drop_unseen_links(fetch.key.id, fetch.seen, revision)
        return set()

    # -- optimistic edits ------------------------------------------------------------------------------------

    def edit(self, request_id: str, edits: Iterable[EntityEdit]) -> set[Key]:
        """Show the expected effect of a call before its answer. Past MAX_PENDING nothing is shown before."""
        self._awaited += 1
        if len(self.pending) >= MAX_PENDING:
            return set()
        pending = self.pending[request_id] = Pending()
        touched: set[Key] = set()
        for edit in edits:
            table = self.tasks if edit.kind == "task" else self.sessions
            touched |= table.lay(edit.id, request_id, edit.apply)
            pending.entities.append((edit.kind, edit.id))
        return touched

    def answer(
        self, request_id: str, revision: int, *, task: Task | None = None, session: Session | None = None
    ) -> set[Key]:
        """The call took effect at a revision. What the answer does not show itself stays laid over until the change."""
        self._awaited -= 1
        touched: set[Key] = set()
        if revision >= self.base:
            touched |= self._upsert([task] if task else (), [session] if session else (), revision)
            touched |= self._lift(request_id, only={("task", task.id)} if task else set())
            touched |= self._lift(request_id, only={("session", session.id)} if session else set())
        if request_id in self.pending:
            self.pending[request_id].answered = revision
        self._bound_deletions()
        return touched | self._settle()

    def roll_back(self, request_id: str, key: Key, error: PodiumError | None) -> set[Key]:
        """The call failed: show the original again, and the error; no error where the change says it took effect."""
        self._awaited -= 1
        self._bound_deletions()
        if request_id not in self.pending:
            return set()
        if error is not None:
            self.freshness.fail(key, error)
        return self._lift(request_id) | {key}

    def _lift(self, request_id: str, only: set[tuple[str, str]] | None = None) -> set[Key]:
        pending = self.pending.get(request_id)
        if pending is None or only == set():
            return set()
        touched: set[Key] = set()
        for kind, entity_id in pending.entities:
            if only is None or (kind, entity_id) in only:
                table = self.tasks if kind == "task" else self.sessions
                touched |= table.lift(entity_id, request_id)
        pending.entities = [each for each in pending.entities if only is not None and each not in only]
        if not pending.entities:
            del self.pending[request_id]
        return touched

    def _settle(self) -> set[Key]:
        """Lift the edits whose changes are in."""
        followed = -1 if self.followed is None else self.followed
        done = [each for each, p in self.pending.items() if p.answered is not None and p.answered <= followed]
        touched: set[Key] = set()
        for request_id in done:
            touched |= self._lift(request_id)
        return touched

    def _bound_deletions(self) -> None:
        """Forget deletions when no older answer can come any more, or when there are too many."""
        if not self.freshness.loading and not self._awaited:
            self.tasks.forget_deletions()
            self.sessions.forget_deletions()
        elif self.tasks.deletions + self.sessions.deletions > MAX_DELETIONS:
            self.base = max(self.base, self.followed or 0)
            self.tasks.forget_deletions()
            self.sessions.forget_deletions()
