"""Truncation, verification, backup."""

import os
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import apsw

from podium.event_store.adapters.sqlite.reading import stream_info
from podium.event_store.adapters.sqlite.sql import every, one
from podium.event_store.adapters.sqlite.transaction import Transaction
from podium.event_store.domain import wire
from podium.event_store.domain.model import Checked, Retention, StreamInfo
from podium.event_store.domain.retention import floor_of
from podium.kernel.errors import invalid, not_found

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
    expected = max(first, 1)
    for count, (position, stream, revision, event_id, kind, checksum, event) in enumerate(rows):
        damage = ""
        if position != expected:
            return Checked(count, expected, True, f"position {expected} is missing")
        if crc32(event) != checksum:
            damage = "the event's bytes do not have their checksum"
        elif stream is None or kind is None:
            damage = "the row names a stream or type that is not there"
        elif not _agrees(event, position, stream, revision, event_id, kind):
            damage = "the row and its event differ"
        if damage:
            return Checked(count, position, True, f"position {position}: {damage}")
        expected += 1
    return Checked(len(rows), expected - 1, len(rows) < ROWS_PER_STEP)


def _agrees(event: bytes, position: int, stream: str, revision: int, event_id: bytes, kind: str) -> bool:
    own = wire.own_fields(event)
    name = wire.encode_stream(stream)
    start = b"".join((b"\x08", wire.varint(position), name, b"\x18", wire.varint(revision)))
    body = event[len(own) :]
    return own.startswith(start) and body.startswith(wire.as_field(4, event_id) + wire.as_field(5, kind.encode()))


def backup(source: Path, path: str) -> int:
    """See `ports.Upkeep.backup`."""
    target = Path(path)
    if not target.is_absolute():
        raise invalid("path", "an absolute path on the store's machine")
    if target.exists():
        raise invalid("path", f"{target} exists")
    if not target.parent.is_dir():
        raise invalid("path", f"{target.parent} is not a folder")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
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
        handle = os.open(partial, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        os.link(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return int(position)
