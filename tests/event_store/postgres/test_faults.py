"""The database is gone, full, or silent at the worst moment."""

import asyncio
import signal
from typing import Any

import asyncpg
import pytest

from podium.event_store.adapters.postgres import writer
from podium.event_store.adapters.postgres.connection import Server
from podium.event_store.adapters.postgres.log import PostgresLog
from podium.event_store.domain.model import Append, Appended, Filter
from podium.kernel.errors import Kind, Rejection
from tests.contracts.facts import fact, one, stored, whole
from tests.event_store.postgres.conftest import OpenLog, Told
from tests.support.postgres import cluster


class Fragile:
    """A connection that breaks at its next COMMIT: before it is sent, or after it was done."""

    def __init__(self, connection: Any, before: bool) -> None:
        self._connection, self._before = connection, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, statement: str, *bindings: object) -> Any:
        if statement == "COMMIT":
            if not self._before:
                await self._connection.execute(statement)
            self._connection.terminate()
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return await self._connection.execute(statement, *bindings)


def break_at_commit(monkeypatch: pytest.MonkeyPatch, *breaks: bool) -> None:
    """The writer's next connections break at their first COMMIT: before (True) or after it (False)."""
    connect, left = Server.connect, list(breaks)

    async def fragile(self: Server, purpose: str, **settings: str) -> Any:
        connection = await connect(self, purpose, **settings)
        return Fragile(connection, left.pop(0)) if purpose == "writer" and left else connection

    monkeypatch.setattr(Server, "connect", fragile)


@pytest.mark.parametrize("breaks", [(False,), (True,), (True, False), (True, True, True)])
async def test_an_unknown_commit_is_looked_up_before_the_answer(
    open_log: OpenLog, monkeypatch: pytest.MonkeyPatch, breaks: tuple[bool, ...]
) -> None:
    """The connection breaks during COMMIT, done or not: the callers get the truth, everything is stored once."""
    break_at_commit(monkeypatch, *breaks)
    log = await open_log()
    told = Told(log)
    outcomes = await log.append([one("a/1", fact(), expect=0), one("a/1", expect=7), one("a/1", fact(), expect=1)])
    positions = [outcome.first_position for outcome in outcomes if isinstance(outcome, Appended)]
    assert positions == [1, 2]
    assert isinstance(outcomes[1], Rejection)
    await told.reach(2)
    assert len(await whole(log)) == 2


@pytest.mark.parametrize("before", [True, False])
async def test_a_lease_is_acquired_once_though_its_commit_is_unknown(
    open_log: OpenLog, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Jobs that tell events are resolved like appends."""
    break_at_commit(monkeypatch, before)
    log = await open_log()
    assert (await log.acquire_lease("pm-1", "", 4.0, {})).epoch == 1
    assert [lease.epoch for lease in await log.leases()] == [1]


async def test_a_commit_that_stays_unknown_is_said_to_be(open_log: OpenLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database does not come back in time: UNAVAILABLE, repeat; the repeat finds what was stored."""
    monkeypatch.setattr(writer, "RESOLVE_SECONDS", 0.2)
    break_at_commit(monkeypatch, False)
    log = await open_log()
    append = one("a/1", expect=0)
    with monkeypatch.context() as away:
        writers, connect = [0], Server.connect

        async def once(self: Server, purpose: str, **settings: str) -> Any:
            if purpose == "writer":
                writers[0] += 1
                if writers[0] > 1:
                    raise ConnectionRefusedError
            return await connect(self, purpose, **settings)

        away.setattr(Server, "connect", once)
        with pytest.raises(Rejection, match="repeat with the same event ids") as caught:
            await log.append([append])
        assert caught.value.kind is Kind.UNAVAILABLE
    repeated = await stored(log, append)
    assert (repeated.first_position, repeated.duplicate) == (1, True)
    assert len(await whole(log)) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_the_database_goes_and_comes_back(open_log: OpenLog, how: signal.Signals) -> None:
    """While it is away everything is UNAVAILABLE; then it goes on by itself, subscribers included."""
    log, other = await open_log(), await open_log()
    told = Told(other)
    await stored(log, one("a/1"))
    server = cluster()
    await asyncio.to_thread(server.stop, how)
    try:
        for attempt in (log.append([one("a/1")]), log.read_all(Filter(), 1), log.acquire_lease("r", "", 4.0, {})):
            with pytest.raises(Rejection) as caught:
                await attempt
            assert (caught.value.kind, caught.value.reason) == (Kind.UNAVAILABLE, "STORAGE_UNAVAILABLE")
    finally:
        await asyncio.to_thread(server.start)
    assert (await stored(log, one("a/1"))).first_position == 2
    await told.reach(2)


async def test_what_was_acknowledged_survives_a_crash_under_load(open_log: OpenLog) -> None:
    """Crashes of the database under two writers' load: every acknowledged event is there, once; no hole."""
    logs = [await open_log(), await open_log()]
    acknowledged: dict[bytes, int] = {}
    done = asyncio.Event()

    async def write(log: PostgresLog, stream: str) -> None:
        append: Append | None = None
        while append is not None or not done.is_set():
            append = append or one(stream, fact())
            try:
                outcome = await stored(log, append)
            except Rejection as refusal:
                assert refusal.kind is Kind.UNAVAILABLE
                continue
            acknowledged[append.parts[0].facts[0].event_id] = outcome.first_position
            append = None

    async def crash() -> None:
        for _ in range(2):
            goal = len(acknowledged) + 50
            while len(acknowledged) < goal:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(cluster().stop, signal.SIGQUIT)
            await asyncio.to_thread(cluster().start)
        done.set()

    writers = [write(log, f"a/{number}") for number, log in enumerate(logs * 4)]
    await asyncio.gather(crash(), *writers)
    events = await whole(logs[0])
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert {event.event_id: event.position for event in events} == acknowledged


async def test_a_full_disk_is_said_to_be_full(open_log: OpenLog, admin: asyncpg.Connection) -> None:
    """RESOURCE_EXHAUSTED / STORAGE_FULL, nothing half-written, and on it goes when there is room."""
    log = await open_log()
    await stored(log, one("a/1"))
    await admin.execute(
        """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON events EXECUTE FUNCTION full_disk()"""
    )
    try:
        with pytest.raises(Rejection) as caught:
            await log.append([one("a/1"), one("b/1")])
        assert (caught.value.kind, caught.value.reason) == (Kind.RESOURCE_EXHAUSTED, "STORAGE_FULL")
    finally:
        await admin.execute("DROP FUNCTION full_disk CASCADE")
    assert (await stored(log, one("a/1"))).first_position == 2
    assert await log.streams("b/", "", 10) == []


async def test_a_job_that_cannot_be_kept_harms_nobody(open_log: OpenLog) -> None:
    """A name that PostgreSQL has no way to store is refused alone; its neighbours in the commit stand."""
    log = await open_log()
    answers = [log.append([one("a/1")]), log.acquire_lease("\0", "", 4.0, {}), log.append([one("a/1")])]
    _, refused, _ = await asyncio.gather(*answers, return_exceptions=True)
    assert isinstance(refused, Rejection)
    assert refused.kind is Kind.INVALID_ARGUMENT
    assert [event.revision for event in await whole(log)] == [1, 2]
