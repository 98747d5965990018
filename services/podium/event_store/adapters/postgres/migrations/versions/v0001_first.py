"""The first schema: events, streams, types, snapshots, leases, shards.

Written in SQL: columns that are never compressed and names that sort by their bytes are PostgreSQL's own words.
"""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    # The one row that every writer locks before it looks at anything.
    """CREATE TABLE log_head(
        id INTEGER NOT NULL CONSTRAINT pk_log_head PRIMARY KEY CONSTRAINT ck_log_head_one CHECK (id = 1)
    )""",
    "INSERT INTO log_head(id) VALUES (1)",
    """CREATE TABLE streams(
        id BIGINT GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_streams PRIMARY KEY,
        name TEXT COLLATE "C" NOT NULL CONSTRAINT uq_streams_name UNIQUE,
        floor BIGINT NOT NULL DEFAULT 1,
        max_count BIGINT,
        max_age_seconds DOUBLE PRECISION,
        truncate_before BIGINT
    )""",
    """CREATE TABLE types(
        id INTEGER GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_types PRIMARY KEY,
        name TEXT COLLATE "C" NOT NULL CONSTRAINT uq_types_name UNIQUE
    )""",
    # checksum: crc32 of `event`. digest: of the writer's bytes, kept when the payload is truncated.
    """CREATE TABLE events(
        position BIGINT NOT NULL CONSTRAINT pk_events PRIMARY KEY,
        stream BIGINT NOT NULL,
        revision BIGINT NOT NULL,
        recorded_us BIGINT NOT NULL,
        checksum BIGINT NOT NULL,
        type INTEGER NOT NULL,
        event_id BYTEA NOT NULL,
        event BYTEA NOT NULL,
        digest BYTEA
    )""",
    # Compressing under the writers' lock costs more time than the space is worth.
    "ALTER TABLE events ALTER COLUMN event SET STORAGE EXTERNAL",
    # Truncated payloads are given back soon, in a large table too.
    """ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_analyze_scale_factor = 0.05)""",
    "CREATE UNIQUE INDEX uq_events_stream_revision ON events(stream, revision)",
    "CREATE UNIQUE INDEX uq_events_event_id ON events(event_id)",
    """CREATE TABLE snapshots(
        id BIGINT GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_snapshots PRIMARY KEY,
        stream TEXT COLLATE "C" NOT NULL,
        revision BIGINT NOT NULL,
        schema_version INTEGER NOT NULL,
        size BIGINT NOT NULL,
        created_us BIGINT NOT NULL,
        finished BOOLEAN NOT NULL DEFAULT false
    )""",
    "CREATE INDEX ix_snapshots_stream_revision ON snapshots(stream, revision)",
    """CREATE TABLE snapshot_chunks(
        snapshot BIGINT NOT NULL CONSTRAINT fk_snapshot_chunks_snapshot REFERENCES snapshots(id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        data BYTEA NOT NULL,
        CONSTRAINT pk_snapshot_chunks PRIMARY KEY(snapshot, number)
    )""",
    "ALTER TABLE snapshot_chunks ALTER COLUMN data SET STORAGE EXTERNAL",
    # A lease that is over stays as a row, so that the epochs of a name never repeat. Times: this database's clock.
    """CREATE TABLE leases(
        name TEXT COLLATE "C" NOT NULL CONSTRAINT pk_leases PRIMARY KEY,
        epoch BIGINT NOT NULL,
        live BOOLEAN NOT NULL,
        address TEXT NOT NULL,
        ttl_seconds DOUBLE PRECISION NOT NULL,
        metadata TEXT NOT NULL,
        acquired_us BIGINT NOT NULL,
        renewed_us BIGINT NOT NULL
    )""",
    # Since when renewals are served without a gap, and when that was last seen.
    """CREATE TABLE lease_service(
        id INTEGER NOT NULL CONSTRAINT pk_lease_service PRIMARY KEY CONSTRAINT ck_lease_service_one CHECK (id = 1),
        since_us BIGINT NOT NULL,
        seen_us BIGINT NOT NULL
    )""",
    "INSERT INTO lease_service(id, since_us, seen_us) VALUES (1, 0, 0)",
    """CREATE TABLE shards(
        service TEXT COLLATE "C" NOT NULL,
        shard INTEGER NOT NULL,
        owner TEXT NOT NULL,
        owner_epoch BIGINT NOT NULL,
        epoch BIGINT NOT NULL,
        CONSTRAINT pk_shards PRIMARY KEY(service, shard)
    )""",
)


def upgrade() -> None:
    """Create every table."""
    for statement in STATEMENTS:
        op.execute(statement)
