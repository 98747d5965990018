"""The shared append stream of a connection: whatever waits goes as one message.

A gRPC call costs many times what a row costs the store, so the callers of a connection share one `AppendStream`. While
it is away everything unanswered waits, in the order of the calls, and is sent again with the same event ids when it is
back; the store answers a repeat with the original positions.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from podium.client.append_message import encode_append
from podium.client.errors import FieldViolation, PodiumError, from_status, make_error
from podium.client.tasks import TaskSet
from podium.events.v1.event_pb2 import Fence, StreamAppend
from podium.events.v1.event_service_pb2 import AppendResponse, AppendStreamResponse

MAX_PENDING = 10_000
MAX_PENDING_BYTES = 64 << 20
APPENDS_PER_MESSAGE = 1000
BYTES_PER_MESSAGE = 3 << 20
"""A message with several appends holds so much at most; a single append may be longer."""

MESSAGES_UNDER_WAY = 2
"""While so many wait for their answers, what comes gathers for the next one: many rows then cost one call."""
LEAST_SHARE = 8
LEAST_SHARE_BYTES = 32 << 10
"""A message takes no more than its share of all that waits for answers, but so much at any time: without a share one
message would carry nearly everything, and client, store and disk would wait for each other instead of working in turn.
"""
GATHER_SECONDS = 0.005
GATHERED_APPENDS = 16
"""A message costs what several appends do. So where the loop is busy, perhaps with the next callers, a message waits so
long at most, or for so many appends; and for an answer, where another one is under way and this one would be small.
"""
IDLE_TURN_SECONDS = 0.000_03
"""A turn of the event loop that takes less did nothing: all that was to be done is done."""

MAX_APPEND_BYTES = 7 << 20
"""The store refuses appends over 4 MiB; those over this would not even get there (a message is 8 MiB at most)."""

_FIRST_BACKOFF_SECONDS = 0.05
_MAX_BACKOFF_SECONDS = 1.0
_TIMER_SECONDS = 0.001
"""A timer may go off so much early."""

_TRANSIENT = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED"})
"""Codes of a refusal that a repeat may not meet: the append waits for the next stream."""
_FATAL = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED", "FAILED_PRECONDITION"})
"""Codes at which the whole stream would end again."""


@dataclass(slots=True, eq=False)
class _Message:
    """A message under way, and how many of its appends wait for their answers."""

    unanswered: int = 0


@dataclass(slots=True, eq=False)
class _Pending:
    number: int
    appends: Sequence[StreamAppend]
    data: bytes
    future: "asyncio.Future[AppendResponse]"
    size: int
    deadline: float
    refusal: PodiumError | None = None
    message: _Message | None = None


class Appender:
    """Lives as long as its connection; the stream is opened with the first append.

    `open_stream` makes an `AppendStream` to which encoded messages are written.
    """

    def __init__(self, open_stream: Callable[[], Any]) -> None:
        self._open_stream = open_stream
        self._tasks = TaskSet("appender")
        self._pending: dict[int, _Pending] = {}
        self._queue: deque[_Pending] = deque()
        self._wake = asyncio.Event()
        self._under_way = 0
        self._timer: asyncio.TimerHandle | None = None
        self._bytes = 0
        self._numbers = 0
        self._running = False
        self._closed = False
        self._backoff = _FIRST_BACKOFF_SECONDS
        self._loss: PodiumError | None = None

    async def append(
        self, appends: Sequence[StreamAppend], fence: Fence | None, timeout_seconds: float
    ) -> AppendResponse:
        """One atomic append; queued before the first await, so calls keep their order.

        Raises the store's refusal; DEADLINE_EXCEEDED where there was no answer in time (the outcome is unknown).
        """
        pending = self._enqueue(appends, fence, timeout_seconds)
        try:
            return await pending.future
        finally:
            self._forget(pending)

    def _enqueue(self, appends: Sequence[StreamAppend], fence: Fence | None, timeout_seconds: float) -> _Pending:
        if self._closed:
            raise make_error("UNAVAILABLE", "NOT_READY", "the connection is closed")
        number = self._numbers + 1
        data = encode_append(number, appends, fence)
        size = len(data)
        if size > MAX_APPEND_BYTES:
            text = f"at most {MAX_APPEND_BYTES} bytes in an append"
            wrong = FieldViolation("appends", text)
            raise make_error("INVALID_ARGUMENT", "INVALID_FIELD", f"appends: {text}", violations=(wrong,))
        if self._pending and (len(self._pending) >= MAX_PENDING or self._bytes + size > MAX_PENDING_BYTES):
            raise make_error("RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS", "too many appends wait for the event store")
        self._numbers = number
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        pending = _Pending(number, appends, data, loop.create_future(), size, deadline)
        if self._timer is None or deadline < self._timer.when():
            self._set_timer(deadline)
        self._pending[number] = pending
        self._bytes += size
        self._queue.append(pending)
        if self._has_room():
            self._wake.set()
        if not self._running:
            self._running = True
            self._tasks.spawn(self._run(), name="run")
        return pending

    def _forget(self, pending: _Pending) -> None:
        if self._pending.pop(pending.number, None) is not None:
            self._bytes -= pending.size
            self._answered(pending)

    def _answered(self, pending: _Pending) -> None:
        """Of its message one append less is under way."""
        message, pending.message = pending.message, None
        if message is not None:
            message.unanswered -= 1
            if not message.unanswered:
                self._under_way -= 1
                self._wake.set()

    def _set_timer(self, deadline: float) -> None:
        """One timer for all: a timer for each append costs as much as the rest of it, and next to none ever ends."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time() + _TIMER_SECONDS
        left = [pending.deadline for pending in self._pending.values() if pending.deadline > now]
        if left:
            self._set_timer(min(left))
        for pending in self._pending.values():
            if pending.deadline <= now and not pending.future.done():
                pending.future.set_exception(pending.refusal or self._late())

    def _late(self) -> PodiumError:
        text = "the event store did not answer in time" + (f" ({self._loss})" if self._loss else "")
        return make_error("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", text)

    async def _run(self) -> None:
        while True:
            while not self._pending:
                self._wake.clear()
                await self._wake.wait()
            # In the order of the calls: what was sent and not answered, then what was not sent.
            self._queue = deque(self._pending.values())
            self._under_way = 0
            for pending in self._queue:
                pending.message = None
            try:
                await self._talk()
                error: PodiumError | None = None
            except PodiumError as failure:
                error = self._loss = failure
            if error is not None and error.code in _FATAL:
                self._fail(error)
            if self._pending:
                advice = (error.retry_after_seconds or 0.0) if error else 0.0
                pause = max(self._backoff, min(advice, _MAX_BACKOFF_SECONDS))
                self._backoff = min(self._backoff * 2, _MAX_BACKOFF_SECONDS)
                await asyncio.sleep(pause * random.uniform(1.0, 1.5))  # noqa: S311 - spreads load

    async def _talk(self) -> None:
        """One stream, until it ends; raises why."""
        call = self._open_stream()
        writer = self._tasks.spawn(self._write(call), name="write")
        try:
            while (answer := await _read(call)) is not None:
                self._backoff, self._loss = _FIRST_BACKOFF_SECONDS, None
                self._settle(answer)
        finally:
            writer.cancel()
            call.cancel()

    async def _write(self, call: Any) -> None:
        while True:
            while not self._has_room():
                self._wake.clear()
                await self._wake.wait()
                await self._gather()
            if message := self._fill():
                try:
                    await call.write(message)
                except (PodiumError, asyncio.InvalidStateError):
                    return  # the stream has ended: its reader hears why

    def _has_room(self) -> bool:
        """Whether a message may go: the first one at once, another beside it where it carries enough."""
        if not self._under_way or not self._queue:
            return bool(self._queue)
        enough = len(self._queue) >= GATHERED_APPENDS or self._bytes > LEAST_SHARE_BYTES * MESSAGES_UNDER_WAY
        return enough and self._under_way < MESSAGES_UNDER_WAY

    async def _gather(self) -> None:
        """Let a busy loop go on first: whoever appends meanwhile rides along. An idle one sends at once.

        Those who got their answers with the message that made room get their turn at any rate: they may append again.
        """
        begin = before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            idle = now - before < IDLE_TURN_SECONDS
            if idle or len(self._queue) >= GATHERED_APPENDS or now - begin > GATHER_SECONDS:
                return
            before = now

    def _fill(self) -> bytes:
        """The next message; empty: nobody waits any more."""
        taken: list[bytes] = []
        under_way, size = _Message(), 0
        share = min(max(LEAST_SHARE, -(-len(self._pending) // MESSAGES_UNDER_WAY)), APPENDS_PER_MESSAGE)
        room = min(max(LEAST_SHARE_BYTES, -(-self._bytes // MESSAGES_UNDER_WAY)), BYTES_PER_MESSAGE)
        while self._queue and len(taken) < share:
            if size and size + self._queue[0].size > room:
                break
            pending = self._queue.popleft()
            if pending.future.done():
                continue
            taken.append(pending.data)
            size += pending.size
            pending.message = under_way
        under_way.unanswered = len(taken)
        self._under_way += bool(taken)
        return b"".join(taken)

    def _settle(self, answer: AppendStreamResponse) -> None:
        """Hand out the answers; raises the first transient refusal, so that the stream is begun anew."""
        transient: PodiumError | None = None
        waiting: set[str] = set()
        for result in answer.results:
            pending = self._pending.get(result.number)
            if pending is None:
                continue
            self._answered(pending)
            if pending.future.done():
                continue
            if result.WhichOneof("outcome") == "response":
                pending.future.set_result(result.response)
                continue
            error = _error(result.status)
            streams = {append.stream for append in pending.appends}
            # A conflict behind an append that is still to come says nothing: both are sent again.
            follows = error.reason == "REVISION_CONFLICT" and not waiting.isdisjoint(streams)
            if error.code in _TRANSIENT or follows:
                pending.refusal = error if error.code in _TRANSIENT else pending.refusal
                transient = transient or error
                waiting |= streams
            else:
                pending.future.set_exception(error)
        if transient is not None:
            raise transient

    def _fail(self, error: PodiumError) -> None:
        for pending in list(self._pending.values()):
            if not pending.future.done():
                pending.future.set_exception(error)
            self._forget(pending)

    async def close(self) -> None:
        """End the stream; whoever still waits gets UNAVAILABLE, outcome unknown."""
        self._closed = True
        self._fail(make_error("UNAVAILABLE", "OUTCOME_UNKNOWN", "the connection was closed before the answer"))
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.close()


async def _read(call: Any) -> AppendStreamResponse | None:
    """The next answer; None: the server ended the stream."""
    import grpc

    answer = await call.read()
    return None if answer is grpc.aio.EOF else answer


def _error(status: bytes) -> PodiumError:
    from google.rpc.status_pb2 import Status

    return from_status(Status.FromString(status))
