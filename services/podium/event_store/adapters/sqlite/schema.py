"""The tables, and how a database file gets to the version that this program speaks.

A fresh file gets `STATEMENTS` at once; an older one is upgraded by Alembic (imported only then: it takes longer than
the whole rest of the start); a newer one is refused. A test holds that both ways lead to the same schema.
"""

from pathlib import Path

import apsw

HEAD = "0001"
"""The newest Alembic revision; `alembic_version` in the file names the one it is at."""

STATEMENTS = (
    """CREATE TABLE streams(
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL CONSTRAINT uq_streams_name UNIQUE,
        floor INTEGER NOT NULL DEFAULT 1,
        max_count INTEGER,
        max_age_seconds REAL,
        truncate_before INTEGER
    )""",
    "CREATE TABLE types(id INTEGER PRIMARY KEY, name TEXT NOT NULL CONSTRAINT uq_types_name UNIQUE)",
    # checksum: crc32 of `event`. digest: of the writer's bytes, kept when the payload is truncated.
    """CREATE TABLE events(
        position INTEGER PRIMARY KEY,
        stream INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        event_id BLOB NOT NULL,
        type INTEGER NOT NULL,
        recorded_us INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        event BLOB NOT NULL,
        digest BLOB
    )""",
    "CREATE UNIQUE INDEX uq_events_stream_revision ON events(stream, revision)",
    "CREATE UNIQUE INDEX uq_events_event_id ON events(event_id)",
    """CREATE TABLE snapshots(
        id INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        revision INTEGER NOT NULL,
        schema_version INTEGER NOT NULL,
        size INTEGER NOT NULL,
        finished INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX ix_snapshots_stream_revision ON snapshots(stream, revision)",
    """CREATE TABLE snapshot_chunks(
        snapshot INTEGER NOT NULL,
        number INTEGER NOT NULL,
        data BLOB NOT NULL,
        CONSTRAINT pk_snapshot_chunks PRIMARY KEY(snapshot, number)
    )""",
    # A lease that is over stays as a row, so that the epochs of a name never repeat.
    """CREATE TABLE leases(
        name TEXT NOT NULL CONSTRAINT pk_leases PRIMARY KEY,
        epoch INTEGER NOT NULL,
        live INTEGER NOT NULL,
        address TEXT NOT NULL,
        ttl_seconds REAL NOT NULL,
        metadata TEXT NOT NULL,
        acquired_us INTEGER NOT NULL
    )""",
    """CREATE TABLE shards(
        service TEXT NOT NULL,
        shard INTEGER NOT NULL,
        owner TEXT NOT NULL,
        owner_epoch INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        CONSTRAINT pk_shards PRIMARY KEY(service, shard)
    )""",
)


def current_version(db: apsw.Connection) -> str | None:
    """The revision that the file is at; None: it is empty."""
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone():
        if db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            raise RuntimeError("the file is a database, but not an event store")
        return None
    row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def create(db: apsw.Connection) -> None:
    """Make everything, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    for statement in STATEMENTS:
        db.execute(statement)
    db.execute(
        "CREATE TABLE alembic_version(version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    db.execute("INSERT INTO alembic_version VALUES(?)", (HEAD,))
    db.execute("COMMIT")


def upgrade(path: Path) -> None:
    """Bring an older file to HEAD. Raises RuntimeError where its version is unknown: a newer program wrote it."""
    from alembic.command import upgrade as run_upgrade
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["database"] = path
    try:
        run_upgrade(config, HEAD)
    except CommandError as error:
        raise RuntimeError(
            f"{path} was written by a newer version of Podium (this one knows schema {HEAD}): {error}"
        ) from error
