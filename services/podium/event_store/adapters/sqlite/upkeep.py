"""Truncation, verification, backup."""

from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import apsw

from podium.event_store.adapters.copies import new_file
from podium.event_store.adapters.sqlite.reading import stream_info
from podium.event_store.adapters.sqlite.sql import every, one
from podium.event_store.adapters.sqlite.transaction import Transaction
from podium.event_store.domain import soundness, wire
from podium.event_store.domain.model import Checked, Retention, StreamInfo
from podium.event_store.domain.retention import floor_of
from podium.kernel.errors import not_found

ROWS_PER_STEP = 2_000
"""Rows that one transaction truncates, or one step verifies: so nothing else waits long."""


def retain(stream: str, retention: Retention) -> Callable[[Transaction], StreamInfo]:
    """Set a stream's retention and raise its floor accordingly."""

    def job(transaction: Transaction) -> StreamInfo:
        _known(transaction, stream)
        transaction.db.execute(
            "UPDATE streams SET max_count = ?, max_age_seconds = ?, truncate_before = ? WHERE name = ?",
            (retention.max_count, retention.max_age_seconds, retention.truncate_before, stream),
        )
        return raise_floor(stream)(transaction)

    return job


def delete(stream: str) -> Callable[[Transaction], StreamInfo]:
    """Raise a stream's floor past its end."""

    def job(transaction: Transaction) -> StreamInfo:
        _known(transaction, stream)
        transaction.db.execute("UPDATE streams SET floor = ? WHERE name = ?", (transaction.head(stream) + 1, stream))
        return stream_info(transaction.db, stream)

    return job


def _known(transaction: Transaction, stream: str) -> None:
    if not transaction.head(stream):
        raise not_found("STREAM_NOT_FOUND", f"there is no stream {stream}", stream=stream)


def raise_floor(stream: str) -> Callable[[Transaction], StreamInfo]:
    """Apply the retention as it stands."""

    def job(transaction: Transaction) -> StreamInfo:
        db, info = transaction.db, stream_info(transaction.db, stream)
        young = info.revision + 1
        if info.retention.max_age_seconds is not None:
            since = transaction.time_us - int(info.retention.max_age_seconds * 1e6)
            (young,) = one(
                db,
                "SELECT coalesce(min(e.revision), ?) FROM events e JOIN streams s ON s.id = e.stream "
                "WHERE s.name = ? AND e.recorded_us >= ?",
                (info.revision + 1, stream, since),
            )
        floor = floor_of(info.retention, info.revision, info.oldest_revision, young)
        if floor != info.oldest_revision:
            db.execute("UPDATE streams SET floor = ? WHERE name = ?", (floor, stream))
        return stream_info(db, stream)

    return job


def truncate_step(stream: str) -> Callable[[Transaction], int]:
    """Replace payloads below the floor by stubs; how many this time."""

    def job(transaction: Transaction) -> int:
        db = transaction.db
        rows = every(
            db,
            "SELECT e.position, e.event FROM events e JOIN streams s ON s.id = e.stream "
            "WHERE s.name = ? AND e.revision < s.floor AND e.digest IS NULL ORDER BY e.revision LIMIT ?",
            (stream, ROWS_PER_STEP),
        )
        stubs = []
        for position, event in rows:
            stub = wire.stub_of(event)
            stubs.append((stub, crc32(stub), wire.digest(wire.body_of(event)), position))
        db.executemany("UPDATE events SET event = ?, checksum = ?, digest = ? WHERE position = ?", stubs)
        return len(stubs)

    return job


def retained_streams(db: apsw.Connection) -> list[str]:
    """Streams whose floor can rise by itself, or did."""
    return [
        name
        for (name,) in db.execute(
            "SELECT name FROM streams WHERE max_count IS NOT NULL OR max_age_seconds IS NOT NULL OR floor > 1"
        )
    ]


def verify(db: apsw.Connection, first: int) -> Checked:
    """See `ports.Upkeep.verify`."""
    rows = every(
        db,
        "SELECT e.position, s.name, e.revision, e.event_id, t.name, e.checksum, e.event FROM events e "
        "LEFT JOIN streams s ON s.id = e.stream LEFT JOIN types t ON t.id = e.type "
        "WHERE e.position >= ? ORDER BY e.position LIMIT ?",
        (first, ROWS_PER_STEP),
    )
    return soundness.check([soundness.StoredRow(*row) for row in rows], first, end=len(rows) < ROWS_PER_STEP)


def backup(source: Path, path: str) -> int:
    """See `ports.Upkeep.backup`."""
    with new_file(path) as partial:
        # A connection of its own: it takes a while, and the readers' connections may not write, not even elsewhere.
        db = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            db.pragma("wal_autocheckpoint", 0)
            db.execute("VACUUM INTO ?", (str(partial),))
        finally:
            db.close()
        copy = apsw.Connection(str(partial))
        (position,) = one(copy, "SELECT coalesce(max(position), 0) FROM events")
        copy.close()
    return int(position)
