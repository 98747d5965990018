"""Several store processes on one database: each writes, each tells its subscribers everything."""

import asyncio

import asyncpg
import pytest

from podium.event_store.adapters.postgres import connection
from podium.event_store.adapters.postgres.tail import Hints
from podium.event_store.adapters.postgres.transaction import BEGIN
from podium.event_store.domain.model import Append, Appended
from tests.contracts.facts import fact, one, put, refused, stored, to, whole
from tests.event_store.postgres.conftest import OpenLog, Told
from tests.support.postgres import cluster, empty_database


async def test_all_write_and_all_tell_everything_in_order(open_log: OpenLog) -> None:
    """Positions are contiguous over all writers; every process tells every event once, before its own answers."""
    logs = [await open_log() for _ in range(3)]
    told = [Told(log) for log in logs]

    async def write(index: int, caller: int) -> None:
        for _ in range(10):
            outcome = await stored(logs[index], one(f"a/{caller}", fact(), fact()))
            assert told[index].positions[-1] >= outcome.last_position

    await asyncio.gather(*(write(index, caller) for index in range(3) for caller in range(4)))
    for each in told:
        await each.reach(240)
        assert each.positions[0] == 1
    events = await whole(logs[0])
    assert [event.position for event in events] == list(range(1, 241))
    for caller in range(4):
        assert [e.revision for e in events if e.stream == f"a/{caller}"] == list(range(1, 61))


async def test_an_expected_revision_holds_against_other_writers(open_log: OpenLog) -> None:
    """Of many that name the same revision, at as many processes, one is stored; all know better afterwards."""
    logs = [await open_log() for _ in range(2)]
    for revision in range(10):
        outcomes = await asyncio.gather(*(put(log, one("a/1", expect=revision)) for log in logs for _ in range(3)))
        assert sum(isinstance(outcome, Appended) for outcome in outcomes) == 1


async def test_a_repeat_is_known_at_every_process(open_log: OpenLog) -> None:
    """Also where both come at once: one is stored, all get the same positions."""
    first, second = await open_log(), await open_log()
    append = Append([to("a/1", fact(), fact(), expect=0), to("b/1")])
    outcomes = await asyncio.gather(*(stored(log, append) for log in (first, second, first, second)))
    assert sorted(outcome.duplicate for outcome in outcomes) == [False, True, True, True]
    assert {outcome.first_position for outcome in outcomes} == {1}
    third = await open_log()
    assert (await stored(third, append)).duplicate
    assert (await refused(third, one("a/1", fact(b"other", event_id=append.parts[0].facts[0].event_id)))).reason == (
        "EVENT_ID_REUSED"
    )
    assert len(await whole(third)) == 3


async def test_a_stalled_transaction_delays_the_others_and_nothing_is_skipped(
    open_log: OpenLog, admin: asyncpg.Connection
) -> None:
    """A writer that stalls before its commit: nobody reads past it; once it commits, its events come first."""
    log, other = await open_log(), await open_log()
    told = Told(other)
    await stored(log, one("a/1"))
    await admin.execute(BEGIN)
    await admin.execute(
        """INSERT INTO events SELECT position + 1, stream, revision + 1, recorded_us, checksum, type,
        '\\x0102030405060708090a0b0c0d0e0f10'::bytea, event FROM events WHERE position = 1"""
    )
    waiting = [asyncio.ensure_future(stored(each, one("a/1"))) for each in (log, other)]
    await admin.fetchval("SELECT pg_sleep(0.3)")
    assert not any(each.done() for each in waiting)
    assert told.positions == [1]
    await admin.execute("COMMIT")
    outcomes = [await each for each in waiting]
    assert sorted(outcome.first_position for outcome in outcomes) == [3, 4]
    await told.reach(4)


async def test_a_writer_that_died_in_its_transaction_lets_the_others_go_on(
    open_log: OpenLog, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that stands still under the lock loses its transaction, and nothing of it is stored."""
    monkeypatch.setitem(connection._SETTINGS, "idle_in_transaction_session_timeout", "200ms")
    log = await open_log()
    dead = await connection.Server(url).connect("writer")
    await dead.execute(BEGIN)
    assert (await stored(log, one("a/1"))).first_position == 1
    with pytest.raises(connection.LOST):
        await dead.execute("COMMIT")
    await connection.close(dead)


async def test_foreign_transactions_stall_nobody(open_log: OpenLog, url: str) -> None:
    """An old open transaction, in another database or in this one, delays neither appends nor subscribers."""
    foreign = [await asyncpg.connect(each) for each in (empty_database(), url)]
    for each in foreign:
        await each.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE TEMP TABLE t(a INT); INSERT INTO t VALUES(1)")
    log, other = await open_log(), await open_log()
    told = Told(other)
    for position in range(1, 6):
        assert (await stored(log, one("a/1"))).first_position == position
        await told.reach(position)
    for each in foreign:
        await each.close()


async def test_a_lost_tail_is_connected_anew(open_log: OpenLog, admin: asyncpg.Connection) -> None:
    """Cut connections, of the tail and of everybody: subscribers get what happened meanwhile, once."""
    log, other = await open_log(), await open_log()
    told = Told(other)
    await stored(log, one("a/1"))
    await told.reach(1)
    for position in (2, 3):
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'podium-event-store%'"
        )
        assert (await stored(log, one("a/1"))).first_position == position
        await told.reach(position)


async def test_a_lost_hint_costs_a_poll(open_log: OpenLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any hint the others find what there is by themselves."""
    monkeypatch.setattr(Hints, "tell", lambda *_: None)
    log, other = await open_log(), await open_log()
    told = Told(other)
    for position in (1, 2):
        assert (await stored(log, one("a/1"))).first_position == position
        await told.reach(position)


async def test_a_process_that_was_far_behind_catches_up_in_pages(open_log: OpenLog) -> None:
    """Thousands of foreign events before an own one: all are told, in order, then the own one."""
    log, other = await open_log(), await open_log()
    told = Told(other)
    for _ in range(3):
        await stored(log, one("a/1", *(fact() for _ in range(2000))))
    outcome = await stored(other, one("a/2"))
    assert outcome.first_position == 6001
    await told.reach(6001)
    assert told.positions[0] == 1


async def test_acknowledged_means_synced_whatever_the_database_is_set_to() -> None:
    """synchronous_commit = off is overridden on every connection that writes."""
    url = empty_database()
    name = url.partition("?")[0].rpartition("/")[2]
    cluster().sql("postgres", f"ALTER DATABASE {name} SET synchronous_commit = off")
    server = connection.Server(url)
    db = await server.connect("writer")
    assert await db.fetchval("SHOW synchronous_commit") == "on"
    await connection.close(db)
    pool = connection.Pool(server)
    await pool.open()
    for _ in range(2):
        assert await pool.run(lambda db: db.fetchval("SHOW synchronous_commit")) == "on"
    await pool.close()
