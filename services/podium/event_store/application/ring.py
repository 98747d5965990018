"""The newest commits in memory: in at one end, out at the other.

Nobody has a queue of their own, so a slow subscriber costs nothing: it finds that the ring has moved past it, and reads
the log instead.
"""

from collections import deque
from operator import attrgetter

from podium.event_store.domain import wire
from podium.event_store.domain.model import Commit, Filter, StoredEvent

MAX_EVENTS = 20_000
MAX_BYTES = 16 << 20
_EVENT = attrgetter("event")


class Entry:
    """A commit in the ring, with what its readers share: each filter's events are found and spliced once."""

    __slots__ = ("_by_stream", "_chosen", "commit", "first", "last", "size")

    def __init__(self, commit: Commit) -> None:
        self.commit = commit
        self.first = commit.rows[0].position
        self.last = commit.last_position
        self.size = sum(map(len, map(_EVENT, commit.rows)))
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


class Ring:
    """`position` is the newest in it, or where it began. Bounded in events and bytes; the newest commit stays."""

    def __init__(self, position: int, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self.position = position
        self._max_events, self._max_bytes = max_events, max_bytes
        self._entries: deque[Entry] = deque()
        self._bytes = 0

    def add(self, commit: Commit) -> None:
        """Take the next commit in."""
        entry = Entry(commit)
        self._entries.append(entry)
        self._bytes += entry.size
        self.position = entry.last
        while len(self._entries) > 1 and (
            self.position - self._entries[0].last >= self._max_events or self._bytes > self._max_bytes
        ):
            self._bytes -= self._entries.popleft().size

    def since(self, position: int) -> list[Entry] | None:
        """The commits with anything after the position, in order; None where the ring no longer reaches so far back."""
        if position >= self.position:
            return []
        if not self._entries or self._entries[0].first > position + 1:
            return None
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if entry.last <= position:
                break
            found.append(entry)
        found.reverse()
        return found
