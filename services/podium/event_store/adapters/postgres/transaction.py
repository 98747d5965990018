"""One write transaction, from the head row's lock to the commit.

The lock is a statement of its own: only the statements after it see everything that earlier holders of the lock
committed. So what they read is exact, positions are handed out in commit order, and whoever reads `position > n` misses
nothing. The row itself is never changed: every commit would leave a dead version of it for the next lock to step over,
as long as any old snapshot lives in the database. The last position and the streams' heads are ends of indexes.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from zlib import crc32

import asyncpg

from podium.event_store.adapters.postgres.connection import Connection, storage_error
from podium.event_store.domain import wire
from podium.event_store.domain.admission import Admission, admit_all
from podium.event_store.domain.model import Append, Found, Outcome, ShardRow, StoredEvent
from podium.kernel.errors import Rejection

T = TypeVar("T")

Job = Callable[["Transaction"], Awaitable[T]]

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT FROM log_head FOR UPDATE"

NOW_US = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

_LOOK = f"""WITH log AS MATERIALIZED (SELECT coalesce(max(position), 0) AS position FROM events)
SELECT
    (SELECT position FROM log),
    {NOW_US},
    ARRAY(SELECT (SELECT id FROM streams WHERE name = asked.name)
        FROM unnest($1::text[]) WITH ORDINALITY AS asked(name, at) ORDER BY at),
    ARRAY(SELECT (SELECT max(revision) FROM events WHERE stream = (SELECT id FROM streams WHERE name = asked.name))
        FROM unnest($1::text[]) WITH ORDINALITY AS asked(name, at) ORDER BY at),
    CASE WHEN (SELECT position FROM log) <> $2 THEN
        ARRAY(SELECT (SELECT max(revision) FROM events WHERE stream = asked.id)
            FROM unnest($3::bigint[]) WITH ORDINALITY AS asked(id, at) ORDER BY at) END,
    ARRAY(SELECT (SELECT CASE owner WHEN '' THEN -epoch ELSE epoch END FROM shards
            WHERE service = asked.service AND shard = asked.shard)
        FROM unnest($4::text[], $5::int[]) WITH ORDINALITY AS asked(service, shard, at) ORDER BY at)
