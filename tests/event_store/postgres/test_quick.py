"""The usual commit takes one round trip, and stores nothing that the long way would not store."""

import time
from typing import Any

import asyncpg
import pytest

from podium.event_store.adapters.postgres import quick
from podium.event_store.adapters.postgres.connection import Server
from podium.event_store.domain.limits import shard_of_stream
from podium.event_store.domain.model import Appended, Fence
from tests.contracts.facts import fact, one, refused, stored, whole
from tests.event_store.postgres.conftest import OpenLog


class Watched:
    """A writer's connection that notes what is asked of it, and may break at its next quick commit."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.asked: list[str] = []
        self.breaks: bool | None = None
        """Before (True) or after (False) the commit; None: not at all."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, statement: str, *bindings: object) -> Any:
        self.asked.append(statement.split(maxsplit=1)[0])
        return await self._connection.execute(statement, *bindings)

    async def fetchrow(self, statement: str, *bindings: object) -> Any:
        is_quick = "append_events" in statement
        self.asked.append("quick" if is_quick else "look")
        if not is_quick or self.breaks is None:
            return await self._connection.fetchrow(statement, *bindings)
        if not self.breaks:
            await self._connection.fetchrow(statement, *bindings)
        self._connection.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> list[Watched]:
    """The writers' connections, in the order in which they were opened."""
    connect, opened = Server.connect, list[Watched]()

    async def watched(self: Server, purpose: str, **settings: str) -> Any:
        connection = await connect(self, purpose, **settings)
        if purpose != "writer":
            return connection
        opened.append(Watched(connection))
        return opened[-1]

    monkeypatch.setattr(Server, "connect", watched)
    return opened


async def test_the_usual_commit_is_one_call(open_log: OpenLog, writers: list[Watched]) -> None:
    """Streams and types that are known, revisions as expected: nothing but the call goes to the database."""
    log = await open_log()
    await log.append([one("a/1"), one("b/1")])
    (writer,) = writers
    writer.asked.clear()
    first = await stored(log, one("a/1", fact(), fact(), expect=1))
    second = await stored(log, one("b/1"))
    assert writer.asked == ["quick", "quick"]
    assert (first.first_position, first.last_position, second.first_position) == (3, 4, 5)
    assert [(event.stream, event.revision) for event in await whole(log)] == [
        *[("a/1", 1), ("b/1", 1), ("a/1", 2), ("a/1", 3), ("b/1", 2)]
    ]


async def test_what_is_unusual_takes_the_long_way(open_log: OpenLog, writers: list[Watched]) -> None:
    """A new stream, a conflict, a repeat: each gets its true answer."""
    log = await open_log()
    known = one("a/1", fact(), expect=0)
    await stored(log, known)
    assert (await stored(log, one("new/1"))).first_position == 2
    assert (await refused(log, one("a/1", expect=7))).reason == "REVISION_CONFLICT"
    assert (await stored(log, known)).duplicate
    assert (await stored(log, one("a/1", *known.parts[0].facts))).duplicate
    assert (await stored(log, one("a/1", expect=1))).first_position == 3
    assert writers[0].asked[-1] == "quick"


async def test_what_another_process_wrote_is_noticed(open_log: OpenLog, writers: list[Watched]) -> None:
    """The quick call finds that the log has moved on and stores nothing; the long way stores it behind."""
    log, other = await open_log(), await open_log()
    await stored(log, one("a/1"))
    await stored(other, one("a/1"))
    writers[0].asked.clear()
    outcome = await stored(log, one("a/1"))
    assert (outcome.first_position, outcome.ranges[0].first_revision) == (3, 3)
    assert writers[0].asked[0] == "quick"
    assert "BEGIN" in writers[0].asked


async def test_a_shard_that_another_process_gave_away_is_noticed(open_log: OpenLog, writers: list[Watched]) -> None:
    """The epoch is compared in the call: whoever lost the shard writes nothing, and is told the current one."""
    log, other = await open_log(), await open_log()
    stream = "pods/1"
    shard = shard_of_stream(stream)
    lease = await log.acquire_lease("pm-1", "", 4.0, {})
    (row,) = await log.claim_shards("pod-manager", [shard], "pm-1", lease.epoch)
    old = Fence("pod-manager", shard, row.epoch)
    await stored(log, one(stream, fence=old))
    writers[0].asked.clear()
    await stored(log, one(stream, fence=old))
    assert writers[0].asked == ["quick"]
    # Releasing tells no event: the log does not move on, only the epoch does.
    await other.release_shards("pod-manager", [shard], "pm-1", lease.epoch)
    refusal = await refused(log, one(stream, fence=old))
    assert (refusal.reason, refusal.metadata["epoch"]) == ("FENCED", str(old.epoch))
    assert int(refusal.metadata["current"]) > old.epoch


@pytest.mark.parametrize("before", [True, False])
async def test_a_quick_commit_that_is_unknown_is_looked_up(
    open_log: OpenLog, writers: list[Watched], before: bool
) -> None:
    """The connection breaks in the call, done or not: the callers get the truth, everything is stored once."""
    log = await open_log()
    await stored(log, one("a/1"))
    writers[0].breaks = before
    outcomes = await log.append([one("a/1", expect=1), one("a/1", expect=2)])
    assert [outcome.first_position for outcome in outcomes if isinstance(outcome, Appended)] == [2, 3]
    assert len(await whole(log)) == 3
    assert len(writers) == 2


async def test_after_a_pause_the_database_is_asked_for_its_time(
    open_log: OpenLog, writers: list[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clock is carried on for some seconds only: then a commit goes the long way, and the next is quick again."""
    log = await open_log()
    await stored(log, one("a/1"))
    with monkeypatch.context() as later:
        later.setattr(quick, "CLOCK_SECONDS", 0.0)
        writers[0].asked.clear()
        await stored(log, one("a/1"))
        assert writers[0].asked[0] == "BEGIN"
    writers[0].asked.clear()
    await stored(log, one("a/1"))
    assert writers[0].asked == ["quick"]


async def test_the_time_is_the_databases(open_log: OpenLog) -> None:
    """Between two answers it is carried on by this machine's clock."""
    log = await open_log()
    for _ in range(5):
        await stored(log, one("a/1"))
    stamps = [event.recorded_time.ToMicroseconds() for event in await whole(log)]
    assert stamps == sorted(stamps)
    assert abs(stamps[-1] - time.time_ns() // 1000) < 60_000_000
