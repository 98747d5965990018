"""The file under fire: full disks, failing syncs, second processes, other versions, flipped bits."""

import asyncio
import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from podium.event_store.adapters.sqlite import checkpoints, schema
from podium.event_store.adapters.sqlite.checkpoints import CHECKPOINT_PAGES
from podium.event_store.adapters.sqlite.connection import open_writer
from podium.event_store.adapters.sqlite.log import SqliteLog
from podium.event_store.domain.model import Retention
from podium.kernel.errors import Rejection
from tests.contracts.facts import fact, one, put, stored, whole


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteLog]:
    made = SqliteLog(path)
    await made.open()
    yield made
    await made.close()


async def test_a_full_disk_refuses_whole_commits_and_heals(log: SqliteLog) -> None:
    """STORAGE_FULL with nothing half-written; reads go on; once there is room, the same append is stored."""
    await stored(log, one("a/1"))
    db = log._writer._db
    assert db is not None
    (pages,) = db.execute("PRAGMA page_count").fetchall()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    large = one("a/2", *(fact(b"x" * 10_000) for _ in range(20)))
    for append in (large, large):
        with pytest.raises(Rejection) as caught:
            await put(log, append)
        assert caught.value.reason == "STORAGE_FULL"
    assert len(await whole(log)) == 1
    db.execute("PRAGMA max_page_count = 1000000")
    outcome = await stored(log, large)
    assert (outcome.first_position, outcome.duplicate) == (2, False)
    assert await log.verify(0) == (21, 21, True, "")


class BrokenFile(apsw.VFSFile):
    """A file whose syncs fail while `broken`."""

    broken = False

    def xSync(self, flags: int) -> None:
        if BrokenFile.broken:
            raise apsw.IOError("the disk is gone")
        super().xSync(flags)


class BrokenVFS(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("podium-broken", base="")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return BrokenFile("", name, flags)


async def test_a_failing_sync_acknowledges_nothing_and_heals(path: Path) -> None:
    """STORAGE_UNAVAILABLE, nothing readable; when the disk is back the repeat is stored once."""
    vfs = BrokenVFS()
    log = SqliteLog(path, vfs="podium-broken")
    await log.open()
    try:
        await stored(log, one("a/1"))
        BrokenFile.broken = True
        append = one("a/1")
        with pytest.raises(Rejection) as caught:
            await put(log, append)
        assert caught.value.reason == "STORAGE_UNAVAILABLE"
        assert len(await whole(log)) == 1
        BrokenFile.broken = False
        await stored(log, append)
        await stored(log, append)
        assert [event.revision for event in await whole(log)] == [1, 2]
    finally:
        BrokenFile.broken = False
        await log.close()
        vfs.unregister()


async def test_a_second_process_is_refused(log: SqliteLog, path: Path) -> None:
    """With the number of the first; and let in once that is gone."""
    second = SqliteLog(path)
    with pytest.raises(RuntimeError, match=f"in use by process {os.getpid()}"):
        await second.open()
    await log.close()
    await second.open()
    await second.close()


async def test_a_newer_schema_is_refused(path: Path) -> None:
    """A file that a newer program wrote is left alone, with a sentence that says so."""
    log = SqliteLog(path)
    await log.open()
    await log.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RuntimeError, match="newer version of Podium"):
        await SqliteLog(path).open()


