"""One subscriber: first the log, then the ring, and the log again whenever it falls behind.

What it yields is ready for the wire: `SubscribeResponse` messages, spliced.
"""

from collections.abc import AsyncGenerator

from podium.chassis.engine.ports import Clock
from podium.event_store.application.hub import Entry, Hub
from podium.event_store.application.ports import EventLog
from podium.event_store.domain import wire
from podium.event_store.domain.model import Filter, StoredEvent

BOOKMARK_SECONDS = 15.0
MAX_MESSAGE_BYTES = 1 << 20

_BATCH, _CAUGHT_UP, _BOOKMARK = 1, 2, 3


def _mark(field: int, at: int) -> bytes:
    return wire.as_field(field, b"\x08" + wire.varint(at) if at else b"")


class Subscription:
    """Delivers each matching event after the resume point once, in order.

    `wanted.stream` makes it a stream's subscription, which counts in revisions; any other counts in positions.
    `after` None is "only what comes".
    """

    def __init__(
        self,
        log: EventLog,
        hub: Hub,
        wanted: Filter,
        after: int | None,
        *,
        clock: Clock,
        bookmark_seconds: float = BOOKMARK_SECONDS,
    ) -> None:
        self._log, self._hub, self._wanted = log, hub, wanted
        self._clock, self._bookmark_seconds = clock, bookmark_seconds
        self._after = after
        # Everything up to this position was handled; -1: nothing is known of the log yet.
        self._position = hub.position if after is None and not wanted.stream else -1
        self._revision = 0
        self._told = clock.monotonic()
        self._caught_up = False

    async def messages(self) -> AsyncGenerator[bytes, None]:
        """Without end. Raises RESUME_POINT_TRUNCATED, and what reading raises."""
        self._hub.subscribers += 1
        try:
            async for message in self._messages():
                yield message
        finally:
            self._hub.subscribers -= 1

    async def _messages(self) -> AsyncGenerator[bytes, None]:
        start = await self._start()
        while True:
            behind = None if self._position < 0 else self._hub.since(self._position)
            if behind is None or (behind and self._is_long(behind[0])):
                async for message in self._read_log():
                    yield message
            elif behind:
                message = self._take(await self._at_pace(behind))
                if message:
                    yield message
            if not self._caught_up and self._position >= start:
                self._caught_up = True
                yield self._told_mark(_CAUGHT_UP)
            elif self._clock.monotonic() - self._told >= self._bookmark_seconds:
                yield self._told_mark(_BOOKMARK)
            if self._position >= self._hub.position:
                await self._hub.news(self._wanted.stream)

    async def _start(self) -> int:
        """Take the resume point; the position at which everything that is there now was sent."""
        if self._wanted.stream:
            known = self._after
            self._revision = (await self._log.stream(self._wanted.stream)).revision if known is None else known
        elif self._after is not None:
            # A resume point in the future (of another store, of a restored backup) waits for it.
            self._position = self._after
        return self._hub.position

    @property
    def _at(self) -> int:
        return self._revision if self._wanted.stream else max(self._position, 0)

    def _told_mark(self, field: int) -> bytes:
        self._told = self._clock.monotonic()
        return _mark(field, self._at)

    def _batch(self, chunk: bytes) -> bytes:
        self._told = self._clock.monotonic()
        return wire.as_field(_BATCH, chunk)

    async def _read_log(self) -> AsyncGenerator[bytes, None]:
        """Everything up to what is published now, page by page."""
        goal = self._hub.position
        if self._wanted.stream:
            end = False
            while not end:
                chunk, count, last, end = await self._log.read_stream(
                    self._wanted.stream, self._revision + 1, max_bytes=MAX_MESSAGE_BYTES
                )
                if count:
                    self._revision = last
                    yield self._batch(chunk)
            self._position = goal
            return
        while self._position < goal:
            chunk, count, last, _ = await self._log.read_all(
                self._wanted, self._position + 1, max_bytes=MAX_MESSAGE_BYTES
            )
            self._position = last
            if count:
                yield self._batch(chunk)
            elif self._clock.monotonic() - self._told >= self._bookmark_seconds:
                yield self._told_mark(_BOOKMARK)

    async def _at_pace(self, behind: list[Entry]) -> list[Entry]:
        """Where commits come faster than all subscribers can be served: wait, and take more at a time."""
        pause = self._hub.pace_seconds and self._told + self._hub.pace_seconds - self._clock.monotonic()
        if pause <= 0:
            return behind
        await self._clock.sleep(pause)
        # The ring may have moved on meanwhile: then nothing is taken, and the log is read.
        return self._hub.since(self._position) or []

    def _is_long(self, entry: Entry) -> bool:
        """Whether one commit is more than a message: it is read from the log then, in pages."""
        return len(entry.chosen(self._wanted)[1]) > MAX_MESSAGE_BYTES

    def _take(self, entries: list[Entry]) -> bytes:
        """One message of what the ring holds, as far as it fits; empty where nothing matches."""
        chunks: list[bytes] = []
        size = 0
        for entry in entries:
            rows, chunk = entry.chosen(self._wanted)
            if entry is not entries[0] and size + len(chunk) > MAX_MESSAGE_BYTES:
                break  # it comes first next time, and is read in pages where it is too long
            if rows:
                chunk = self._unseen(rows, chunk)
                size += len(chunk)
                chunks.append(chunk)
            self._position = entry.last
        return self._batch(b"".join(chunks)) if size else b""

    def _unseen(self, rows: list[StoredEvent], chunk: bytes) -> bytes:
        """The chunk without what this subscriber has had: a resume point may lie within a commit."""
        if self._wanted.stream:
            first, seen = rows[0].revision, self._revision
            self._revision = max(seen, rows[-1].revision)
        else:
            first, seen = rows[0].position, self._position
        if first > seen:
            return chunk
        rest = [row for row in rows if (row.revision if self._wanted.stream else row.position) > seen]
        return wire.splice(row.event for row in rest)
