"""The one task of this process that writes events: it takes everything that waits into one transaction.

No lingering, no timer: the commit under way is the window that fills the next one.

A connection can be lost while its COMMIT is under way, and then nobody knows. The writer finds out before it answers
or tries again: under the lock of the head row (which the old transaction, if it still runs, holds) it looks for the
first event of what it meant to store.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import asyncpg

from podium.event_store.adapters.postgres.batch import Filled, OutcomeUnknown, Work, append_run
from podium.event_store.adapters.postgres.connection import LOST, Connection, Server, close, storage_error
from podium.event_store.adapters.postgres.quick import CarriedClock, QuickCommit
from podium.event_store.adapters.postgres.tail import Hints, Tail
from podium.event_store.adapters.postgres.transaction import BEGIN, Cache, Job, Transaction, is_repeated_id
from podium.event_store.domain.model import Append, Outcome, weigh
from podium.kernel.errors import Rejection, exhausted, unavailable

_log = logging.getLogger(__name__)

T = TypeVar("T")

EVENTS_PER_COMMIT = 5_000
BYTES_PER_COMMIT = 8 << 20
MAX_WAITING_EVENTS = 50_000
MAX_WAITING_BYTES = 64 << 20
RESOLVE_SECONDS = 5.0
"""How long callers wait for the writer to find out whether their commit happened."""
RESOLVE_PAUSE_SECONDS = 0.1

LONG_WAYS = 8
"""Commits that go the long way after the quick one met another process' writing: where all write, it seldom pays."""

