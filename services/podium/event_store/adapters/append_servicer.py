"""Append and AppendStream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

from podium.chassis.identity import current_identity
from podium.chassis.tasks import TaskSet
from podium.event_store.adapters.answers import encode_answers, encode_appended
from podium.event_store.adapters.incoming import parse_append
from podium.event_store.adapters.requests import check_writer
from podium.event_store.application.store import Store
from podium.event_store.application.turnstile import Turnstile
from podium.event_store.domain.model import Append, Outcome
from podium.kernel.errors import Rejection, invalid, unavailable
from podium.kernel.identity import Identity

MESSAGES_IN_FLIGHT = 64
"""Messages of one AppendStream that may wait for their commit; more are not read from the wire."""


MAX_APPENDS = 1000
"""In one message."""


@dataclass(slots=True)
class _Flight:
    """One message under way: its numbers, what was refused at once, and the answer for the rest."""

    numbers: list[int]
    early: list[Rejection | None]
    pending: Awaitable[Sequence[Outcome]] | None

    async def land(self) -> bytes:
        """The answers, by number, encoded."""
        try:
            outcomes = iter(await self.pending if self.pending is not None else ())
        except Rejection as refusal:
            outcomes = iter([refusal] * len(self.numbers))
        return encode_answers(
            (number, refused if refused is not None else next(outcomes))
            for number, refused in zip(self.numbers, self.early, strict=True)
        )


@dataclass(slots=True)
class _End:
    """Nothing more comes in; `cause` None: the client is done."""

    cause: Rejection | None


class AppendServicer:
    """The writing half of the service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readers: set[asyncio.Task[None]] = set()
        self._turnstile = Turnstile()

    async def Append(self, request: Any, context: Any) -> bytes:
        """Store one append, of which `request` is the view (`append_view`); the answer is encoded."""
        async with self._turnstile:
            append = parse_append(request)
            check_writer(current_identity(), append)
            (outcome,) = await self._store.log.append([append])
        if isinstance(outcome, Rejection):
            raise outcome
        return encode_appended(outcome)

    async def AppendStream(self, request_iterator: AsyncIterator[Any], context: Any) -> AsyncIterator[bytes]:
        """Store whole messages of appends, each in one hand-off; answer each in one message."""
        identity = current_identity()
        flights: asyncio.Queue[_Flight | _End] = asyncio.Queue()
        room = asyncio.Semaphore(MESSAGES_IN_FLIGHT)

        async def read() -> None:
            cause: Rejection | None = None
            try:
                async for request in request_iterator:
                    await room.acquire()
                    flights.put_nowait(self._launch(request, identity))
            except Rejection as refusal:
                cause = refusal
            except asyncio.CancelledError:
                cause = unavailable("NOT_READY", "the event store is stopping", 0.5)
            flights.put_nowait(_End(cause))

        async with TaskSet("append-stream") as tasks:
            reader = tasks.spawn(read(), name="read")
            self._readers.add(reader)
            try:
                while isinstance(flight := await flights.get(), _Flight):
                    # Not put together with its neighbours of the same commit: then all callers would wait for the same
                    # sync, and nobody would fill the next one.
                    yield await flight.land()
                    room.release()
            finally:
                self._readers.discard(reader)
        if flight.cause is not None:
            raise flight.cause

    def end_streams(self) -> None:
        """Take no more from AppendStreams: what is under way is answered, then they end; clients come again."""
        for reader in self._readers:
            reader.cancel()

    def _launch(self, request: Any, identity: Identity) -> _Flight:
        """`request` is the message's view (`append_view`)."""
        if len(request.appends) > MAX_APPENDS:
            raise invalid("appends", f"at most {MAX_APPENDS} in a message")
        appends: list[Append] = []
        flight = _Flight([], [], None)
        for numbered in request.appends:
            flight.numbers.append(numbered.number)
            try:
                append = parse_append(numbered.append)
                check_writer(identity, append)
                appends.append(append)
                flight.early.append(None)
            except Rejection as refusal:
                flight.early.append(refusal)
        if appends:
            try:
                flight.pending = self._store.log.append(appends)
            except Rejection as refusal:
                flight.early = [early or refusal for early in flight.early]
        return flight
