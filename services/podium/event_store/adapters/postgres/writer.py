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
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from podium.event_store.adapters.postgres.connection import LOST, Connection, Server, close, storage_error
from podium.event_store.adapters.postgres.tail import Hints, Tail
from podium.event_store.adapters.postgres.transaction import BEGIN, Cache, Job, Transaction, is_repeated_id
from podium.event_store.domain.model import Append, Outcome
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

_UNKNOWN = "the database was lost during a commit: repeat with the same event ids"
_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""Everything the writer asks is an index look-up, whatever the statistics of a young table say, planned once."""


@dataclass(slots=True)
class _Work:
    future: "asyncio.Future[Any]"
    appends: Sequence[Append] = ()
    job: Job[object] | None = None
    events: int = 0
    size: int = 0


class _Filled:
    """A transaction that is ready to commit, and what to answer then: one result or error for each work."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.answers: list[object] = []


class _OutcomeUnknown(Exception):
    def __init__(self, filled: _Filled) -> None:
        super().__init__("the connection was lost during COMMIT")
        self.filled = filled


class Writer:
    """`run` must run; everything happens on the event loop."""

    def __init__(self, server: Server, tail: Tail, hints: Hints, now_us: Callable[[], int] | None) -> None:
        self._server, self._tail, self._hints, self._now_us = server, tail, hints, now_us
        self._cache = Cache()
        self._db: Connection | None = None
        self._waiting: deque[_Work] = deque()
        self._waiting_events = self._waiting_bytes = 0
        self._news = asyncio.Event()
        self._closed = False

    def append(self, appends: Sequence[Append]) -> "asyncio.Future[Sequence[Outcome]]":
        """The outcomes, in order, once they are durable."""
        size = sum(len(fact.body) for a in appends for part in a.parts for fact in part.facts)
        return self._submit(_Work(self._future(), appends, events=sum(a.size for a in appends), size=size))

    def run_job(self, job: Job[T]) -> "asyncio.Future[T]":
        """The job's result, once what it wrote is durable; a Rejection that it raises undoes it alone."""
        return self._submit(_Work(self._future(), job=job, events=1))

    def _future(self) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().create_future()

    def _submit(self, work: _Work) -> "asyncio.Future[Any]":
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

    async def _take(self) -> list[_Work]:
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

    async def _store(self, batch: list[_Work]) -> None:
        answers: Sequence[object]
        try:
            filled = await self._committed(batch)
            answers = filled.answers
            await self._publish(filled.transaction)
        except asyncio.CancelledError:
            for work in batch:
                self._answer(work, unavailable("STORAGE_UNAVAILABLE", _UNKNOWN, 0.5))
            raise
        except (*LOST, asyncpg.PostgresError, _OutcomeUnknown) as error:
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

    def _answer(self, work: _Work, answer: object) -> None:
        self._waiting_events -= work.events
        self._waiting_bytes -= work.size
        if work.future.done():
            return
        if isinstance(answer, Exception):
            work.future.set_exception(answer)
        else:
            work.future.set_result(answer)

    async def _committed(self, batch: list[_Work]) -> _Filled:
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
            except (_OutcomeUnknown, *LOST) as error:
                await self._drop()
                if isinstance(error, _OutcomeUnknown):
                    unknown, give_up = error.filled, give_up or loop.time() + RESOLVE_SECONDS
                elif unknown is not None:
                    await asyncio.sleep(RESOLVE_PAUSE_SECONDS)
                elif replaced:
                    raise
                replaced = True
                if unknown is not None and loop.time() >= give_up:
                    raise _OutcomeUnknown(unknown) from error

    async def _attempt(self, batch: list[_Work], unknown: _Filled | None, *, trusting: bool) -> _Filled:
        if self._db is None:
            self._cache = Cache()
            self._db = await self._server.connect("writer", **_PLANS)
        db = self._db
        await db.execute(BEGIN)
        if unknown is not None:
            if await _is_stored(db, unknown.transaction):
                await db.execute("ROLLBACK")
                return unknown
            if not unknown.transaction.rows:
                # Jobs that told nothing: nobody can know; each of them can be repeated.
                await db.execute("ROLLBACK")
                raise _failure(_OutcomeUnknown(unknown))
        filled = await self._fill(db, batch, trusting=trusting)
        # Whatever others committed before is read while this is synced.
        self._tail.expect(filled.transaction.first_position - 1)
        try:
            status = await db.execute("COMMIT")
        except (*LOST, asyncpg.PostgresError) as error:
            raise _OutcomeUnknown(filled) from error
        if status != "COMMIT":
            raise asyncpg.InterfaceError(f"the transaction ended as {status}")
        filled.transaction.committed()
        return filled

    async def _fill(self, db: Connection, batch: list[_Work], *, trusting: bool) -> _Filled:
        """Everything but the commit: neighbouring appends are admitted as one run, jobs have a savepoint each."""
        filled = _Filled(Transaction(db, self._cache, self._now_us, trusting=trusting))
        run: list[_Work] = []
        for work in batch:
            if work.job is None:
                run.append(work)
                continue
            await _append_run(filled, run)
            run = []
            try:
                filled.answers.append(await filled.transaction.run(work.job))
            except Rejection as refusal:
                filled.answers.append(refusal)
        await _append_run(filled, run)
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
    if isinstance(error, _OutcomeUnknown):
        return unavailable("STORAGE_UNAVAILABLE", _UNKNOWN, 0.5)
    return storage_error(error)


async def _is_stored(db: Connection, transaction: Transaction) -> bool:
    if not transaction.rows:
        return False
    row = transaction.rows[0]
    return bool(
        await db.fetchval("SELECT 1 FROM events WHERE position = $1 AND event_id = $2", row.position, row.event_id)
    )


async def _append_run(filled: _Filled, run: list[_Work]) -> None:
    """Admit the appends of neighbouring work as one; hand each its own outcomes."""
    if not run:
        return
    outcomes = await filled.transaction.append([append for work in run for append in work.appends])
    at = 0
    for work in run:
        filled.answers.append(outcomes[at : at + len(work.appends)])
        at += len(work.appends)
