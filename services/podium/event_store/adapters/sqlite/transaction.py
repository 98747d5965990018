"""One write transaction: appends and other work, each of which can be refused without harm to the others."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from zlib import crc32

import apsw

from podium.event_store.adapters.sqlite.sql import one
from podium.event_store.domain import wire
from podium.event_store.domain.admission import Admission, admit_all
from podium.event_store.domain.model import Append, Found, Outcome, ShardRow, StoredEvent

_COLUMNS = "position, stream, revision, event_id, type, recorded_us, checksum, event"
# Each statement run gives up the interpreter's lock and has to win it back from a busy event loop: as many rows a
# statement as can be, few statements a commit. The connection keeps them prepared: one for each number of rows up to
# the first bound, and one for each multiple of the step up to the last.
ROWS_PER_INSERT, ROWS_STEP, MANY_ROWS = 128, 32, 512
_WIDTH = 8


@cache
def _insert(rows: int) -> str:
    return f"INSERT INTO events({_COLUMNS}) VALUES " + ",".join(["(?,?,?,?,?,?,?,?)"] * rows)  # noqa: S608


def insert_rows(db: apsw.Connection, values: list[object]) -> None:
    """Insert rows of events; `values` are those of all columns, row after row."""
    at, left = 0, len(values) // _WIDTH
    while left:
        rows = left if left <= ROWS_PER_INSERT else min(left - left % ROWS_STEP, MANY_ROWS)
        end = at + rows * _WIDTH
        db.execute(_insert(rows), values[at:end])
        at, left = end, left - rows


MAX_CACHED_STREAMS = 100_000


class Cache:
    """What the writer remembers of what is committed; everything in it can be read again from the file.

    heads: stream → (its row's id, its last revision). Bounded: the oldest entries go first.
    """

    def __init__(self) -> None:
        self.position = 0
        self.heads: dict[str, tuple[int, int]] = {}
        self.types: dict[str, int] = {}
        self.next_stream = 1
        self.next_type = 1

    def load(self, db: apsw.Connection) -> None:
        """Start anew from the file."""
        (self.position,) = one(db, "SELECT coalesce(max(position), 0) FROM events")
        (self.next_stream,) = one(db, "SELECT coalesce(max(id), 0) + 1 FROM streams")
        self.types = dict(db.execute("SELECT name, id FROM types"))
        self.next_type = max(self.types.values(), default=0) + 1
        self.heads = {}

    def trim(self) -> None:
        """Forget the oldest where there are too many."""
        excess = len(self.heads) - MAX_CACHED_STREAMS
        if excess > 0:
            for name in list(self.heads)[: excess + MAX_CACHED_STREAMS // 10]:
                del self.heads[name]


class Transaction:
    """The `admission.View` of one transaction; `rows` become readable when it commits."""

    def __init__(self, db: apsw.Connection, cache: Cache, time_us: int) -> None:
        self.db = db
        self.time_us = time_us
        self.rows: list[StoredEvent] = []
        self._cache = cache
        self._heads: dict[str, tuple[int, int]] = {}
        self._types: dict[str, int] = {}
        self._begun = False

    # What is stored, this transaction's own rows included.

    def _known(self, stream: str) -> tuple[int, int]:
        known = self._heads.get(stream) or self._cache.heads.get(stream)
        if known is None:
            row = one(self.db, "SELECT id FROM streams WHERE name = ?", (stream,))
            if row is None:
                return (0, 0)
            (head,) = one(self.db, "SELECT coalesce(max(revision), 0) FROM events WHERE stream = ?", row)
            known = (row[0], head)
            self._heads[stream] = known
        return known

    def head(self, stream: str) -> int:
        """The stream's last revision."""
        return self._known(stream)[1]

    def find(self, event_id: bytes) -> Found | None:
        """The stored event of this id."""
        row = one(
            self.db,
            "SELECT e.position, s.name, e.revision, e.digest, e.event FROM events e "
            "JOIN streams s ON s.id = e.stream WHERE e.event_id = ?",
            (event_id,),
        )
        if row is None:
            return None
        position, stream, revision, digest, event = row
        return Found(position, stream, revision, digest or wire.digest(wire.body_of(event)))

    def shard(self, service: str, shard: int) -> ShardRow:
        """The shard's row."""
        row = one(
            self.db,
            "SELECT shard, owner, owner_epoch, epoch FROM shards WHERE service = ? AND shard = ?",
            (service, shard),
        )
        return ShardRow(*row) if row else ShardRow(shard)

    @property
    def position(self) -> int:
        """The last position, this transaction's own included."""
        return self.rows[-1].position if self.rows else self._cache.position

    # Writing.

    def append(self, appends: Sequence[Append]) -> list[Outcome]:
        """Admit and insert; refused ones leave no trace."""
        try:
            return self._append_trusting(appends)
        except apsw.ConstraintError:
            # An event id was seen before: once more, with look-ups.
            with self.savepoint():
                return self._append(appends, trusting=False)

    def append_at_once(self, appends: Sequence[Append]) -> list[Outcome] | None:
        """The usual appends, as one statement that is a transaction of its own; None: nothing happened, it takes more.

        At most `ROWS_PER_INSERT` events. Not between BEGIN and COMMIT: each of these would give up the interpreter's
        lock once more.
        """
        admission = Admission(self, self.position, self.time_us, trusting=True)
        outcomes = admit_all(admission, appends)
        types = self._cache.types
        if not all(row.type in types for row in admission.rows):
            return None
        if not all(self._known(name)[0] for name in admission.heads):
            return None
        try:
            self._insert(admission)
        except apsw.ConstraintError:
            return None
        return outcomes

    def _append_trusting(self, appends: Sequence[Append]) -> list[Outcome]:
        if self._begun:
            with self.savepoint():
                return self._append(appends, trusting=True)
        # Nothing came before: no savepoint is needed where the whole transaction can begin again.
        self._begun = True
        try:
            return self._append(appends, trusting=True)
        except apsw.ConstraintError:
            self._begin_again()
            raise

    def _begin_again(self) -> None:
        self.db.execute("ROLLBACK")
        self.db.execute("BEGIN IMMEDIATE")
        self._heads, self._types, self.rows = {}, {}, []

    def _append(self, appends: Sequence[Append], *, trusting: bool) -> list[Outcome]:
        admission = Admission(self, self.position, self.time_us, trusting=trusting)
        outcomes = admit_all(admission, appends)
        self._insert(admission)
        return outcomes

    def _insert(self, admission: Admission) -> None:
        rows, time_us = admission.rows, self.time_us
        streams = {name: self._stream_id(name) for name in admission.heads}
        types = {name: self._type_id(name) for name in {row.type for row in rows}}
        values: list[object] = []
        for position, stream, revision, event_id, kind, event in rows:
            values += (position, streams[stream], revision, event_id, types[kind], time_us, crc32(event), event)
        insert_rows(self.db, values)
        self._heads.update((name, (streams[name], head)) for name, head in admission.heads.items())
        self.rows += rows

    def _stream_id(self, stream: str) -> int:
        known = self._known(stream)[0]
        if not known:
            known = self._cache.next_stream
            self.db.execute("INSERT INTO streams(id, name) VALUES(?, ?)", (known, stream))
            self._cache.next_stream += 1
        return known

    def _type_id(self, name: str) -> int:
        known = self._cache.types.get(name) or self._types.get(name)
        if known is None:
            known = self._types[name] = self._cache.next_type
            self.db.execute("INSERT INTO types(id, name) VALUES(?, ?)", (known, name))
            self._cache.next_type += 1
        return known

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what happens inside where it raises; the rest of the transaction stands."""
        heads, types, rows = dict(self._heads), dict(self._types), len(self.rows)
        self.db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self.db.in_transaction:  # a full disk has undone everything by itself
                self.db.execute("ROLLBACK TO part")
                self.db.execute("RELEASE part")
            self._heads, self._types = heads, types
            del self.rows[rows:]
            raise
        self.db.execute("RELEASE part")

    def run(self, work: "Callable[[Transaction], object]") -> object:
        """Other work, undone where it raises."""
        self._begun = True
        with self.savepoint():
            return work(self)

    def committed(self) -> None:
        """Tell the cache; the file has it."""
        self._cache.position = self.position
        self._cache.heads.update(self._heads)
        self._cache.types.update(self._types)
        self._cache.trim()
