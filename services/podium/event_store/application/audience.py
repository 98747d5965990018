"""Subscribers of one filter: those who are equally far get the same message, which is made once."""

from typing import NamedTuple

from podium.event_store.application.ring import Ring
from podium.event_store.domain import wire
from podium.event_store.domain.model import Filter, StoredEvent

MAX_MESSAGE_BYTES = 1 << 20

_BATCH = 1


def batch_message(chunk: bytes) -> bytes:
    """A `SubscribeResponse` with these events, spliced."""
    return wire.as_field(_BATCH, chunk)


class Shared(NamedTuple):
    """What follows a position, for everybody who is there.

    message: encoded, empty where nothing matches. position: all up to here is in it or was passed over. first, last: of
    its events, as the filter counts: revisions of a stream, or positions.
    """

    message: bytes
    position: int
    first: int
    last: int


class Audience:
    """Everybody with this filter. What was made is kept until the next commit."""

    def __init__(self, ring: Ring, wanted: Filter) -> None:
        self.wanted = wanted
        self._ring = ring
        self._made: dict[int, Shared] = {}
        self._made_at = -1

    def after(self, position: int) -> Shared | None:
        """One message of what the ring holds after a position that it is past, as far as it fits.

        None: it is to be read from the log, since the ring no longer reaches so far back, or the first commit is longer
        than a message.
        """
        if self._made_at != self._ring.position:
            self._made_at = self._ring.position
            self._made.clear()
        made = self._made.get(position) or self._make(position)
        if made is not None:
            self._made[position] = made
        return made

    def _make(self, position: int) -> Shared | None:
        entries = self._ring.since(position)
        if not entries:
            return None
        chunks: list[bytes] = []
        size = first = last = 0
        for entry in entries:
            rows, chunk = entry.chosen(self.wanted)
            if size + len(chunk) > MAX_MESSAGE_BYTES:
                if entry is entries[0]:
                    return None
                break  # it comes first next time, and is read in pages where it is too long
            if rows:
                chunks.append(chunk)
                size += len(chunk)
                first, last = first or self.number(rows[0]), self.number(rows[-1])
            position = entry.last
        return Shared(batch_message(b"".join(chunks)) if size else b"", position, first, last)

    def number(self, row: StoredEvent) -> int:
        """As the filter counts."""
        return row.revision if self.wanted.stream else row.position

    def unseen(self, position: int, shared: Shared, seen: int) -> bytes:
        """The message after the position without what a subscriber has had: a resume point may lie within a commit."""
        rest: list[bytes] = []
        for entry in self._ring.since(position) or ():
            if entry.last > shared.position:
                break
            rest += [row.event for row in entry.chosen(self.wanted)[0] if self.number(row) > seen]
        return batch_message(wire.splice(rest)) if rest else b""