async def test_a_foreign_file_is_refused(path: Path) -> None:
    """Neither another program's database nor something else is taken over."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs(x)")
    with pytest.raises(RuntimeError, match="not an event store"):
        await SqliteLog(path).open()
    path.unlink()
    path.write_bytes(b"this is no database, but it is long enough to look at" * 100)
    with pytest.raises(RuntimeError, match="cannot be opened"):
        await SqliteLog(path).open()


def _schema(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").fetchall()
    return [(name, " ".join(sql.split())) for name, sql in rows if name != "alembic_version"]


def test_migrations_lead_to_the_schema_of_a_fresh_file(tmp_path: Path) -> None:
    """Created at once or step by step by Alembic: the same tables, at the same version."""
    fresh, migrated = tmp_path / "fresh.sqlite3", tmp_path / "migrated.sqlite3"
    db = open_writer(fresh)
    schema.create(db)
    db.close()
    schema.upgrade(migrated)
    assert _schema(fresh) == _schema(migrated)
    db = open_writer(migrated)
    assert schema.current_version(db) == schema.HEAD
    db.close()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE events SET event = CAST(replace(event, x'646174', x'646175') AS BLOB) WHERE position = 5", "checksum"),
        ("UPDATE events SET revision = 99 WHERE position = 5", "differ"),
        ("UPDATE events SET event_id = x'00112233445566778899aabbccddeeff' WHERE position = 5", "differ"),
        ("UPDATE events SET stream = 77 WHERE position = 5", "not there"),
        ("DELETE FROM events WHERE position = 5", "missing"),
    ],
)
async def test_verify_names_the_first_damaged_row(log: SqliteLog, path: Path, damage: str, said: str) -> None:
    """Whatever was changed in a row, by bits or by hand."""
    await stored(log, one("a/1", *(fact(b"data") for _ in range(10))))
    await log.set_retention("a/1", Retention(truncate_before=3))
    assert (await log.verify(0)).damage == ""
    await log.close()
    with sqlite3.connect(path) as db:
        db.execute(damage)
    again = SqliteLog(path)
    await again.open()
    checked = await again.verify(0)
    await again.close()
    assert (checked.last, checked.end) == (5, True)
    assert said in checked.damage


async def test_a_closed_log_says_so(log: SqliteLog) -> None:
    """Calls that come too late are NOT_READY, and may be repeated elsewhere."""
    await log.close()
    with pytest.raises(Rejection, match="NOT_READY"):
        await put(log, one("a/1"))
    with pytest.raises(Rejection, match="NOT_READY"):
        await whole(log)


async def test_the_file_is_its_owners_alone(log: SqliteLog, path: Path) -> None:
    """Events may quote anything: nobody else reads them."""
    assert path.stat().st_mode & 0o077 == 0


async def test_the_write_ahead_log_does_not_grow_for_ever(log: SqliteLog, path: Path) -> None:
    """The writer moves it into the file as it goes."""
    for _ in range(40):
        await stored(log, one("a/1", *(fact(b"x" * 1000) for _ in range(1000))))
    wal = path.with_name(path.name + "-wal")
    assert wal.stat().st_size < 32 << 20
    assert path.stat().st_size > 16 << 20


async def test_commits_do_not_wait_for_a_checkpoint(log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the file is being synced appends are answered; afterwards the log is written from its beginning again."""
    begun, go = threading.Event(), threading.Event()

    def slow(handle: int) -> None:
        begun.set()
        go.wait(30)
        os.fdatasync(handle)

    monkeypatch.setattr(checkpoints, "_sync", slow)
    long = [one("a/1", *(fact(b"x" * 4000) for _ in range(CHECKPOINT_PAGES))) for _ in range(2)]
    await stored(log, long[0])
    await asyncio.to_thread(begun.wait, 30)
    for _ in range(20):
        await stored(log, one("a/1"))
    assert not go.is_set()
    go.set()
    await stored(log, long[1])
    await stored(log, one("a/1"))
    while log._writer._pages >= CHECKPOINT_PAGES:
        await stored(log, one("a/1"))
    assert (await log.verify(0)).damage == ""


async def test_the_write_ahead_log_has_its_room_from_the_start(log: SqliteLog, path: Path, tmp_path: Path) -> None:
    """Commits write over what is allocated; a copy as a kill leaves it, empty room included, opens with all of them."""
    wal = path.with_name(path.name + "-wal")
    room = wal.stat().st_size
    for _ in range(20):
        await stored(log, one("a/1"))
    assert wal.stat().st_size == room
    left = tmp_path / "left" / path.name
    left.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{path}{suffix}", f"{left}{suffix}")
    again = SqliteLog(left)
    await again.open()
    assert await again.verify(0) == (20, 20, True, "")
    assert (await stored(again, one("a/1"))).first_position == 21
    await again.close()


async def test_without_room_for_the_write_ahead_log_it_serves_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is nearly full at the start: no room is kept or taken away from others, and appends are stored."""

    def full(handle: int, data: bytes, at: int) -> int:
        if at > 1 << 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data, at)

    write = os.pwrite
    with monkeypatch.context() as nearly:
        nearly.setattr(os, "pwrite", full)
        log = SqliteLog(path)
        await log.open()
    assert "no room is kept" in caplog.text
    assert path.with_name(path.name + "-wal").stat().st_size < 1 << 20
    await stored(log, one("a/1"))
    await log.close()


async def test_the_usual_commit_is_one_statement(log: SqliteLog) -> None:
    """Streams and types that are known, no refusal that needs a look: no BEGIN, no COMMIT, and all or nothing."""
    await log.append([one("a/1"), one("b/1")])
    db = log._writer._db
    assert db is not None
    statements: list[str] = []

    def trace(_: object, statement: str, __: object) -> bool:
        statements.append(statement.split(maxsplit=1)[0])
        return True

    db.exec_trace = trace
    repeated = one("b/1", fact(), fact())
    outcomes = await log.append([one("a/1", fact(), expect=1), one("a/1", expect=7), repeated])
    assert [isinstance(outcome, Rejection) for outcome in outcomes] == [False, True, False]
    assert "BEGIN" not in statements
    assert statements.count("INSERT") == 1
    statements.clear()
    assert (await stored(log, repeated)).first_position == 4
    assert statements[:2] == ["INSERT", "BEGIN"]
    assert [event.position for event in await whole(log)] == [1, 2, 3, 4, 5]
