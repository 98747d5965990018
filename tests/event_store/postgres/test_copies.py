"""Backups, restores, verification."""

from pathlib import Path

import asyncpg
import pytest

from podium.event_store.adapters.postgres import transfer
from podium.event_store.adapters.postgres.log import PostgresLog
from podium.event_store.adapters.sqlite.log import SqliteLog
from podium.event_store.application.ports import Log
from podium.event_store.domain.model import Retention, Snapshot
from podium.kernel.errors import Rejection
from tests.contracts.facts import fact, one, stored, whole
from tests.event_store.postgres.conftest import OpenLog
from tests.support.postgres import empty_database


async def fill(log: Log) -> None:
    """Something of everything."""
    for number in range(30):
        await stored(log, one(f"a/{number % 3}", fact(b"x" * number, kind="TU"[number % 2]), fact()))
    await log.set_retention("a/1", Retention(max_count=5))
    lease = await log.acquire_lease("pm-1", "unix:a", 4.0, {"a": "b"})
    await log.claim_shards("pod-manager", [1, 2], "pm-1", lease.epoch)
    for revision, finished in ((3, True), (4, False)):
        header = Snapshot("a/0", revision, 1, 6)
        snapshot_id = await log.begin_snapshot(header)
        for number in range(2):
            await log.add_chunk(snapshot_id, number, b"abc")
        if finished:
            await log.finish_snapshot(snapshot_id, header)


async def same(log: Log, other: Log) -> None:
    """Everything that can be read is the same."""
    assert await whole(log) == await whole(other)
    assert list(await log.streams("", "", 100)) == list(await other.streams("", "", 100))
    assert list(await log.leases()) == list(await other.leases())
    assert list(await log.shards("pod-manager")) == list(await other.shards("pod-manager"))
    (one_id, header), (other_id, other_header) = await found(log), await found(other)
    assert header == other_header
    assert [await log.chunk(one_id, n) for n in range(3)] == [await other.chunk(other_id, n) for n in range(3)]


async def found(log: Log) -> tuple[int, Snapshot]:
    snapshot = await log.find_snapshot("a/0", 0, 0)
    assert snapshot is not None
    return snapshot


async def test_a_backup_is_a_store_and_restores_to_the_same_log(open_log: OpenLog, tmp_path: Path) -> None:
    """A file that the SQLite store serves; restored into an empty database, it is the log that it was, and grows."""
    log, path = await open_log(), tmp_path / "copy.sqlite3"
    await fill(log)
    assert await log.backup(str(path)) == log.position
    assert path.stat().st_mode & 0o777 == 0o600
    copy = SqliteLog(path)
    await copy.open()
    await same(log, copy)
    assert (await copy.verify(0)).damage == ""
    await copy.close()
    url = empty_database()
    assert await transfer.restore(url, path) == log.position
    restored = PostgresLog(url)
    await restored.open()
    await same(log, restored)
    assert (await restored.verify(0)).damage == ""
    outcome = await restored.append([one("a/0", fact(kind="new")), one("new/1")])
    assert [each.first_position for each in outcome] == [log.position + 1, log.position + 2]  # type: ignore[union-attr]
    assert (await restored.acquire_lease("pm-1", "", 4.0, {})).epoch == 2
    await restored.begin_snapshot(Snapshot("a/0", 1, 1, 0))
    await restored.close()
    with pytest.raises(RuntimeError, match="is not empty"):
        await transfer.restore(url, path)


async def test_a_backup_needs_a_free_path(open_log: OpenLog, tmp_path: Path) -> None:
    """Absolute, in a folder, not there yet; nothing is left behind."""
    log, taken = await open_log(), tmp_path / "taken"
    taken.touch()
    for path in ("copy", str(taken), str(tmp_path / "no" / "copy")):
        with pytest.raises(Rejection, match="INVALID_FIELD"):
            await log.backup(path)
    assert list(tmp_path.iterdir()) == [taken]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE events SET event = set_byte(event, 20, get_byte(event, 20) # 1)", "do not have their checksum"),
        ("UPDATE events SET event_id = $$\\x00112233445566778899aabbccddeeff$$", "the row and its event differ"),
        ("UPDATE events SET revision = 77", "the row and its event differ"),
        ("UPDATE events SET stream = 0", "names a stream or type that is not there"),
        ("DELETE FROM events", "position 3 is missing"),
    ],
)
async def test_verification_names_the_first_damaged_row(
    open_log: OpenLog, admin: asyncpg.Connection, damage: str, said: str
) -> None:
    """Whatever happened to it."""
    log = await open_log()
    for _ in range(5):
        await stored(log, one("a/1", fact(b"payload")))
    await admin.execute(f"{damage} WHERE position = 3")
    checked = await log.verify(0)
    assert (checked.rows, checked.last, checked.end) == (2, 3, True)
    assert said in checked.damage


async def test_truncation_gives_space_back(open_log: OpenLog, admin: asyncpg.Connection) -> None:
    """Where the scavenger has been, new events fit: the tables stop growing while the log goes on."""
    log, sizes = await open_log(), []
    await stored(log, one("big/1"))
    await log.set_retention("big/1", Retention(max_count=1))
    for _ in range(6):
        await stored(log, one("big/1", *(fact(bytes(range(256)) * 8) for _ in range(1200))))
        assert await log.scavenge() == 1200
        sizes.append(await admin.fetchval("SELECT pg_total_relation_size('events')"))
    payloads = 1200 * 2048
    assert sizes[-1] < sizes[0] + 2 * payloads


async def test_large_events_come_in_pages_that_fit(open_log: OpenLog) -> None:
    """Reading, telling, truncating and verifying a megabyte each: page by page."""
    log, other = await open_log(), await open_log()
    for _ in range(12):
        await stored(log, one("big/1", fact(bytes(1 << 20))))
    page = await log.read_stream("big/1", 0)
    assert (page.size, page.end) == (1, False)
    assert (await log.verify(0)).rows < 12
    await stored(other, one("a/1"))
    assert other.position == 13
    await log.delete_stream("big/1")
    assert [event.data for event in await whole(log)][:12] == [b""] * 12
