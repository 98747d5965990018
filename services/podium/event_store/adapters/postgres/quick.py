"""The usual commit in one round trip: lock, comparison, insert and commit are one call of a function in the database.

The admission runs before it, on what the writer remembers. The function stores nothing unless the log still ends where
that memory ends, and every fence is current. Whatever is unusual (another process wrote, a stream or type is new, an
append would be refused, an id repeats) takes the long way (`transaction`), which finds out the truth.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from zlib import crc32

from podium.event_store.adapters.postgres.connection import Connection
from podium.event_store.adapters.postgres.transaction import Cache, NotLookedUp, Transaction
from podium.event_store.domain.admission import Admission, admit_all
from podium.event_store.domain.model import Append, Found, Outcome, ShardRow

# Numbers go as the text of an array: a list of them would be looked at several times by the driver, one by one.
_CALL = """SELECT stored, now_us FROM append_events($1, $2, $3, $4, $5,
    $6::text::bigint[], $7::text::bigint[], $8, $9::text::integer[], $10::text::bigint[], $11)"""

CLOCK_SECONDS = 5.0
"""How long the database's clock is carried on by this machine's before it is read again."""
# Goes on while the machine sleeps, where there is such a clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class CarriedClock:
    """The database's clock between two answers of the database."""

    def __init__(self) -> None:
        self._read_us = 0
        self._read_at = float("-inf")

    def note(self, now_us: int) -> None:
        """The database has just said its time."""
        self._read_us, self._read_at = now_us, time.clock_gettime(_CLOCK)

    def now_us(self) -> int | None:
        """Microseconds since the epoch; None: it was read too long ago."""
        since = time.clock_gettime(_CLOCK) - self._read_at
        return self._read_us + int(since * 1_000_000) if since < CLOCK_SECONDS else None


class _Remembered:
    """The `admission.View` of what the writer remembers; fences are taken for current, the function compares them."""

    def __init__(self, heads: dict[str, int]) -> None:
        self.heads = heads
        self.shards: dict[tuple[str, int], int] = {}

    def head(self, stream: str) -> int:
        head = self.heads.get(stream)
        if head is None:
            raise NotLookedUp
        return head

    def find(self, event_id: bytes) -> Found | None:
        raise NotLookedUp

    def shard(self, service: str, shard: int) -> ShardRow:
        return ShardRow(shard, "somebody", 0, self.shards[service, shard])


class QuickCommit(Transaction):
    """Prepared without the database, stored and committed by one call."""

    def __init__(self, db: Connection, cache: Cache, time_us: int) -> None:
        super().__init__(db, cache, None, trusting=True)
        self.first_position = cache.position + 1
        self.time_us = time_us
        self._shards: dict[tuple[str, int], int] = {}

    def prepare(self, appends: Sequence[Append]) -> list[Outcome] | None:
        """The outcomes that the call will make true; None where only the long way can tell."""
        cache = self._cache
        remembered = _Remembered(cache.heads)
        for append in appends:
            if append.fence is not None:
                service, shard, epoch = append.fence
                remembered.shards.setdefault((service, shard), epoch)
        admission = Admission(remembered, cache.position, self.time_us, trusting=True)
        try:
            outcomes = admit_all(admission, appends)
        except NotLookedUp:
            return None
        if not admission.rows or not all(row.type in cache.types for row in admission.rows):
            return None
        self.rows, self._shards = admission.rows, remembered.shards
        self._view.heads = admission.heads
        self._view.streams = {name: cache.streams[name] for name in admission.heads}
        return outcomes

    async def call(self, told: Callable[[int], None]) -> bool:
        """Store and commit, or find that it cannot be so (False). `told`: the database's time."""
        _, names, revisions, ids, kinds, events = zip(*self.rows, strict=True)
        stored, now_us = await self.db.fetchrow(
            _CALL,
            self.first_position - 1,
            self.time_us,
            [service for service, _ in self._shards],
            [shard for _, shard in self._shards],
            list(self._shards.values()),
            _array(map(self._view.streams.__getitem__, names)),
            _array(revisions),
            ids,
            _array(map(self._cache.types.__getitem__, kinds)),
            _array(map(crc32, events)),
            events,
        )
        told(now_us)
        return bool(stored)

    def committed(self) -> None:
        """Remember what lasts: everything but the heads is known already."""
        self._cache.position = self.position
        self._cache.heads.update(self._view.heads)


def _array(numbers: Iterable[int | None]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
