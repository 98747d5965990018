"""SQLite without anything of ours but the schema."""

import os
import time
import zlib
from pathlib import Path

from bench.events.measure import SECONDS
from bench.events.ours import BULK, event
from podium.client.events import new_event_id
from podium.event_store.adapters.sqlite import schema
from podium.event_store.adapters.sqlite.connection import open_writer
from podium.event_store.domain import wire

_INSERT = (
    "INSERT INTO events(position, stream, revision, event_id, type, recorded_us, checksum, event) "
    "VALUES(?, 1, ?, ?, 1, ?, ?, ?)"
)


def bare_inserts(folder: Path) -> float:
    """Rows a second of `executemany`, 1,000 to a durable transaction; the rows are made outside of the time."""
    db = open_writer(folder / "bare.sqlite3")
    schema.create(db)
    size, position, spent = len(event().SerializeToString()), 0, 0.0
    while spent < SECONDS:
        rows = []
        for _ in range(BULK):
            position += 1
            stored = os.urandom(size + 30)
            rows.append((position, position, new_event_id(), 1_795_000_000_000_000, zlib.crc32(stored), stored))
        start = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_INSERT, rows)
        db.execute("COMMIT")
        if position % (8 * BULK) == 0:  # as often as the store does
            db.wal_checkpoint()
        spent += time.perf_counter() - start
    db.close()
    return position / spent


def grow(path: Path, events: int) -> None:
    """Make a store of so many sound events, as an old installation has; not durable until the end."""
    db = open_writer(path)
    schema.create(db)
    db.pragma("synchronous", "off")
    db.execute("INSERT INTO types(id, name) VALUES(1, 'podium.pods.v1.SpecApproved')")
    streams = 1000
    db.executemany("INSERT INTO streams(id, name) VALUES(?, ?)", [(n + 1, f"old/{n}") for n in range(streams)])
    stamp, time_us = wire.encode_time(1_795_000_000_000_000), 1_795_000_000_000_000
    names = [wire.encode_stream(f"old/{n}") for n in range(streams)]
    body = event()
    position = 0
    while position < events:
        rows = []
        for _ in range(min(10_000, events - position)):
            position += 1
            number, revision = position % streams, (position - 1) // streams + 1
            body.event_id = new_event_id()
            stored = wire.assemble(position, names[number], revision, stamp, body.SerializeToString(deterministic=True))
            rows.append((position, number + 1, revision, body.event_id, 1, time_us, zlib.crc32(stored), stored))
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "INSERT INTO events(position, stream, revision, event_id, type, recorded_us, checksum, event) "
            "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        db.execute("COMMIT")
    db.wal_checkpoint()
    db.close()
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
