"""The newest commits in memory, and whoever waits for the next.

The hub is a ring: commits go in at one end and fall out at the other, and subscribers come and take what they have not
seen. Nobody has a queue of their own, so a slow subscriber costs nothing: it finds that the ring has moved past it,
and reads the log instead.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from podium.event_store.domain import wire
from podium.event_store.domain.model import Commit, Filter, StoredEvent

MAX_EVENTS = 20_000
MAX_BYTES = 16 << 20
PACE_SECONDS = 0.000_06
"""What a message to one subscriber takes, roughly: see `Hub.pace_seconds`."""
PACED_FROM = 16
RUSH = 2.5
"""How much longer a subscriber waits where commits come more than twice in its pause: fewer, longer messages."""


class Entry:
    """A commit in the ring, with what its subscribers share: each filter's events are found and spliced once."""

    __slots__ = ("_by_stream", "_chosen", "commit", "first", "last", "size")

    def __init__(self, commit: Commit) -> None:
        self.commit = commit
        self.first = commit.rows[0].position
        self.last = commit.last_position
        self.size = sum([len(row.event) for row in commit.rows])
        self._by_stream: dict[str, list[StoredEvent]] | None = None
        self._chosen: dict[Filter, tuple[list[StoredEvent], bytes]] = {}

    @property
    def by_stream(self) -> dict[str, list[StoredEvent]]:
        """The rows of each stream."""
        found = self._by_stream
        if found is None:
            found = self._by_stream = {}
            for row in self.commit.rows:
                found.setdefault(row.stream, []).append(row)
        return found

    def chosen(self, wanted: Filter) -> tuple[list[StoredEvent], bytes]:
        """(matching rows, the same spliced)."""
        found = self._chosen.get(wanted)
        if found is None:
            rows = self.by_stream.get(wanted.stream, []) if wanted.stream else list(self.commit.rows)
            if wanted.prefixes or wanted.types:
                rows = [row for row in rows if wanted.matches(row.stream, row.type)]
            found = self._chosen[wanted] = (rows, wire.splice(row.event for row in rows))
        return found


class Hub:
    """Everything happens on the event loop. `position` is the newest that was published."""

    def __init__(
        self,
        position: int,
        *,
        max_events: int = MAX_EVENTS,
        max_bytes: int = MAX_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.position = position
        self._monotonic = monotonic
        self._interval, self._published = 1.0, 0.0
        self._max_events, self._max_bytes = max_events, max_bytes
        self._ring: deque[Entry] = deque()
        self._bytes = 0
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}
        self.subscribers = 0

    def publish(self, commit: Commit) -> None:
        """Take a commit in, and wake whoever waits for it."""
        now = self._monotonic()
        self._interval += (min(now - self._published, 1.0) - self._interval) / 8
        self._published = now
        entry = Entry(commit)
        self._ring.append(entry)
        self._bytes += entry.size
        self.position = entry.last
        while len(self._ring) > 1 and (
            self.position - self._ring[0].last >= self._max_events or self._bytes > self._max_bytes
        ):
            self._bytes -= self._ring.popleft().size
        if self._waiters:
            self._wake("")
            if self._waiters:
                for stream in entry.by_stream:
                    self._wake(stream)

    @property
    def pace_seconds(self) -> float:
        """How long a subscriber waits between its messages: as long as all of them take to be served once.

        So commits that come faster than that give each subscriber more to carry at a time, not later and later. With
        few subscribers nobody waits.
        """
        if self.subscribers < PACED_FROM:
            return 0.0
        pause = self.subscribers * PACE_SECONDS
        return pause * RUSH if self._interval * 2 < pause else pause

    def since(self, position: int) -> list[Entry] | None:
        """The commits with anything after the position, in order; None where the ring no longer reaches so far back."""
        if position >= self.position:
            return []
        if not self._ring or self._ring[0].first > position + 1:
            return None
        found: list[Entry] = []
        for entry in reversed(self._ring):
            if entry.last <= position:
                break
            found.append(entry)
        found.reverse()
        return found

    async def news(self, stream: str = "") -> None:
        """Wait for the next commit (that touches the stream, where one is named), or for the next `tick`."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(stream, []).append(waiter)
        try:
            await waiter
        finally:
            waiting = self._waiters.get(stream)
            if waiting is not None and waiter in waiting:
                waiting.remove(waiter)
                if not waiting:
                    del self._waiters[stream]

    def tick(self) -> None:
        """Let every waiter look around: for bookmarks."""
        for stream in list(self._waiters):
            self._wake(stream)

    def _wake(self, stream: str) -> None:
        for waiter in self._waiters.pop(stream, ()):
            if not waiter.done():
                waiter.set_result(None)
