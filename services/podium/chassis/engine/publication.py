"""What watchers of one entity see: a ring of changes, and one conflated change for whoever falls behind."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from podium.chassis.engine.model import Change

S = TypeVar("S")


class Publication(Generic[S]):
    """The last changes of an entity, contiguous. Watchers pull; nobody is pushed, so nobody can slow the writer."""

    def __init__(
        self, revision: int, ring_changes: int, backlog_before_conflation: int, heartbeat_seconds: float
    ) -> None:
        self.revision = revision
        self._heartbeat_seconds = heartbeat_seconds
        self._limit = ring_changes
        self._backlog = backlog_before_conflation
        self._ring: deque[Change[S]] = deque()
        self._number_of: dict[int, int] = {}
        self._first = 0
        # One future a watcher: `asyncio.wait` on a shared one costs more than sending what was waited for.
        self._waiting: dict[asyncio.Future[bool], None] = {}
        self._beat: asyncio.TimerHandle | None = None
        self._conflated: dict[tuple[int, int], Change[S]] = {}
        self.closed: BaseException | None = None

    def publish(self, change: Change[S]) -> None:
        """Show a committed change; it begins where the one before ended."""
        self._ring.append(change)
        self._number_of[change.from_revision] = self._first + len(self._ring) - 1
        if len(self._ring) > self._limit:
            gone = self._ring.popleft()
            self._first += 1
            del self._number_of[gone.from_revision]
        self.revision = change.to_revision
        self._conflated.clear()
        self._wake(news=True)

    def close(self, error: BaseException) -> None:
        """Let every watcher end with this error."""
        self.closed = error
        self._wake(news=True)
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _wake(self, *, news: bool) -> None:
        waiting, self._waiting = self._waiting, {}
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(news)

    def _on_beat(self) -> None:
        self._beat = None
        self._wake(news=False)

    async def wait_past(self, revision: int) -> bool:
        """True once something newer than `revision` may be there (or the publication closed), False at a heartbeat.

        All watchers beat together, the first time within the interval.
        """
        if self.revision > revision or self.closed is not None:
            return True
        loop = asyncio.get_running_loop()
        if self._beat is None:
            self._beat = loop.call_later(self._heartbeat_seconds, self._on_beat)
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiting[waiter] = None
        try:
            return await waiter
        finally:
            self._waiting.pop(waiter, None)

    def state_at(self, revision: int) -> S | None:
        """The state after a revision, where the ring still has it."""
        for change in reversed(self._ring):
            if change.to_revision <= revision:
                return change.state if change.to_revision == revision else None
        return None

    def after(self, revision: int) -> Change[S] | None:
        """The next change after a revision, one conflated change where many wait, None where the ring begins later."""
        number = self._number_of.get(revision)
        if number is None:
            return None
        index = number - self._first
        if len(self._ring) - index <= self._backlog:
            return self._ring[index]
        key = (revision, self.revision)
        if key not in self._conflated:
            waiting = [self._ring[i] for i in range(index, len(self._ring))]
            touched = frozenset().union(*(change.touched for change in waiting))
            self._conflated[key] = Change(revision, self.revision, (), touched, waiting[-1].state, True)
        return self._conflated[key]
