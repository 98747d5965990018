"""Copies of a whole log: from PostgreSQL to a file of the SQLite store, and from such a file into an empty database.

So a backup can be looked at, verified and served like any other store, and a log can move between the two.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from podium.event_store.adapters.copies import new_file
from podium.event_store.adapters.postgres import schema
from podium.event_store.adapters.postgres.connection import Connection, Server, close
from podium.event_store.adapters.sqlite import schema as sqlite_schema


class _Table(NamedTuple):
    """Its columns, what tells its rows apart, and how many rows of it fit a page."""

    name: str
    columns: Sequence[str]
    key: Sequence[str]
    page: int = 2_000
    booleans: Sequence[str] = ()


TABLES = (
    _Table(
        "events",
        ("position", "stream", "revision", "event_id", "type", "recorded_us", "checksum", "event", "digest"),
        ("position",),
        page=500,
    ),
    _Table("streams", ("id", "name", "floor", "max_count", "max_age_seconds", "truncate_before"), ("id",)),
    _Table("types", ("id", "name"), ("id",)),
    _Table(
        "snapshots",
        ("id", "stream", "revision", "schema_version", "size", "finished"),
        ("id",),
        booleans=("finished",),
    ),
    _Table("snapshot_chunks", ("snapshot", "number", "data"), ("snapshot", "number"), page=8),
    _Table(
        "leases",
        ("name", "epoch", "live", "address", "ttl_seconds", "metadata", "acquired_us"),
        ("name",),
        booleans=("live",),
    ),
    _Table("shards", ("service", "shard", "owner", "owner_epoch", "epoch"), ("service", "shard")),
)

_EXTRA = {"snapshots": {"created_us": 0}, "leases": {"renewed_us": 0}}
"""What only PostgreSQL keeps: a restored lease gets a full ttl, since nobody renewed it while the store was away."""


async def backup(server: Server, path: str) -> int:
    """Write everything as of now to a new file, online; the last position in it."""
    with new_file(path) as partial:
        copy = await asyncio.to_thread(_create, partial)
        # Reading a whole log takes a while: nothing that is short elsewhere may end it.
        db = await server.connect("backup", idle_in_transaction_session_timeout="0")
        try:
            async with db.transaction(isolation="repeatable_read", readonly=True):
                position = int(await db.fetchval("SELECT coalesce(max(position), 0) FROM events"))
                for table in TABLES:
                    await _copy_out(db, copy, table)
            await asyncio.to_thread(_finish, copy)
        finally:
            await asyncio.to_thread(copy.close)
            await close(db)
    return position


def _create(path: Path) -> apsw.Connection:
    copy = apsw.Connection(str(path))
    sqlite_schema.create(copy)
    copy.execute("BEGIN IMMEDIATE")
    return copy


def _finish(copy: apsw.Connection) -> None:
    copy.execute("DELETE FROM snapshot_chunks WHERE snapshot IN (SELECT id FROM snapshots WHERE NOT finished)")
    copy.execute("DELETE FROM snapshots WHERE NOT finished")
    copy.execute("COMMIT")


async def _copy_out(db: Connection, copy: apsw.Connection, table: _Table) -> None:
    insert = _insert(table)
    cursor = await db.cursor(f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {', '.join(table.key)}")
    while rows := await cursor.fetch(table.page):
        await asyncio.to_thread(copy.executemany, insert, [tuple(row) for row in rows])


def _insert(table: _Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name}({', '.join(table.columns)}) VALUES({marks})"


async def restore(url: str, path: Path) -> int:
    """Fill an empty database from a copy; the last position in it. Raises RuntimeError where it is not empty."""
    server = Server(url)
    await schema.prepare(server)
    source = await asyncio.to_thread(_open_copy, path)
    db = await server.connect("restore", idle_in_transaction_session_timeout="0")
    try:
        async with db.transaction():
            await db.execute("SELECT FROM log_head FOR UPDATE")
            if await db.fetchval("SELECT count(*) FROM events") or await db.fetchval("SELECT count(*) FROM leases"):
                raise RuntimeError(f"{server.name} is not empty: restore into a new database")
            for table in TABLES:
                await _copy_in(db, source, table)
            for name in ("streams", "types", "snapshots"):
                await db.execute(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name} HAVING max(id) > 0"
                )
            position = await db.fetchval("SELECT coalesce(max(position), 0) FROM events")
        return int(position)
    finally:
        await close(db)
        await asyncio.to_thread(source.close)


def _open_copy(path: Path) -> apsw.Connection:
    source = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    version = sqlite_schema.current_version(source)
    if version != sqlite_schema.HEAD:
        source.close()
        raise RuntimeError(f"{path} is at schema {version or 'none'}: this program copies {sqlite_schema.HEAD}")
    return source


async def _copy_in(db: Connection, source: apsw.Connection, table: _Table) -> None:
    extra = _EXTRA.get(table.name, {})
    columns = [*table.columns, *extra]
    rows = source.execute(f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {', '.join(table.key)}")
    booleans = [table.columns.index(name) for name in table.booleans]

    def page() -> list[tuple[Any, ...]]:
        found = []
        for row in rows:
            values = [*row, *extra.values()]
            for index in booleans:
                values[index] = bool(values[index])
            found.append(tuple(values))
            if len(found) == table.page:
                break
        return found

    while records := await asyncio.to_thread(page):
        await db.copy_records_to_table(table.name, records=records, columns=columns)
