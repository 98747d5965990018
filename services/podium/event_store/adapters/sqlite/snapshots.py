"""Snapshots in the file: a header, and chunks of their own, so that neither side ever holds a whole one."""

from collections.abc import Callable

import apsw

from podium.event_store.adapters.sqlite.sql import every, one
from podium.event_store.adapters.sqlite.transaction import Transaction
from podium.event_store.domain.admission import check_fence
from podium.event_store.domain.model import Snapshot
from podium.event_store.domain.retention import superseded
from podium.kernel.errors import invalid


def begin(header: Snapshot) -> Callable[[Transaction], int]:
    """See `ports.SnapshotShelf.begin_snapshot`."""

    def job(transaction: Transaction) -> int:
        if header.fence is not None:
            check_fence(transaction, header.fence)
        if header.revision > transaction.head(header.stream):
            raise invalid("header.revision", f"{header.stream} is not there yet")
        (snapshot_id,) = every(
            transaction.db,
            "INSERT INTO snapshots(stream, revision, schema_version, size) VALUES(?, ?, ?, ?) RETURNING id",
            (header.stream, header.revision, header.schema_version, header.size),
        )[0]
        return int(snapshot_id)

    return job


def add(snapshot_id: int, number: int, chunk: bytes) -> Callable[[Transaction], None]:
    """See `ports.SnapshotShelf.add_chunk`."""

    def job(transaction: Transaction) -> None:
        transaction.db.execute("INSERT INTO snapshot_chunks VALUES(?, ?, ?)", (snapshot_id, number, chunk))

    return job


def finish(snapshot_id: int, header: Snapshot) -> Callable[[Transaction], None]:
    """See `ports.SnapshotShelf.finish_snapshot`."""

    def job(transaction: Transaction) -> None:
        if header.fence is not None:
            check_fence(transaction, header.fence)
        db = transaction.db
        rows = every(
            db,
            "SELECT id, revision FROM snapshots WHERE stream = ? AND schema_version = ? AND finished AND revision <= ?",
            (header.stream, header.schema_version, header.revision),
        )
        gone = superseded([revision for _, revision in rows], header.revision)
        for old, revision in rows:
            if revision in gone or revision == header.revision:
                _delete(db, old)
        db.execute("UPDATE snapshots SET finished = 1 WHERE id = ?", (snapshot_id,))

    return job


def drop(snapshot_id: int) -> Callable[[Transaction], None]:
    """See `ports.SnapshotShelf.drop_snapshot`."""
    return lambda transaction: _delete(transaction.db, snapshot_id)


def _delete(db: apsw.Connection, snapshot_id: int) -> None:
    db.execute("DELETE FROM snapshot_chunks WHERE snapshot = ?", (snapshot_id,))
    db.execute("DELETE FROM snapshots WHERE id = ?", (snapshot_id,))


def drop_unfinished(db: apsw.Connection) -> None:
    """At the start: what a dead process left behind."""
    for (snapshot_id,) in every(db, "SELECT id FROM snapshots WHERE NOT finished"):
        _delete(db, snapshot_id)


def find(db: apsw.Connection, stream: str, at_revision: int, schema_version: int) -> tuple[int, Snapshot] | None:
    """See `ports.SnapshotShelf.find_snapshot`."""
    row = one(
        db,
        "SELECT id, revision, schema_version, size FROM snapshots WHERE stream = ? AND finished "
        "AND (? = 0 OR revision <= ?) AND (? = 0 OR schema_version = ?) "
        "ORDER BY revision DESC, schema_version DESC LIMIT 1",
        (stream, at_revision, at_revision, schema_version, schema_version),
    )
    if row is None:
        return None
    return row[0], Snapshot(stream, row[1], row[2], row[3])


def chunk(db: apsw.Connection, snapshot_id: int, number: int) -> bytes | None:
    """See `ports.SnapshotShelf.chunk`."""
    row = one(db, "SELECT data FROM snapshot_chunks WHERE snapshot = ? AND number = ?", (snapshot_id, number))
    return bytes(row[0]) if row else None
