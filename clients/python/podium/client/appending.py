"""The shared append stream of a connection: whatever waits goes as one message.

A gRPC call costs many times what a row costs the store, so the callers of a connection share one `AppendStream`. While
it is away everything unanswered waits, in the order of the calls, and is sent again with the same event ids when it is
back; the store answers a repeat with the original positions.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from podium.client.append_message import encode_append
from podium.client.errors import PodiumError, from_status, make_error
from podium.client.outbox import GATHERED_APPENDS, Outbox, Pending
from podium.client.tasks import TaskSet
from podium.events.v1.event_pb2 import Fence, StreamAppend
from podium.events.v1.event_service_pb2 import AppendResponse, AppendStreamResponse

GATHER_SECONDS = 0.005
"""Where the loop is busy, perhaps with the next callers, a message waits so long at most for what it may carry."""
IDLE_TURN_SECONDS = 0.000_03
"""A turn of the event loop that takes less did nothing: all that was to be done is done."""

_FIRST_BACKOFF_SECONDS = 0.05
_MAX_BACKOFF_SECONDS = 1.0
_TIMER_SECONDS = 0.001
"""A timer may go off so much early."""

_TRANSIENT = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED"})
"""Codes of a refusal that a repeat may not meet: the append waits for the next stream."""
_FATAL = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED", "FAILED_PRECONDITION"})
"""Codes at which the whole stream would end again."""


class Appender:
    """Lives as long as its connection; the stream is opened with the first append.

    `open_stream` makes an `AppendStream` to which encoded messages are written.
    """

    def __init__(self, open_stream: Callable[[], Any]) -> None:
        self._open_stream = open_stream
        self._tasks = TaskSet("appender")
        self._wake = asyncio.Event()
        self._outbox = Outbox(self._wake.set)
        self._timer: asyncio.TimerHandle | None = None
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
            self._outbox.forget(pending)

    def _enqueue(self, appends: Sequence[StreamAppend], fence: Fence | None, timeout_seconds: float) -> Pending:
        if self._closed:
            raise make_error("UNAVAILABLE", "NOT_READY", "the connection is closed")
        number = self._numbers + 1
        data = encode_append(number, appends, fence)
        self._outbox.check(len(data))
        self._numbers = number
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        pending = Pending(number, appends, data, loop.create_future(), deadline)
        if self._timer is None or deadline < self._timer.when():
            self._set_timer(deadline)
        self._outbox.put(pending)
        if not self._running:
            self._running = True
            self._tasks.spawn(self._run(), name="run")
        return pending

    def _set_timer(self, deadline: float) -> None:
        """One timer for all: a timer for each append costs as much as the rest of it, and next to none ever ends."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time() + _TIMER_SECONDS
        left = [pending.deadline for pending in self._outbox.waiting if pending.deadline > now]
        if left:
            self._set_timer(min(left))
        for pending in self._outbox.waiting:
            if pending.deadline <= now and not pending.future.done():
                pending.future.set_exception(pending.refusal or self._late())

    def _late(self) -> PodiumError:
        text = "the event store did not answer in time" + (f" ({self._loss})" if self._loss else "")
        return make_error("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", text)

    async def _run(self) -> None:
        while True:
            while not self._outbox:
                self._wake.clear()
                await self._wake.wait()
            self._outbox.begin_again()
            try:
                await self._talk()
                error: PodiumError | None = None
            except PodiumError as failure:
                error = self._loss = failure
            if error is not None and error.code in _FATAL:
                self._fail(error)
            if self._outbox:
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
            while not self._outbox.has_room():
                self._wake.clear()
                await self._wake.wait()
                await self._gather()
            if message := self._outbox.fill():
                try:
                    await call.write(message)
                except (PodiumError, asyncio.InvalidStateError):
                    return  # the stream has ended: its reader hears why

    async def _gather(self) -> None:
        """Let a busy loop go on first: whoever appends meanwhile rides along. An idle one sends at once.

        Those who got their answers with the message that made room get their turn at any rate: they may append again.
        """
        begin = before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            idle = now - before < IDLE_TURN_SECONDS
            if idle or self._outbox.unsent >= GATHERED_APPENDS or now - begin > GATHER_SECONDS:
                return
            before = now

    def _settle(self, answer: AppendStreamResponse) -> None:
        """Hand out the answers; raises the first transient refusal, so that the stream is begun anew."""
        transient: PodiumError | None = None
        waiting: set[str] = set()
        for result in answer.results:
            pending = self._outbox.get(result.number)
            if pending is None:
                continue
            self._outbox.answered(pending)
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
        for pending in list(self._outbox.waiting):
            if not pending.future.done():
                pending.future.set_exception(error)
            self._outbox.forget(pending)

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
