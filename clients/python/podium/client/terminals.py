"""A terminal as a viewer sees it: attached for ever, by offset, over any number of connections."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from podium.client.errors import PodiumError, make_error
from podium.client.reasons.tasks import InputOutOfOrderError
from podium.client.watch import resuming
from podium.client.watches import Resuming, audible

if TYPE_CHECKING:
    from podium.tasks.v1.terminal_service_pb2 import AttachResponse, TerminalExit
    from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceAsyncStub

WRITE_BYTES = 64 << 10
"""Of one Write; longer input goes in several."""
PAUSE_SECONDS = 5.0
"""Somebody sits before it: the pauses between attempts grow no longer than this."""
REATTACH_SECONDS = 10.0
"""How long a write waits while the connection is being made anew, and is repeated until it is answered."""
_REPEAT_SECONDS = 0.2
_AWAY = "failed to connect"
"""How the message begins of an error that is not worth another attempt at once."""


class Terminal:
    """What `Podium.attach` gives: iterate it, once; `write` and `resize` meanwhile.

    The items are those of the RPC (`opened`, `output`, `resized`, `input_lost`, `exited`). After a loss it attaches
    again where it was: `opened` comes again, output is neither lost nor repeated; what is no longer kept counts in
    `output.gap_bytes`. It ends after `exited`, unless that is only `away`: then it waits for the terminal to return.

    Raises SESSION_NOT_FOUND, PROJECT_NOT_FOUND; TOO_MANY_VIEWERS is waited out.
    """

    def __init__(
        self,
        stub: "TerminalServiceAsyncStub",
        project_id: str,
        session_id: str,
        *,
        after_offset: int = 0,
        take_input: bool = False,
        read_only: bool = False,
        how: Resuming | None = None,
    ) -> None:
        self._stub = stub
        self._ids = {"project_id": project_id, "session_id": session_id}
        self._take_input = take_input
        self._read_only = read_only
        self._how = how or Resuming()
        self._attached = asyncio.Event()
        self._writing = asyncio.Lock()
        self._sequence = 0
        self._unsure: tuple[str, int, bytes] | None = None
        """The token, number and bytes of a call that failed and may have arrived: the same again is its repeat."""
        self.offset = after_offset
        """Output up to here was seen."""
        self.input_token = ""
        """Empty while somebody else writes, or nobody can."""
        self.rows = 0
        self.columns = 0
        """The terminal's size; 0 until it is known."""
        self.exited: TerminalExit | None = None
        """How it ended; None while it has not."""

    def __aiter__(self) -> "AsyncGenerator[AttachResponse, None]":
        return self._items()

    async def _items(self) -> "AsyncGenerator[AttachResponse, None]":
        how = self._how
        items = resuming(self._open, _reached, self.offset, on_loss=self._lost, sleep=self._pause, chance=how.chance)
        try:
            async with aclosing(items):
                async for item in items:
                    self._take(item)
                    yield item
                    if self.exited is not None:
                        return
        finally:
            if self.exited is None:
                self._attached.clear()

    def _open(self, offset: int | None) -> AsyncIterator[Any]:
        from podium.tasks.v1.terminal_service_pb2 import AttachRequest

        request = AttachRequest(
            **self._ids,
            after_offset=offset or 0,
            take_input=self._take_input,
            read_only=self._read_only,
            input_token=self.input_token,
        )
        return audible(aiter(self._stub.Attach(request)), self._how.silence_seconds)

    def _lost(self, error: Any, pause: float) -> None:
        self._attached.clear()
        if self._how.on_loss is not None:
            self._how.on_loss(error, min(pause, PAUSE_SECONDS))

    async def _pause(self, seconds: float) -> None:
        await self._how.sleep(min(seconds, PAUSE_SECONDS))

    def _take(self, item: Any) -> None:
        match item.WhichOneof("item"):
            case "opened":
                opened = item.opened
                # A number that was used may still arrive: no other input gets it.
                used = self._sequence if opened.input_token == self.input_token else 0
                self.input_token, self._sequence = opened.input_token, max(opened.sequence, used)
                self.rows, self.columns = opened.rows or self.rows, opened.columns or self.columns
                # Whoever takes the input later keeps it: a new connection is no reason to take it back.
                self._take_input = False
                self._attached.set()
            case "output":
                self.offset = item.output.offset + len(item.output.data)
            case "resized":
                self.rows, self.columns = item.resized.rows, item.resized.columns
            case "input_lost":
                self.input_token = ""
            case "exited":
                self._attached.clear()
                if not item.exited.away:
                    self.exited = item.exited
                    self._attached.set()  # whoever waits to type hears of it at once

    async def write(self, data: bytes) -> None:
        """Type bytes, in the order of the calls.

        A call whose answer was lost is repeated under its number: what it wrote is typed once. Raises INPUT_NOT_HELD
        where somebody else writes, TERMINAL_READ_ONLY, TERMINAL_NOT_SERVED where it does not run; UNAVAILABLE where it
        cannot be reached, or where Maestro was restarted meanwhile: what was written last may have arrived.
        """
        async with self._writing:
            for start in range(0, len(data), WRITE_BYTES):
                part = data[start : start + WRITE_BYTES]
                try:
                    await self._write(part)
                except InputOutOfOrderError as error:
                    # The call before this one failed and had not arrived.
                    self._sequence = int(error.metadata["expected"]) - 1
                    await self._write(part)

    async def _write(self, data: bytes) -> None:
        from podium.tasks.v1.terminal_service_pb2 import WriteRequest

        token = await self._token()
        if self._unsure != (token, self._sequence, data):
            self._sequence += 1
        self._unsure = None
        request = WriteRequest(**self._ids, input_token=token, data=data, sequence=self._sequence)
        until, lost = asyncio.get_running_loop().time() + REATTACH_SECONDS, False
        while True:
            try:
                await self._stub.Write(request)
            except InputOutOfOrderError:
                raise
            except PodiumError as error:
                if not lost and not error.is_outcome_unknown:
                    if token == self.input_token:
                        self._sequence = request.sequence - 1
                    raise
                self._unsure = (token, request.sequence, data)
                if not lost and (error.reason or error.message.startswith(_AWAY)):
                    raise
                lost = True
                if not error.is_outcome_unknown or not await self._holds_again(token, until):
                    message = f"the answer was lost, and what was written may have arrived: {error.message}"
                    raise make_error("UNAVAILABLE", "", message) from None
            else:
                self._unsure = None
                return

    async def _holds_again(self, token: str, until: float) -> bool:
        """After a moment: whether the terminal is attached, under the same token."""
        try:
            async with asyncio.timeout_at(until):
                await self._how.sleep(_REPEAT_SECONDS)
                await self._attached.wait()
        except TimeoutError:
            return False
        return self.exited is None and self.input_token == token

    async def resize(self, rows: int, columns: int) -> None:
        """Give it another size; `resized` says when it has it. Raises as `write`."""
        from podium.tasks.v1.terminal_service_pb2 import ResizeRequest

        token = await self._token()
        await self._stub.Resize(ResizeRequest(**self._ids, input_token=token, rows=rows, columns=columns))

    async def _token(self) -> str:
        try:
            async with asyncio.timeout(REATTACH_SECONDS):
                await self._attached.wait()
        except TimeoutError:
            raise make_error("UNAVAILABLE", "", "the terminal is not attached; try again") from None
        if self.exited is not None:
            raise make_error("FAILED_PRECONDITION", "TERMINAL_NOT_SERVED", "the terminal has ended")
        if not self.input_token:
            raise make_error(
                "FAILED_PRECONDITION", "INPUT_NOT_HELD", "somebody else writes; attach with take_input to take over"
            )
        return self.input_token


def _reached(item: Any) -> int | None:
    """The output up to which everything has come with this item."""
    match item.WhichOneof("item"):
        case "opened":
            return int(item.opened.offset)
        case "output":
            return int(item.output.offset) + len(item.output.data)
    return None
