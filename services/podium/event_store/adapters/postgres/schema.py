"""How a database gets to the schema that this program speaks: by Alembic, at start, one process at a time.

A database that is up to date is served without importing Alembic: that takes longer than the rest of the start.
"""

from pathlib import Path
from typing import Any

from podium.event_store.adapters.postgres.connection import Connection, Server, close

HEAD = "0002"
"""The newest Alembic revision; `alembic_version` in the database names the one it is at."""

_LOCK = 0x706F6469756D  # "podium"

_OTHERS = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"


async def current_version(db: Connection) -> str | None:
    """The revision that the database is at; None: it is empty. Raises RuntimeError where it is something else."""
    if await db.fetchval("SELECT to_regclass('alembic_version')") is None:
        if await db.fetchval(_OTHERS):
            raise RuntimeError("the database holds tables of something else; give the event store an empty one")
        return None
    version = await db.fetchval("SELECT version_num FROM alembic_version")
    if version is not None and await db.fetchval("SELECT to_regclass('log_head')") is None:
        raise RuntimeError("the database holds tables of something else; give the event store an empty one")
    return None if version is None else str(version)


async def prepare(server: Server) -> None:
    """Bring the database to HEAD; raises RuntimeError where that cannot be."""
    # Waiting for another process' upgrade may take longer than any lock of the daily work.
    db = await server.connect("schema", lock_timeout="0", idle_in_transaction_session_timeout="0")
    try:
        await _refuse_the_unsafe(db)
        if await current_version(db) == HEAD:
            return
        await db.execute(f"SELECT pg_advisory_lock({_LOCK})", timeout=600)
        if await current_version(db) != HEAD:
            await _upgrade(server)
    finally:
        await close(db)


async def _refuse_the_unsafe(db: Connection) -> None:
    if await db.fetchval("SELECT pg_is_in_recovery()"):
        raise RuntimeError("the database is a standby: name the primary")
    if await db.fetchval("SHOW fsync") != "on":
        raise RuntimeError("the database runs with fsync = off: acknowledged events could be lost; turn it on")
    if await db.fetchval("SHOW server_encoding") != "UTF8":
        raise RuntimeError("the database's encoding is not UTF8: create it with ENCODING 'UTF8'")


async def _upgrade(server: Server) -> None:
    from alembic.command import upgrade
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")

    def run(connection: Any) -> None:
        config.attributes["connection"] = connection
        upgrade(config, HEAD)

    async def connect() -> Connection:
        return await server.connect("schema", lock_timeout="0", idle_in_transaction_session_timeout="0")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    except CommandError as error:
        raise RuntimeError(
            f"the database was written by a newer version of Podium (this one knows schema {HEAD}): {error}"
        ) from error
    finally:
        await engine.dispose()
