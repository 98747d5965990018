"""What watchers of one entity see: a ring of changes, and one conflated change for whoever falls behind."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from podium.chassis.engine.model import Change

S = TypeVar("S")


class Publication(Generic[S]):
    """The last changes of an entity, contiguous. Watchers pull; nobody is pushed, so nobody can slow the writer."""

    def __init__(self, revision: int, ring_changes: int, backlog_before_conflation: int) -> None:
        self.revision = revision
        self._limit = ring_changes
        self._backlog = backlog_before_conflation
        self._ring: deque[Change[S]] = deque()
        self._number_of: dict[int, int] = {}
        self._first = 0
        self._wake: asyncio.Future[None] | None = None
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
        self._notify()

    def close(self, error: BaseException) -> None:
        """Let every watcher end with this error."""
        self.closed = error
        self._notify()

    def _notify(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        self._wake = None

    async def wait_past(self, revision: int, timeout_seconds: float) -> bool:
        """True once something newer than `revision` is there (or the publication closed), False on timeout."""
        if self.revision > revision or self.closed is not None:
            return True
        if self._wake is None:
            self._wake = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait({self._wake}, timeout=timeout_seconds)
        return bool(done)

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
