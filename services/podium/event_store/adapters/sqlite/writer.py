"""The one thread that writes: it takes everything that waits, and the sync under way is the window that fills the next.

No lingering, no timer. Work comes from the event loop and its answers go back there, all those of a commit in one
hand-off, after the commit was told to the listener.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import apsw

from podium.event_store.adapters.sqlite.checkpoints import Checkpoints
from podium.event_store.adapters.sqlite.connection import storage_error
from podium.event_store.adapters.sqlite.transaction import ROWS_PER_INSERT, Cache, Transaction
from podium.event_store.domain.model import Append, Commit, Outcome, weigh
from podium.kernel.errors import Rejection, exhausted, unavailable

_log = logging.getLogger(__name__)

T = TypeVar("T")

EVENTS_PER_COMMIT = 10_000
BYTES_PER_COMMIT = 16 << 20
MAX_WAITING_EVENTS = 50_000
MAX_WAITING_BYTES = 64 << 20


@dataclass(slots=True)
class _Work:
    future: "asyncio.Future[Any]"
    appends: Sequence[Append] = ()
    job: Callable[[Transaction], object] | None = None
    events: int = 0
    size: int = 0
    result: object = None
    error: Exception | None = field(default=None)


class Writer:
    """Lives between `start` and `stop`; everything without an underscore is called on the event loop."""

    def __init__(
        self,
        path: Path,
        connect: Callable[[], apsw.Connection],
        now_us: Callable[[], int],
        on_commit: Callable[[Commit], None],
    ) -> None:
        self._connect, self._now_us, self._on_commit = connect, now_us, on_commit
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._held: _Work | None = None
        self._cache = Cache()
        self._db: apsw.Connection | None = None
        self._checkpoints = Checkpoints(path, connect)
        self._pages = 0
        self._waiting_events = self._waiting_bytes = 0
        self._closed = True

    def start(self, db: apsw.Connection) -> int:
        """Begin on an open connection; the last position."""
        self._adopt(db)
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._checkpoints.start()
        self._thread = threading.Thread(target=self._run, name="podium-writer", daemon=True)
        self._thread.start()
        return self._cache.position

    async def stop(self) -> None:
        """Finish what was taken, close the connection (which empties the write-ahead log into the file)."""
        if self._thread is None:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._thread = None
        # The thread's last hand-offs are in the loop's queue, ahead of this.
        await asyncio.sleep(0)

    def append(self, appends: Sequence[Append]) -> "asyncio.Future[Sequence[Outcome]]":
        """The outcomes, in order, once they are durable."""
        events, size = weigh(appends)
        return self._submit(_Work(self._future(), appends, events=events, size=size))

    def run(self, job: Callable[[Transaction], T], size: int = 0) -> "asyncio.Future[T]":
        """The job's result, once what it wrote is durable; what it raises undoes it alone."""
        return self._submit(_Work(self._future(), job=job, events=1, size=size))

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
        self._queue.put(work)
        return work.future

    # On the writer's thread.

    def _adopt(self, db: apsw.Connection) -> None:
        self._cache.load(db)
        db.set_wal_hook(self._note_pages)
        self._db = db

    def _note_pages(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def _run(self) -> None:
        while batch := self._take():
            commit = self._commit(batch)
            self._loop.call_soon_threadsafe(self._deliver, batch, commit)
            if self._db is not None:
                self._checkpoints.consider(self._db, self._pages)
        # The last connection empties the write-ahead log into the file.
        self._checkpoints.stop()
        if self._db is not None:
            self._db.close()
        self._checkpoints.close()

    def _take(self) -> list[_Work]:
        first = self._held or self._queue.get()
        self._held = None
        if first is None:
            return []
        batch, events, size = [first], first.events, first.size
        while True:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return batch
            if work is None:
                self._queue.put(None)
                return batch
            events, size = events + work.events, size + work.size
            if events > EVENTS_PER_COMMIT or size > BYTES_PER_COMMIT:
                self._held = work
                return batch
            batch.append(work)

    def _commit(self, batch: list[_Work]) -> Commit | None:
        try:
            if self._db is None:
                self._adopt(self._connect())
            return self._transact(self._db, batch)
        except apsw.Error as error:
            _log.exception("a commit failed; nothing of it is stored")
            failure: Exception = storage_error(error)
        except Exception as error:
            _log.exception("the writer failed; nothing of this commit is stored")
            failure = error
        for work in batch:
            work.error = failure
        self._recover()
        return None

    def _transact(self, db: Any, batch: list[_Work]) -> Commit | None:
        transaction = Transaction(db, self._cache, self._now_us())
        if not _append_at_once(transaction, batch):
            transaction = Transaction(db, self._cache, transaction.time_us)
            db.execute("BEGIN IMMEDIATE")
            self._fill(transaction, batch)
            db.execute("COMMIT")
        transaction.committed()
        return Commit(transaction.rows) if transaction.rows else None

    @staticmethod
    def _fill(transaction: Transaction, batch: list[_Work]) -> None:
        """Everything but the commit: neighbouring appends are admitted as one run, jobs have a savepoint each."""
        run: list[_Work] = []
        for work in batch:
            if work.job is None:
                run.append(work)
                continue
            _append_run(transaction, run)
            run = []
            try:
                work.result = transaction.run(work.job)
            except Rejection as refusal:
                work.error = refusal
        _append_run(transaction, run)

    def _recover(self) -> None:
        """Undo, and read again what is remembered; where even that fails, connect anew at the next commit."""
        try:
            if self._db is not None:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._cache.load(self._db)
        except apsw.Error:
            _log.exception("the database does not answer; connecting anew with the next commit")
            if self._db is not None:
                self._db.close(True)
            self._db = None

    # Back on the event loop.

    def _deliver(self, batch: list[_Work], commit: Commit | None) -> None:
        try:
            if commit is not None:
                self._on_commit(commit)
        finally:
            self._answer(batch)

    def _answer(self, batch: list[_Work]) -> None:
        for work in batch:
            self._waiting_events -= work.events
            self._waiting_bytes -= work.size
            if work.future.done():
                continue
            if work.error is not None:
                work.future.set_exception(work.error)
            else:
                work.future.set_result(work.result)


def _append_at_once(transaction: Transaction, batch: list[_Work]) -> bool:
    """Store a batch of nothing but usual appends; False: nothing happened."""
    if any(work.job is not None for work in batch) or sum(work.events for work in batch) > ROWS_PER_INSERT:
        return False
    outcomes = transaction.append_at_once([append for work in batch for append in work.appends])
    if outcomes is not None:
        _hand_out(batch, outcomes)
    return outcomes is not None


def _append_run(transaction: Transaction, run: list[_Work]) -> None:
    """Admit the appends of neighbouring work as one."""
    if run:
        _hand_out(run, transaction.append([append for work in run for append in work.appends]))


def _hand_out(run: list[_Work], outcomes: Sequence[Outcome]) -> None:
    """Give each work its own outcomes."""
    at = 0
    for work in run:
        work.result = outcomes[at : at + len(work.appends)]
        at += len(work.appends)
