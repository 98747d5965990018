"""Where commits are told: the ring of the newest, and whoever waits for the next.

With many subscribers the telling goes in rounds: in each, every subscriber gets one message of all that came since its
last one. So commits that come faster than everybody can be served make longer messages, not later ones; and those of
one filter get the same bytes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from podium.event_store.application.audience import Audience
from podium.event_store.application.ring import MAX_BYTES, MAX_EVENTS, Entry, Ring
from podium.event_store.domain.model import Commit, Filter

PACE_SECONDS = 0.000_06
"""What a message to one subscriber takes, roughly: see `Hub.pace_seconds`."""
PACED_FROM = 16
RUSH = 2.0
"""How much longer a round is where commits come more than twice in it: fewer, longer messages."""

_ANY = ""
_AT_ONCE = None


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
        self._ring = Ring(position, max_events, max_bytes)
        self._audiences: WeakValueDictionary[Filter, Audience] = WeakValueDictionary()
        self._monotonic = monotonic
        self._interval, self._published = 1.0, 0.0
        # By stream; `_ANY` hears of all streams, `_AT_ONCE` whatever the round.
        self._waiters: dict[str | None, list[asyncio.Future[None]]] = {}
        self._round = 0
        self._next_round = 0.0
        self._due: asyncio.TimerHandle | None = None
        self._late: list[asyncio.Future[None]] = []
        self._told = position
        self.subscribers = 0

    @property
    def position(self) -> int:
        """The newest that was published."""
        return self._ring.position

    def since(self, position: int) -> list[Entry] | None:
        """As `Ring.since`."""
        return self._ring.since(position)

    def audience(self, wanted: Filter) -> Audience:
        """The one of everybody with this filter; hold it as long as you need it."""
        found = self._audiences.get(wanted)
        if found is None:
            found = self._audiences[wanted] = Audience(self._ring, wanted)
        return found

    def publish(self, commit: Commit) -> None:
        """Take a commit in, and wake whoever waits for it."""
        now = self._monotonic()
        self._interval += (min(now - self._published, 1.0) - self._interval) / 8
        self._published = now
        self._ring.add(commit)
        self._wake(_AT_ONCE)
        if self.subscribers < PACED_FROM or now >= self._next_round:
            self._begin_round(now)
        else:
            self._expect_round(now)

    @property
    def pace_seconds(self) -> float:
        """How long a round is: as long as it takes to serve all subscribers once. With few of them nobody waits."""
        if self.subscribers < PACED_FROM:
            return 0.0
        pause = self.subscribers * PACE_SECONDS
        return pause * RUSH if self._interval * 2 < pause else pause

    async def turn(self, last: int) -> int:
        """The number of the round to send in: the present one, or the next where `last` is the present one."""
        while last == self._round and self.subscribers >= PACED_FROM:
            now = self._monotonic()
            if now >= self._next_round:
                self._begin_round(now)
                break
            self._expect_round(now)
            await self._wait(self._late)
        return self._round

    def news(self, stream: str = _ANY) -> Awaitable[None]:
        """Wait until a round tells of commits (that touch the stream, where one is named), or for the next `tick`."""
        return self._wait(self._waiters.setdefault(stream, []))

    def arrival(self) -> Awaitable[None]:
        """Wait for the next commit, whatever the round."""
        return self._wait(self._waiters.setdefault(_AT_ONCE, []))

    def tick(self) -> None:
        """Let every waiter look around: for bookmarks. Streams that nobody waits for any more are forgotten."""
        for key in list(self._waiters):
            self._wake(key)

    # Rounds.

    def _begin_round(self, now: float) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._round += 1
        self._next_round = now + self.pace_seconds
        if self._late:
            late, self._late = self._late, []
            _end(late)
        news = self._ring.since(self._told)
        self._told = self._ring.position
        if news is None:
            self.tick()
        elif news:
            self._wake(_ANY)
            if self._waiters:
                for entry in news:
                    for stream in entry.by_stream:
                        self._wake(stream)

    def _expect_round(self, now: float) -> None:
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(self._next_round - now, self._begin_due_round)

    def _begin_due_round(self) -> None:
        self._due = None
        self._begin_round(self._monotonic())

    # Waiting: a future for each, since a shared one costs more than what it tells of.

    async def _wait(self, waiting: "list[asyncio.Future[None]]") -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(waiter)
        try:
            await waiter
        except BaseException:
            if waiter in waiting:
                waiting.remove(waiter)
            raise

    def _wake(self, key: str | None) -> None:
        _end(self._waiters.pop(key, ()))


def _end(waiters: "list[asyncio.Future[None]] | tuple[()]") -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
