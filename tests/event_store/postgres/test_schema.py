"""What a database must be, and how it becomes it."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from podium.event_store.adapters.postgres import schema
from podium.event_store.adapters.postgres.connection import Server
from podium.event_store.adapters.postgres.log import PostgresLog
from podium.event_store.adapters.storage import choose
from tests.contracts.facts import one, stored
from tests.support.postgres import empty_database

MIGRATIONS = Path(schema.__file__).parent / "migrations"


def test_the_newest_revision_is_the_head() -> None:
    """`HEAD` names the one end of Alembic's line."""
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [schema.HEAD]


async def test_processes_that_start_together_upgrade_once() -> None:
    """One of them makes the schema under a lock, the others find it made."""
    url = empty_database()
    logs = [PostgresLog(url) for _ in range(3)]
    await asyncio.gather(*(log.open() for log in logs))
    positions = [(await stored(log, one("a/1"))).first_position for log in logs]
    assert positions == [1, 2, 3]
    for log in logs:
        await log.close()


async def test_an_older_database_is_upgraded_with_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first schema on: its events stay, and the log goes on behind them."""
    url = empty_database()
    with monkeypatch.context() as old:
        old.setattr(schema, "HEAD", "0001")
        await schema.prepare(Server(url))
    admin = await asyncpg.connect(url)
    await admin.execute(
        """INSERT INTO streams(name) VALUES ('a/1'); INSERT INTO types(name) VALUES ('T');
        INSERT INTO events(position, stream, revision, recorded_us, checksum, type, event_id, event)
        VALUES (1, 1, 1, 0, 0, 1, '\\x00', '')"""
    )
    await admin.close()
    log = PostgresLog(url)
    await log.open()
    outcomes = [await stored(log, one("a/1", expect=revision)) for revision in (1, 2)]
    assert [outcome.first_position for outcome in outcomes] == [2, 3]
    await log.close()


async def test_a_newer_schema_is_refused() -> None:
    """With a sentence that says so; nothing is changed."""
    url = empty_database()
    log = PostgresLog(url)
    await log.open()
    await log.close()
    admin = await asyncpg.connect(url)
    await admin.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RuntimeError, match=r"written by a newer version of Podium \(this one knows schema 0002\)"):
        await PostgresLog(url).open()
    await admin.close()


async def test_a_database_of_something_else_is_refused() -> None:
    """An event store keeps to itself."""
    url = empty_database()
    admin = await asyncpg.connect(url)
    await admin.execute("CREATE TABLE customers(id INT)")
    with pytest.raises(RuntimeError, match="give the event store an empty one"):
        await PostgresLog(url).open()
    await admin.close()


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    """After a bounded wait."""
    log = PostgresLog("postgresql://anna:secret@127.0.0.1:1/podium", start_seconds=0)
    with pytest.raises(RuntimeError, match=r"127\.0\.0\.1/podium cannot be reached") as caught:
        await log.open()
    assert "secret" not in str(caught.value)


async def test_a_wrong_option_in_the_address_is_said_at_once() -> None:
    """No waiting for a database that no wait will bring."""
    with pytest.raises(RuntimeError, match="is wrong"):
        await PostgresLog("postgresql://127.0.0.1/podium?sslmode=perhaps").open()


@pytest.mark.parametrize(
    "address", ["store.db", "sqlite://store.db", "mysql://h/d", "postgresql://h", "secret://a:b@c/d"]
)
def test_an_address_that_says_nothing_known_is_refused(address: str) -> None:
    """With what to say instead, and without repeating it: there may be a password in it."""
    with pytest.raises(RuntimeError, match="say sqlite:///absolute/path or postgresql://") as caught:
        choose(address)
    assert address not in str(caught.value)
