"""The writer of one entity: batches wait in order, and go into the log one append after another, many in one."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from podium.chassis.engine import records
from podium.chassis.engine.model import Batch, EngineSettings, Folded, Owner, Spawner
from podium.chassis.engine.ports import (
    AppendConflict,
    AppendFenced,
    AppendRefused,
    AppendUnknown,
    FenceToken,
    Log,
)
from podium.kernel.errors import Rejection, exhausted, unavailable

S = TypeVar("S")


class Writer(Generic[S]):
    """Appends what is queued, under the entity's fence.

    `on_commit(group, position)` follows each append that the log has; `on_drop(reason)` one that failed for good:
    then everything that waited has been failed with that reason. `committed` is asked for the revision to expect;
    `in_flight(True)` and `in_flight(False)` stand around each append.
    """

    def __init__(
        self,
        entity_id: str,
        stream: str,
        log: Log,
        owner: Owner,
        tasks: Spawner,
        settings: EngineSettings,
        *,
        committed: Callable[[], Folded[S]],
        in_flight: Callable[[bool], None],
        on_commit: Callable[[list[Batch[S]], int], None],
        on_drop: Callable[[], None],
    ) -> None:
        self._entity_id = entity_id
        self._stream = stream
        self._log = log
        self._owner = owner
        self._tasks = tasks
        self._settings = settings
        self._committed = committed
        self._in_flight = in_flight
        self._on_commit = on_commit
        self._on_drop = on_drop
        self._queue: deque[Batch[S]] = deque()
        self._flying: list[Batch[S]] = []
        self._writing = False
        self._closed = False

    def __len__(self) -> int:
        """Batches that wait for their append."""
        return len(self._queue)

    @property
    def idle(self) -> bool:
        """Nothing waits for the log."""
        return not self._queue and not self._flying

    def add(self, batch: Batch[S]) -> None:
        """Queue a batch; its future is done when the log has it, or never will."""
        # A caller that went away leaves nobody to ask for the exception; that is no fault.
        batch.done.add_done_callback(_retrieve)
        self._queue.append(batch)
        if not self._writing:
            self._writing = True
            self._tasks.spawn(self._write(), name=f"write {self._stream}")

    async def settled(self) -> None:
        """Wait until what is queued now is committed; raises where it could not be."""
        last = self._queue[-1] if self._queue else (self._flying[-1] if self._flying else None)
        if last is not None:
            resting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            resting.add_done_callback(_retrieve)
            last.resting.append(resting)
            await resting

    def close(self, reason: Rejection) -> None:
        """Append nothing any more; whoever waits hears the reason."""
        self._closed = True
        self._fail(reason)

    def _fail(self, reason: Rejection) -> None:
        pending = [*self._flying, *self._queue]
        self._flying = []
        self._queue.clear()
        for batch in pending:
            batch.settle(reason)

    async def _write(self) -> None:
        try:
            while self._queue and not self._closed:
                self._take_group()
                self._in_flight(True)
                try:
                    await self._append_group()
                finally:
                    self._in_flight(False)
        finally:
            self._writing = False
            if self._flying:
                self._fail(_unknown(self._stream))

    def _take_group(self) -> None:
        """Move what waits into the next append, as far as its bounds allow."""
        count = size = 0
        while self._queue:
            batch = self._queue[0]
            count += len(batch.records)
            size += batch.size
            if self._flying and (count > self._settings.group_events or size > self._settings.group_bytes):
                return
            self._flying.append(self._queue.popleft())

    async def _append_group(self) -> None:
        fence: FenceToken | None = None
        try:
            fence = self._owner.fence(self._entity_id)
            streams = records.merge_streams(self._stream, self._flying, self._committed())
            appended = await self._log.append(streams, fence, self._settings.append_timeout_seconds)
        except AppendFenced:
            self._owner.fenced_off(fence)
            self._drop(unavailable("NOT_OWNER", f"{self._stream} has a newer owner"))
        except AppendRefused as error:
            full = error.reason == "STORAGE_FULL"
            self._drop(exhausted(error.reason, error.message) if full else unavailable(error.reason, error.message))
        except (AppendConflict, AppendUnknown):
            self._drop(_unknown(self._stream))
        except Rejection as error:
            self._drop(error)
        else:
            self._commit(appended.last_position)

    def _commit(self, position: int) -> None:
        group, self._flying = self._flying, []
        if group:  # else it was closed meanwhile: the new owner reads it from the log
            self._on_commit(group, position)

    def _drop(self, reason: Rejection) -> None:
        self._fail(reason)
        self._on_drop()


def _unknown(stream: str) -> Rejection:
    return unavailable("OUTCOME_UNKNOWN", f"{stream}: outcome unknown; repeat with the same request_id")


def _retrieve(future: "asyncio.Future[None]") -> None:
    if not future.cancelled():
        future.exception()