"""
_FIND = """SELECT e.event_id, e.position, s.name, e.revision, e.digest,
    CASE WHEN e.digest IS NULL THEN e.event END
    FROM unnest($1::bytea[]) AS asked(id) JOIN events e ON e.event_id = asked.id JOIN streams s ON s.id = e.stream"""
_INSERT = """INSERT INTO events(position, stream, revision, event_id, type, recorded_us, checksum, event)
    SELECT p, s, r, i, t, $7, c, e FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::int[],
    $6::bigint[], $8::bytea[]) AS given(p, s, r, i, t, c, e)"""


MAX_CACHED_STREAMS = 100_000


class NotLookedUp(Exception):
    """The admission wants to know something that was not looked up."""


class Cache:
    """What the writer remembers of what is committed.

    Ids never change. Heads are those at `position`: they hold as long as the log's last position is that one, since
    no stream grows without it.
    """

    def __init__(self) -> None:
        self.position = 0
        self.types: dict[str, int] = {}
        self.streams: dict[str, int] = {}
        self.heads: dict[str, int] = {}

    def trim(self) -> None:
        """Forget the oldest where there are too many."""
        excess = len(self.streams) - MAX_CACHED_STREAMS
        if excess > 0:
            for name in list(self.streams)[: excess + MAX_CACHED_STREAMS // 10]:
                del self.streams[name]
                self.heads.pop(name, None)


class _View:
    """The `admission.View` of what was looked up, and of what this transaction stored before."""

    def __init__(self) -> None:
        self.streams: dict[str, int | None] = {}
        self.heads: dict[str, int] = {}
        self.shards: dict[tuple[str, int], int | None] = {}
        self.ids: dict[bytes, Found] | None = None

    def head(self, stream: str) -> int:
        return self.heads[stream]

    def find(self, event_id: bytes) -> Found | None:
        if self.ids is None:
            raise NotLookedUp
        return self.ids.get(event_id)

    def shard(self, service: str, shard: int) -> ShardRow:
        epoch = self.shards[service, shard] or 0
        return ShardRow(shard, "somebody" if epoch > 0 else "", 0, abs(epoch))


class Transaction:
    """Between `BEGIN` and the commit, both of which are the writer's; `rows` become readable then."""

    def __init__(self, db: Connection, cache: Cache, now_us: Callable[[], int] | None, *, trusting: bool) -> None:
        self.db = db
        self.rows: list[StoredEvent] = []
        self.time_us = 0
        self.first_position = 0
        self._cache, self._now_us, self._trusting = cache, now_us, trusting
        self._view = _View()
        self._types: dict[str, int] = {}

    @property
    def position(self) -> int:
        """The last position, this transaction's own included."""
        return self.rows[-1].position if self.rows else self.first_position - 1

    async def look(self, streams: Iterable[str] = (), shards: Sequence[tuple[str, int]] = ()) -> None:
        """Read what the admission will ask for; the first look also takes position and time."""
        view, cache = self._view, self._cache
        asked = {stream for stream in streams if stream not in view.heads}
        known = [stream for stream in asked if stream in cache.heads]
        unknown = list(asked.difference(known))
        position, time_us, ids, heads, changed, epochs = await self.db.fetchrow(
            _LOOK,
            unknown,
            cache.position,
            [cache.streams[stream] for stream in known],
            [service for service, _ in shards],
            [number for _, number in shards],
        )
        if not self.first_position:
            self.first_position = position + 1
            self.time_us = time_us if self._now_us is None else self._now_us()
        view.streams.update(zip(unknown, ids, strict=True))
        view.heads.update((stream, head or 0) for stream, head in zip(unknown, heads, strict=True))
        view.streams.update((stream, cache.streams[stream]) for stream in known)
        if changed is None:
            view.heads.update((stream, cache.heads[stream]) for stream in known)
        else:
            view.heads.update(zip(known, changed, strict=True))
            cache.heads.clear()
        # Work before this one in the same transaction may have claimed or released shards: looked up each time.
        view.shards = dict(zip(shards, epochs, strict=True))

    async def append(self, appends: Sequence[Append]) -> list[Outcome]:
        """Admit and insert; refused ones leave no trace. Raises asyncpg's UniqueViolationError for a repeated id."""
        streams = {part.stream for append in appends for part in append.parts}
        fences = {(append.fence.service, append.fence.shard) for append in appends if append.fence is not None}
        await self.look(streams, list(fences))
        self._view.ids = None
        if not self._trusting:
            await self._find(appends)
        try:
            admission, outcomes = self._admit(appends)
        except NotLookedUp:
            await self._find(appends)
            admission, outcomes = self._admit(appends)
        if admission.rows:
            await self._insert(admission)
        return outcomes

    def _admit(self, appends: Sequence[Append]) -> tuple[Admission, list[Outcome]]:
        admission = Admission(self._view, self.position, self.time_us, trusting=self._view.ids is None)
        return admission, admit_all(admission, appends)

    async def _find(self, appends: Sequence[Append]) -> None:
        ids = [event_id for append in appends for part in append.parts for event_id in part.event_ids]
        self._view.ids = {
            event_id: Found(position, stream, revision, digest or wire.digest(wire.body_of(event)))
            for event_id, position, stream, revision, digest, event in await self.db.fetch(_FIND, ids)
        }

    async def _insert(self, admission: Admission) -> None:
        view, rows = self._view, admission.rows
        types = await self._type_ids({row.type for row in rows})
        await self._make_streams([name for name in admission.heads if view.streams[name] is None])
        streams = view.streams
        await self.db.execute(
            _INSERT,
            [row.position for row in rows],
            [streams[row.stream] for row in rows],
            [row.revision for row in rows],
            [row.event_id for row in rows],
            [types[row.type] for row in rows],
            [crc32(row.event) for row in rows],
            self.time_us,
            [row.event for row in rows],
        )
        view.heads.update(admission.heads)
        self.rows += rows

    async def _make_streams(self, names: Sequence[str]) -> None:
        if names:
            made = await self.db.fetch(
                "INSERT INTO streams(name) SELECT unnest($1::text[]) RETURNING name, id", list(names)
            )
            self._view.streams.update(made)

    async def _type_ids(self, names: set[str]) -> Mapping[str, int]:
        known = self._cache.types
        missing = [name for name in names if name not in known and name not in self._types]
        if missing:
            self._types.update(await self.db.fetch("SELECT name, id FROM types WHERE name = ANY($1)", missing))
            new = [name for name in missing if name not in self._types]
            self._types.update(
                await self.db.fetch("INSERT INTO types(name) SELECT unnest($1::text[]) RETURNING name, id", new)
            )
        return {**known, **self._types} if self._types else known

    async def run(self, job: Job[T]) -> T:
        """Other work, undone where it raises a Rejection or asks for what cannot be kept."""
        if not self.first_position:
            await self.look()
        await self.db.execute("SAVEPOINT part")
        with self._remembering():
            try:
                result = await job(self)
            except (Rejection, asyncpg.DataError) as refusal:
                await self.db.execute("ROLLBACK TO SAVEPOINT part")
                raise refusal if isinstance(refusal, Rejection) else storage_error(refusal) from refusal
        await self.db.execute("RELEASE SAVEPOINT part")
        return result

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        view, rows = self._view, len(self.rows)
        heads, streams, types = dict(view.heads), dict(view.streams), dict(self._types)
        try:
            yield
        except BaseException:
            view.heads, view.streams, self._types = heads, streams, types
            del self.rows[rows:]
            raise

    def committed(self) -> None:
        """Remember what lasts."""
        cache, view = self._cache, self._view
        cache.types.update(self._types)
        if self.first_position - 1 != cache.position:
            cache.heads.clear()
        cache.position = self.position
        cache.streams.update((name, number) for name, number in view.streams.items() if number is not None)
        cache.heads.update((name, head) for name, head in view.heads.items() if view.streams[name] is not None)
        cache.trim()


def is_repeated_id(error: Any) -> bool:
    """Whether a unique violation says that an event id was stored before."""
    return getattr(error, "constraint_name", None) == "uq_events_event_id"
