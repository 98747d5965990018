"""What was committed, by whomever, told in order to this process' listeners.

Each process tells its own commits from memory; those of others it reads once for all its subscribers, when a hint
comes or the poll is due. Hints are NOTIFYs, sent after the commit and on another connection (a NOTIFY inside an append
would hold an instance-wide lock through its sync): many commits, one hint. A lost hint costs a poll's wait. A process
that is the only one sends none; a new one says that it is there.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from podium.event_store.adapters.postgres.connection import LOST, Connection, Server, close
from podium.event_store.domain.model import Commit, StoredEvent

_log = logging.getLogger(__name__)

CHANNEL = "podium_events"
POLL_SECONDS = 0.5
RETRY_SECONDS = (0.05, 1.0)
"""First and longest wait before connecting anew."""
_NEWCOMER = "newcomer"
PAGE_ROWS = 1_000
PAGE_BYTES = 8 << 20

_READ = """SELECT position, stream, revision, event_id, type, event FROM (
    SELECT e.position, s.name AS stream, e.revision, e.event_id, t.name AS type, e.event,
        sum(octet_length(e.event)) OVER (ORDER BY e.position ROWS UNBOUNDED PRECEDING) - octet_length(e.event) AS before
    FROM (SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT $2) e
    JOIN streams s ON s.id = e.stream JOIN types t ON t.id = e.type
) page WHERE before < $3 ORDER BY position"""


_OTHERS = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()"""


class Tail:
    """`position`: everything up to here was told. `alone`: no other process wants to hear of commits."""

    def __init__(self, server: Server, tell: Callable[[Commit], None]) -> None:
        self._server, self._tell = server, tell
        self._news = asyncio.Event()
        self.position = 0
        self.alone = False

    def offer(self, rows: Sequence[StoredEvent]) -> bool:
        """Tell rows that are committed; False where something before them is not known yet."""
        if rows and rows[0].position <= self.position:
            rows = [row for row in rows if row.position > self.position]
        if not rows:
            return True
        if rows[0].position != self.position + 1:
            return False
        self.position = rows[-1].position
        self._tell(Commit(rows))
        return True

    def expect(self, position: int) -> None:
        """The log is known to reach so far: read it, where that is news."""
        if position > self.position:
            self._news.set()

    async def read(self, db: Connection, goal: int | None = None) -> None:
        """Tell everything up to the goal, or to the end."""
        while goal is None or self.position < goal:
            found = await db.fetch(_READ, self.position, PAGE_ROWS, PAGE_BYTES)
            if not found:
                return
            # Whatever was told meanwhile from memory is left out.
            self.offer([StoredEvent(*row) for row in found])

    async def run(self) -> None:
        """Follow the log for ever, over lost connections too."""
        pause, longest = RETRY_SECONDS
        while True:
            db = None
            try:
                db = await self._server.connect("tail")
                db.add_termination_listener(lambda _: self._news.set())
                await db.add_listener(CHANNEL, self._heard)
                await db.execute("SELECT pg_notify($1, $2)", CHANNEL, _NEWCOMER)
                pause = RETRY_SECONDS[0]
                await self._follow(db)
            except (*LOST, asyncpg.PostgresError) as error:
                _log.warning("the tail of the log is lost, connecting anew: %s", error or type(error).__name__)
            finally:
                await close(db)
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    async def _follow(self, db: Connection) -> None:
        loop = asyncio.get_running_loop()
        next_count = 0.0
        while True:
            if loop.time() >= next_count:
                next_count = loop.time() + POLL_SECONDS
                self.alone = not await db.fetchval(_OTHERS)
            await self.read(db)
            await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return
        finally:
            self._news.clear()

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        if payload.isdecimal():
            self.expect(int(payload))
        elif payload == _NEWCOMER:
            self.alone = False


class Hints:
    """Tells the other processes that there is more to read."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._news = asyncio.Event()
        self._position = 0

    def tell(self, position: int) -> None:
        """Soon; a newer position takes its place."""
        self._position = position
        self._news.set()

    async def run(self) -> None:
        """Send for ever; what cannot be sent is left to the others' polls."""
        pause, longest = RETRY_SECONDS
        while True:
            db = None
            try:
                # A hint need not survive a crash: it waits for no sync, and keeps nobody waiting for one.
                db = await self._server.connect("hints")
                await db.execute("SET synchronous_commit = off")
                notify: Any = await db.prepare("SELECT pg_notify($1, $2)")
                while True:
                    await self._news.wait()
                    self._news.clear()
                    await notify.fetchval(CHANNEL, str(self._position))
                    pause = RETRY_SECONDS[0]
            except (*LOST, asyncpg.PostgresError) as error:
                _log.debug("hints cannot be sent, connecting anew: %s", error)
            finally:
                await close(db)
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