_UNKNOWN = "the database was lost during a commit: repeat with the same event ids"
_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""Everything the writer asks is an index look-up, whatever the statistics of a young table say, planned once."""


class Writer:
    """`run` must run; everything happens on the event loop."""

    def __init__(self, server: Server, tail: Tail, hints: Hints, now_us: Callable[[], int] | None) -> None:
        self._server, self._tail, self._hints, self._now_us = server, tail, hints, now_us
        self._cache = Cache()
        self._clock = CarriedClock()
        self._long_ways = 0
        self._db: Connection | None = None
        self._waiting: deque[Work] = deque()
        self._waiting_events = self._waiting_bytes = 0
        self._news = asyncio.Event()
        self._closed = False

    def append(self, appends: Sequence[Append]) -> "asyncio.Future[Sequence[Outcome]]":
        """The outcomes, in order, once they are durable."""
        events, size = weigh(appends)
        return self._submit(Work(self._future(), appends, events=events, size=size))

    def run_job(self, job: Job[T]) -> "asyncio.Future[T]":
        """The job's result, once what it wrote is durable; a Rejection that it raises undoes it alone."""
        return self._submit(Work(self._future(), job=job, events=1))

    def _future(self) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().create_future()

    def _submit(self, work: Work) -> "asyncio.Future[Any]":
        if self._closed:
            raise unavailable("NOT_READY", "the event store is closing")
        if self._waiting_events and (
            self._waiting_events + work.events > MAX_WAITING_EVENTS
            or self._waiting_bytes + work.size > MAX_WAITING_BYTES
        ):
            raise exhausted("TOO_MANY_REQUESTS", "too many appends wait to be stored")
        self._waiting_events += work.events
        self._waiting_bytes += work.size
        self._waiting.append(work)
        self._news.set()
        return work.future

    def finish(self) -> None:
        """Refuse more; `run` returns when everything taken is answered."""
        self._closed = True
        self._news.set()

    async def run(self) -> None:
        """Store what waits, until `finish`."""
        try:
            while batch := await self._take():
                await self._store(batch)
        finally:
            await self._drop()
            for work in self._waiting:
                self._answer(work, unavailable("NOT_READY", "the event store is closing"))
            self._waiting.clear()

    async def _take(self) -> list[Work]:
        while not self._waiting:
            if self._closed:
                return []
            self._news.clear()
            await self._news.wait()
        batch = [self._waiting.popleft()]
        events, size = batch[0].events, batch[0].size
        while self._waiting:
            work = self._waiting[0]
            events, size = events + work.events, size + work.size
            if events > EVENTS_PER_COMMIT or size > BYTES_PER_COMMIT:
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _store(self, batch: list[Work]) -> None:
        answers: Sequence[object]
        try:
            filled = await self._committed(batch)
            answers = filled.answers
            await self._publish(filled.transaction)
        except asyncio.CancelledError:
            for work in batch:
                self._answer(work, unavailable("STORAGE_UNAVAILABLE", _UNKNOWN, 0.5))
            raise
        except (*LOST, asyncpg.PostgresError, OutcomeUnknown) as error:
            _log.warning("a commit failed: %s", error or type(error).__name__)
            await self._drop()
            answers = [_failure(error)] * len(batch)
        except Rejection as refusal:
            answers = [refusal] * len(batch)
        except Exception as error:
            _log.exception("the writer failed")
            await self._drop()
            answers = [error] * len(batch)
        for work, answer in zip(batch, answers, strict=True):
            self._answer(work, answer)

    def _answer(self, work: Work, answer: object) -> None:
        self._waiting_events -= work.events
        self._waiting_bytes -= work.size
        if work.future.done():
            return
        if isinstance(answer, Exception):
            work.future.set_exception(answer)
        else:
            work.future.set_result(answer)

    async def _committed(self, batch: list[Work]) -> Filled:
        """Try until it is stored or surely not; a dead connection is replaced once, an unknown outcome found out."""
        loop = asyncio.get_running_loop()
        trusting, replaced, unknown, give_up = True, False, None, 0.0
        while True:
            try:
                return await self._attempt(batch, unknown, trusting=trusting)
            except asyncpg.UniqueViolationError as error:
                if not trusting or not is_repeated_id(error):
                    raise
                # An id was stored before: once more, with look-ups.
                trusting = False
                await self._roll_back()
            except (OutcomeUnknown, *LOST) as error:
                await self._drop()
                if isinstance(error, OutcomeUnknown):
                    unknown, give_up = error.filled, give_up or loop.time() + RESOLVE_SECONDS
                elif unknown is not None:
                    await asyncio.sleep(RESOLVE_PAUSE_SECONDS)
                elif replaced:
                    raise
                replaced = True
                if unknown is not None and loop.time() >= give_up:
                    raise OutcomeUnknown(unknown) from error

    async def _attempt(self, batch: list[Work], unknown: Filled | None, *, trusting: bool) -> Filled:
        if self._db is None:
            self._cache = Cache()
            self._db = await self._server.connect("writer", **_PLANS)
        db = self._db
        if trusting and unknown is None and (quick := await self._quickly(db, batch)) is not None:
            return quick
        await db.execute(BEGIN)
        if unknown is not None:
            if await _is_stored(db, unknown.transaction):
                await db.execute("ROLLBACK")
                return unknown
            if not unknown.transaction.rows:
                # Jobs that told nothing: nobody can know; each of them can be repeated.
                await db.execute("ROLLBACK")
                raise _failure(OutcomeUnknown(unknown))
        filled = await self._fill(db, batch, trusting=trusting)
        # Whatever others committed before is read while this is synced.
        self._tail.expect(filled.transaction.first_position - 1)
        try:
            status = await db.execute("COMMIT")
        except (*LOST, asyncpg.PostgresError) as error:
            raise OutcomeUnknown(filled) from error
        if status != "COMMIT":
            raise asyncpg.InterfaceError(f"the transaction ended as {status}")
        filled.transaction.committed()
        return filled

    async def _quickly(self, db: Connection, batch: list[Work]) -> Filled | None:
        """The commit in one round trip; None: nothing happened, it has to go the long way."""
        self._long_ways = max(0, self._long_ways - 1)
        time_us = self._clock.now_us() if self._now_us is None else self._now_us()
        if self._long_ways or time_us is None or any(work.job is not None for work in batch):
            return None
        commit = QuickCommit(db, self._cache, time_us)
        outcomes = commit.prepare([append for work in batch for append in work.appends])
        if outcomes is None:
            return None
        if db.is_closed():
            raise asyncpg.InterfaceError("the connection was closed")
        filled = Filled(commit)
        filled.hand_out(batch, outcomes)
        try:
            stored = await commit.call(self._clock.note)
        except LOST as error:
            raise OutcomeUnknown(filled) from error
        if not stored:
            self._long_ways = LONG_WAYS
            return None
        commit.committed()
        return filled

    async def _fill(self, db: Connection, batch: list[Work], *, trusting: bool) -> Filled:
        """Everything but the commit: neighbouring appends are admitted as one run, jobs have a savepoint each."""
        filled = Filled(Transaction(db, self._cache, self._now_us, trusting=trusting))
        run: list[Work] = []
        for work in batch:
            if work.job is None:
                run.append(work)
                continue
            await append_run(filled, run)
            run = []
            try:
                filled.answers.append(await filled.transaction.run(work.job))
            except Rejection as refusal:
                filled.answers.append(refusal)
        await append_run(filled, run)
        self._clock.note(filled.transaction.time_us)
        return filled

    async def _publish(self, transaction: Transaction) -> None:
        """Tell the listeners before the callers are answered: what others committed before, then this."""
        rows = transaction.rows
        if not rows:
            return
        if not self._tail.alone:
            self._hints.tell(rows[-1].position)
        try:
            if self._db is not None:
                await self._tail.read(self._db, rows[0].position - 1)
            self._tail.offer(rows)
        except (*LOST, asyncpg.PostgresError):
            # Stored all the same: the answers are true, and the tail tells it when the database is back.
            await self._drop()

    async def _roll_back(self) -> None:
        try:
            if self._db is not None:
                await self._db.execute("ROLLBACK")
        except (*LOST, asyncpg.PostgresError):
            await self._drop()

    async def _drop(self) -> None:
        """The next attempt connects anew; the server ends what the old connection had open."""
        db, self._db = self._db, None
        await close(db)


def _failure(error: BaseException) -> Rejection:
    if isinstance(error, OutcomeUnknown):
        return unavailable("STORAGE_UNAVAILABLE", _UNKNOWN, 0.5)
    return storage_error(error)


async def _is_stored(db: Connection, transaction: Transaction) -> bool:
    if not transaction.rows:
        return False
    row = transaction.rows[0]
    return bool(
        await db.fetchval("SELECT 1 FROM events WHERE position = $1 AND event_id = $2", row.position, row.event_id)
    )
