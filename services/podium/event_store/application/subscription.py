"""One subscriber: first the log, then the ring, and the log again whenever it falls behind.

What it yields is ready for the wire: `SubscribeResponse` messages, spliced.
"""

from collections.abc import AsyncGenerator

from podium.chassis.engine.ports import Clock
from podium.event_store.application.audience import MAX_MESSAGE_BYTES, batch_message
from podium.event_store.application.hub import Hub
from podium.event_store.application.ports import EventLog
from podium.event_store.domain import wire
from podium.event_store.domain.model import Filter

BOOKMARK_SECONDS = 15.0

_CAUGHT_UP, _BOOKMARK = 2, 3


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
        self._audience = hub.audience(wanted)
        self._round = -1
        self._told = clock.monotonic()
        self._caught_up = False

    async def messages(self) -> AsyncGenerator[bytes, None]:
        """Without end. Raises RESUME_POINT_TRUNCATED, and what reading raises."""
        hub = self._hub
        hub.subscribers += 1
        try:
            start = await self._start()
            while True:
                if self._position < hub.position:
                    self._round = await hub.turn(self._round)
                    message = self._next()
                    if message:
                        yield message
                    elif message is None:
                        async for message in self._read_log():
                            yield message
                if not self._caught_up and self._position >= start:
                    self._caught_up = True
                    yield self._told_mark(_CAUGHT_UP)
                elif self._clock.monotonic() - self._told >= self._bookmark_seconds:
                    yield self._told_mark(_BOOKMARK)
                if self._position >= hub.position:
                    await hub.news(self._wanted.stream)
        finally:
            hub.subscribers -= 1

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
        return batch_message(chunk)

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

    def _next(self) -> bytes | None:
        """One message of what the ring holds, empty where nothing matches; None: the log is to be read."""
        before, seen = self._position, self._at
        shared = self._audience.after(before) if before >= 0 else None
        if shared is None:
            return None
        message, self._position, first, last = shared
        if message:
            self._told = self._clock.monotonic()
            if first <= seen:
                message = self._audience.unseen(before, shared, seen)
            if self._wanted.stream:
                self._revision = max(seen, last)
        return message
