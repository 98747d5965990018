"""Snapshots: a header, and chunks of their own. They do not pass through the writer: a large one delays no append."""

from podium.event_store.adapters.postgres.connection import Connection
from podium.event_store.adapters.postgres.transaction import NOW_US
from podium.event_store.domain.admission import check_fence
from podium.event_store.domain.model import Fence, Found, ShardRow, Snapshot
from podium.event_store.domain.retention import superseded
from podium.kernel.errors import invalid

UNFINISHED_SECONDS = 3600
"""After so long whoever was saving a snapshot is gone."""


class _Shards:
    """The part of `admission.View` that a fence is checked against."""

    def __init__(self, row: ShardRow) -> None:
        self._row = row

    def head(self, stream: str) -> int:
        raise LookupError(stream)

    def find(self, event_id: bytes) -> Found | None:
        raise LookupError(event_id)

    def shard(self, service: str, shard: int) -> ShardRow:
        return self._row


async def _check(db: Connection, fence: Fence | None) -> None:
    """The shard stays with its owner until this transaction ends."""
    if fence is not None:
        row = await db.fetchrow(
            "SELECT shard, owner, owner_epoch, epoch FROM shards WHERE service = $1 AND shard = $2 FOR SHARE",
            fence.service,
            fence.shard,
        )
        check_fence(_Shards(ShardRow(*row) if row else ShardRow(fence.shard)), fence)


async def begin(db: Connection, header: Snapshot) -> int:
    """See `ports.SnapshotShelf.begin_snapshot`."""
    await _check(db, header.fence)
    head = await db.fetchval(
        "SELECT max(revision) FROM events WHERE stream = (SELECT id FROM streams WHERE name = $1)", header.stream
    )
    if header.revision > (head or 0):
        raise invalid("header.revision", f"{header.stream} is not there yet")
    return int(
        await db.fetchval(
            f"""INSERT INTO snapshots(stream, revision, schema_version, size, created_us)
            VALUES($1, $2, $3, $4, {NOW_US}) RETURNING id""",
            header.stream,
            header.revision,
            header.schema_version,
            header.size,
        )
    )


async def add(db: Connection, snapshot_id: int, number: int, chunk: bytes) -> None:
    """See `ports.SnapshotShelf.add_chunk`; the same chunk again changes nothing."""
    await db.execute(
        "INSERT INTO snapshot_chunks VALUES($1, $2, $3) ON CONFLICT DO NOTHING", snapshot_id, number, chunk
    )


async def finish(db: Connection, snapshot_id: int, header: Snapshot) -> None:
    """See `ports.SnapshotShelf.finish_snapshot`."""
    await _check(db, header.fence)
    rows = await db.fetch(
        """SELECT id, revision FROM snapshots WHERE stream = $1 AND schema_version = $2 AND finished
        AND revision <= $3 AND id <> $4""",
        header.stream,
        header.schema_version,
        header.revision,
        snapshot_id,
    )
    gone = {*superseded([row["revision"] for row in rows], header.revision), header.revision}
    await db.execute("DELETE FROM snapshots WHERE id = ANY($1)", [row["id"] for row in rows if row["revision"] in gone])
    await db.execute("UPDATE snapshots SET finished = true WHERE id = $1", snapshot_id)


async def drop(db: Connection, snapshot_id: int) -> None:
    """See `ports.SnapshotShelf.drop_snapshot`."""
    await db.execute("DELETE FROM snapshots WHERE id = $1", snapshot_id)


async def drop_unfinished(db: Connection) -> None:
    """What dead processes left behind."""
    await db.execute(
        f"DELETE FROM snapshots WHERE NOT finished AND created_us < {NOW_US} - {UNFINISHED_SECONDS * 1_000_000}"
    )


async def find(db: Connection, stream: str, at_revision: int, schema_version: int) -> tuple[int, Snapshot] | None:
    """See `ports.SnapshotShelf.find_snapshot`."""
    row = await db.fetchrow(
        """SELECT id, revision, schema_version, size FROM snapshots WHERE stream = $1 AND finished
        AND ($2::bigint = 0 OR revision <= $2) AND ($3::int = 0 OR schema_version = $3)
        ORDER BY revision DESC, schema_version DESC LIMIT 1""",
        stream,
        at_revision,
        schema_version,
    )
    return None if row is None else (row[0], Snapshot(stream, row[1], row[2], row[3]))


async def chunk(db: Connection, snapshot_id: int, number: int) -> bytes | None:
    """See `ports.SnapshotShelf.chunk`."""
    data = await db.fetchval(
        "SELECT data FROM snapshot_chunks WHERE snapshot = $1 AND number = $2", snapshot_id, number
    )
    return None if data is None else bytes(data)
