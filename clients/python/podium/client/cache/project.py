"""One project as a client shows it: lists that load when asked for, stay current, and take edits before the answer."""

import asyncio
import logging
import random
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any

from podium.client.cache import keys
from podium.client.cache.board import Board, StaleAnswerError
from podium.client.cache.commands import Commands, R
from podium.client.cache.edits import edits_of
from podium.client.cache.feed import Connection, Feed
from podium.client.cache.keys import CONNECTION, PROJECT, REVISION, SESSIONS, TASKS, Key
from podium.client.cache.listeners import Handler, Listeners, Listening
from podium.client.cache.loading import pages
from podium.client.cache.views import Views
from podium.client.clock import Clock
from podium.client.errors import PodiumError, make_error
from podium.client.tasks import TaskSet
from podium.client.watch import backoff_seconds
from podium.client.watches import SILENCE_SECONDS
from podium.tasks.v1.task_pb2 import Session, Task

if TYPE_CHECKING:
    from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceAsyncStub

_log = logging.getLogger(__name__)

FETCHES_AT_ONCE = 8
"""After a loss."""

STALE_ANSWERS = 10
"""How often a fetch is repeated because its answer was older than the changes."""


class CachedProject(Views, Commands):
    """A project in a `MaestroCache`; made by it, and closed with it."""

    def __init__(
        self,
        maestro: "MaestroServiceAsyncStub",
        project_id: str,
        clock: Clock,
        *,
        silence_seconds: float = SILENCE_SECONDS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        Views.__init__(self, Board())
        Commands.__init__(self, maestro)
        self.id = project_id
        self._clock = clock
        self._chance = chance
        self._listeners = Listeners()
        self._visible: dict[Key, int] = {}
        self._tasks = TaskSet(f"cache {project_id}")
        self._fetching: dict[Key, asyncio.Task[None]] = {}
        self._resync: asyncio.Task[None] | None = None
        self._feed = Feed(
            maestro,
            project_id,
            self.board,
            clock,
            tell=self._listeners.tell,
            began=self._begun,
            silence_seconds=silence_seconds,
            chance=chance,
        )
        self._tasks.spawn(self._feed.run(), name="feed")

    # -- what is shown -------------------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection:
        """Whether changes arrive; listen to `keys.CONNECTION`."""
        return self._feed.state

    @property
    def revision(self) -> int | None:
        """Every change up to here is in; None before the first connection."""
        return self.board.followed

    @property
    def gaps(self) -> int:
        """How often changes were missed, and what is visible was fetched anew."""
        return self._feed.gaps

    def dismiss(self, key: Key) -> None:
        """The error was seen."""
        self.board.freshness.fail(key, None)
        self._listeners.tell((key,))

    # -- listening -----------------------------------------------------------------------------------------------

    def listen(self, key: Key, handler: Handler) -> Listening:
        """Call the handler with the key after each change of what it names; a handler that throws is logged."""
        return self._listeners.add(key, handler)

    @contextmanager
    def showing(self, key: Key) -> Iterator[None]:
        """While this is open the key is visible: it is fetched anew whenever changes were missed."""
        self._visible[key] = self._visible.get(key, 0) + 1
        try:
            yield
        finally:
            self._visible[key] -= 1
            if not self._visible[key]:
                del self._visible[key]

    async def until(self, holds: Callable[["CachedProject"], bool], *watched: Key) -> None:
        """Wait until something holds; looked at after each change of the keys (none given: of anything shown)."""
        changed = asyncio.Event()
        listened = watched or (TASKS, SESSIONS, PROJECT, REVISION, CONNECTION)
        listenings = [self.listen(key, lambda _: changed.set()) for key in listened]
        try:
            while not holds(self):
                await changed.wait()
                changed.clear()
        finally:
            for listening in listenings:
                listening.close()

    # -- loading -------------------------------------------------------------------------------------------------

    async def load(self, key: Key, *, anew: bool = False) -> None:
        """Fetch what a key names, unless it is fresh (30 s) and `anew` is not asked for.

        A new fetch of a key aborts the one before, and whoever waits for that waits for the new one. Raises the
        PodiumError of the fetch, which `error` keeps.
        """
        if not anew and self.board.freshness.is_fresh(key, self._clock.monotonic()):
            return
        before = self._fetching.get(key)
        task = self._fetching[key] = self._tasks.spawn(self._fetch(key), name=f"fetch {key.kind}")
        task.add_done_callback(lambda done: self._fetched(key, done))
        if before is not None:
            before.cancel()
        while not (task := self._fetching.get(key, task)).done():
            await asyncio.wait((task,))
        if (error := self.board.freshness.error(key)) is not None:
            raise error
        if task.cancelled():
            raise make_error("CANCELLED", "", "the cache was closed")

    def _fetched(self, key: Key, done: "asyncio.Task[None]") -> None:
        if self._fetching.get(key) is done:
            del self._fetching[key]

    async def load_tasks(self) -> Sequence[Task]:
        """Every task, loaded if need be."""
        await self.load(TASKS)
        return self.tasks()

    async def load_sessions(self) -> Sequence[Session]:
        """Every session, loaded if need be."""
        await self.load(SESSIONS)
        return self.sessions()

    async def load_task_sessions(self, task_id: str) -> Sequence[Session]:
        """The sessions that hold a task, loaded if need be."""
        await self.load(keys.task_sessions(task_id))
        return self.task_sessions(task_id)

    async def load_session_tasks(self, session_id: str) -> Sequence[Task]:
        """The tasks that a session holds, loaded if need be."""
        await self.load(keys.session_tasks(session_id))
        return self.session_tasks(session_id)

    async def _fetch(self, key: Key) -> None:
        fetch = self.board.begin_fetch(key)
        self._listeners.tell((key,))
        try:
            for _ in range(STALE_ANSWERS):
                try:
                    async with aclosing(pages(self._maestro, self.id, key)) as found:
                        async for page in found:
                            self._tell(
                                self.board.page(
                                    fetch,
                                    page.revision,
                                    tasks=page.tasks,
                                    sessions=page.sessions,
                                    project=page.project,
                                )
                            )
                    self._tell(self.board.end_fetch(fetch, self._clock.monotonic()))
                    return
                except StaleAnswerError:
                    fetch = self.board.begin_fetch(key)
            raise make_error("UNAVAILABLE", "NOT_READY", "the answers are older than the changes")
        except PodiumError as error:
            self._tell(self.board.fail_fetch(fetch, error))
        finally:
            self.board.drop_fetch(fetch)

    def _tell(self, touched: Iterable[Key]) -> None:
        self._listeners.tell(touched)

    # -- after a loss --------------------------------------------------------------------------------------------

    def _begun(self) -> None:
        """The changes go on, or begin anew: what is visible and not covered by them is fetched."""
        if self._resync is not None:
            self._resync.cancel()
        self._resync = self._tasks.spawn(self._refetch(), name="refetch")

    async def _refetch(self) -> None:
        """Fetch until each visible key has an answer; then drop what is left from before."""
        failures = 0
        while missing := self._uncovered():
            for first in range(0, len(missing), FETCHES_AT_ONCE):
                await asyncio.gather(*map(self._refetched, missing[first : first + FETCHES_AT_ONCE]))
            if self._uncovered():
                failures += 1
                await self._clock.sleep(backoff_seconds(failures, self._chance()))
        self._tell(self.board.evict_uncovered())

    def _uncovered(self) -> Sequence[Key]:
        return [key for key in self._visible if not self.board.freshness.is_covered(key, self.board.base)]

    async def _refetched(self, key: Key) -> None:
        try:
            await self.load(key, anew=True)
        except PodiumError as error:
            _log.info("%s: fetching %s anew: %s", self.id, key, error)

    # -- changing ------------------------------------------------------------------------------------------------

    async def send(self, call: Callable[[R], Awaitable[Any]], request: R, key: Key) -> Any:
        """Show a request's expected effect, call, and take in the answer; on failure show the original again.

        `call` is the stub's method, `key` where a failure is surfaced (`error(key)`), beside being raised. The request
        gets a request id where it has none; it is known by that when its change comes.
        """
        message: Any = request
        message.project_id = self.id
        message.request_id = message.request_id or uuid.uuid4().hex
        request_id: str = message.request_id
        shown = edits_of(request, self.board.tasks.values(), self.board.sessions.values())
        self._tell(self.board.edit(request_id, shown))
        try:
            answer = await call(request)
        except PodiumError as error:
            self._tell(self.board.roll_back(request_id, key, error))
            raise
        except BaseException:
            self._tell(self.board.roll_back(request_id, key, None))
            raise
        task, session = _part(answer, "task"), _part(answer, "session")
        self._tell(self.board.answer(request_id, answer.revision, task=task, session=session))
        return answer

    async def close(self) -> None:
        """End the watch and all fetches."""
        await self._tasks.close()

    @property
    def background_tasks(self) -> int:
        """Tasks at work for this project: the watch, and fetches."""
        return len(self._tasks)


def _part(answer: Any, name: str) -> Any:
    return getattr(answer, name) if name in answer.DESCRIPTOR.fields_by_name and answer.HasField(name) else None
