"""Retention, truncation, verification."""

from zlib import crc32

from podium.event_store.adapters.postgres.connection import Connection
from podium.event_store.adapters.postgres.reading import stream_info
from podium.event_store.adapters.postgres.transaction import NOW_US
from podium.event_store.domain import soundness, wire
from podium.event_store.domain.model import Checked, Retention, StreamInfo
from podium.event_store.domain.retention import floor_of
from podium.kernel.errors import not_found

ROWS_PER_STEP = 2_000
BYTES_PER_STEP = 8 << 20
"""What one transaction truncates, or one step verifies."""
VACUUM_ROWS = 1_000
"""A scavenge that truncated so many rows gives their space back at once; less waits for autovacuum."""


async def _lock(db: Connection, stream: str) -> StreamInfo:
    """Keep other changes of the stream's retention out."""
    if await db.fetchval("SELECT id FROM streams WHERE name = $1 FOR NO KEY UPDATE", stream) is None:
        raise not_found("STREAM_NOT_FOUND", f"there is no stream {stream}", stream=stream)
    return await stream_info(db, stream)


async def retain(db: Connection, stream: str, retention: Retention, now_us: int | None) -> StreamInfo:
    """Set a stream's retention and raise its floor accordingly."""
    await _lock(db, stream)
    await db.execute(
        "UPDATE streams SET max_count = $2, max_age_seconds = $3, truncate_before = $4 WHERE name = $1",
        stream,
        retention.max_count,
        retention.max_age_seconds,
        retention.truncate_before,
    )
    return await raise_floor(db, stream, now_us)


async def delete(db: Connection, stream: str) -> StreamInfo:
    """Raise a stream's floor past its end."""
    info = await _lock(db, stream)
    await db.execute("UPDATE streams SET floor = $2 WHERE name = $1", stream, info.revision + 1)
    return await stream_info(db, stream)


async def raise_floor(db: Connection, stream: str, now_us: int | None) -> StreamInfo:
    """Apply the retention as it stands."""
    info = await _lock(db, stream)
    young = info.revision + 1
    if info.retention.max_age_seconds is not None:
        young = await db.fetchval(
            f"""SELECT coalesce(min(revision), $2) FROM events
            WHERE stream = (SELECT id FROM streams WHERE name = $1) AND revision >= $3
            AND recorded_us >= coalesce($4::bigint, {NOW_US}) - $5""",
            stream,
            info.revision + 1,
            info.oldest_revision,
            now_us,
            int(info.retention.max_age_seconds * 1e6),
        )
    floor = floor_of(info.retention, info.revision, info.oldest_revision, young)
    if floor != info.oldest_revision:
        await db.execute("UPDATE streams SET floor = $2 WHERE name = $1", stream, floor)
    return await stream_info(db, stream)


async def truncate_step(db: Connection, stream: str) -> int:
    """Replace payloads below the floor by stubs; how many this time."""
    rows = await db.fetch(
        """SELECT position, event FROM (
            SELECT e.position, e.event, e.revision,
                sum(octet_length(e.event)) OVER (ORDER BY e.revision ROWS UNBOUNDED PRECEDING)
                - octet_length(e.event) AS before
            FROM (SELECT e.* FROM events e JOIN streams s ON s.id = e.stream
                WHERE s.name = $1 AND e.revision < s.floor AND e.digest IS NULL
                ORDER BY e.revision LIMIT $2) e
        ) step WHERE before < $3 ORDER BY revision""",
        stream,
        ROWS_PER_STEP,
        BYTES_PER_STEP,
    )
    stubs = [wire.stub_of(event) for _, event in rows]
    # Another process may be at the same rows: the first one to come truncates a row.
    return int(
        await db.fetchval(
            """WITH stubbed AS (UPDATE events SET event = given.event, checksum = given.checksum, digest = given.digest
            FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[])
                AS given(position, event, checksum, digest)
            WHERE events.position = given.position AND events.digest IS NULL RETURNING 1)
            SELECT count(*) FROM stubbed""",
            [row["position"] for row in rows],
            stubs,
            [crc32(stub) for stub in stubs],
            [wire.digest(wire.body_of(row["event"])) for row in rows],
        )
    )


async def retained_streams(db: Connection) -> list[str]:
    """Streams whose floor can rise by itself, or that have something below it."""
    rows = await db.fetch(
        """SELECT name FROM streams s WHERE max_count IS NOT NULL OR max_age_seconds IS NOT NULL OR EXISTS
        (SELECT FROM events WHERE stream = s.id AND revision = s.floor - 1 AND digest IS NULL)"""
    )
    return [row["name"] for row in rows]


async def verify(db: Connection, first: int) -> Checked:
    """See `ports.Upkeep.verify`."""
    rows = await db.fetch(
        """SELECT position, name, revision, event_id, type, checksum, event FROM (
            SELECT e.position, s.name, e.revision, e.event_id, t.name AS type, e.checksum, e.event,
                sum(octet_length(e.event)) OVER (ORDER BY e.position ROWS UNBOUNDED PRECEDING)
                - octet_length(e.event) AS before
            FROM (SELECT * FROM events WHERE position >= $1 ORDER BY position LIMIT $2) e
            LEFT JOIN streams s ON s.id = e.stream LEFT JOIN types t ON t.id = e.type
        ) page WHERE before < $3 ORDER BY position""",
        first,
        ROWS_PER_STEP,
        BYTES_PER_STEP,
    )
    found = [soundness.StoredRow(*row) for row in rows]
    head = await db.fetchval("SELECT max(position) FROM events")
    return soundness.check(found, first, end=not found or found[-1].position >= head)
