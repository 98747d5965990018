"""Offering a terminal to Maestro: one stream, opened again whenever it is lost, for as long as the terminal lives."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from podium.client.errors import PodiumError
from podium.runner.terminals.terminal import Terminal
from podium.tasks.v1.terminal_service_pb2 import (
    InputTaken,
    ServeRequest,
    ServeResponse,
    TerminalExit,
    TerminalOpen,
    TerminalOutput,
    TerminalResized,
)

if TYPE_CHECKING:
    from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceAsyncStub

_log = logging.getLogger(__name__)

MESSAGE_BYTES = 64 * 1024
GATHER_SECONDS = 0.01
"""After a message more output may gather for so long: a flood then costs few messages, a key stroke no time."""
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_LAST_TRIES = 5
"""How often the end of a terminal is offered to a Maestro that is away; it hears of it by the report too."""
_ANSWER_SECONDS = 10.0
"""How long a stream may wait to be accepted, where there is nothing left but to tell the end."""
_HOPS = 3

Stubs = Callable[[str], "TerminalServiceAsyncStub"]
"""The service at an address; empty: at Maestro's own."""


class Serving:
    """Serves one terminal. `run` ends after the terminal's end, or when it is refused."""

    def __init__(self, terminal: Terminal, stubs: Stubs, on_refused: Callable[[str], None] | None = None) -> None:
        """`on_refused` hears when Maestro says that the session is not (or no more) ours."""
        self._terminal = terminal
        self._stubs = stubs
        self._on_refused = on_refused

    async def run(self) -> None:
        """Serve."""
        pause, address, hops, tries = _FIRST_PAUSE_SECONDS, "", 0, 0
        while True:
            stream = _Stream(self._terminal)
            error = await stream.run(self._stubs(address))
            if stream.told_end and error is None:
                return
            if error is not None and error.reason == "SESSION_NOT_YOURS" and self._on_refused is not None:
                self._on_refused(error.message)
                return
            if error is not None and error.reason == "NOT_OWNER" and hops < _HOPS:
                address, hops = error.metadata.get("owner_address", ""), hops + 1
                continue
            if self._terminal.end is not None:
                tries += 1
                if tries >= _LAST_TRIES:
                    return
            pause = _FIRST_PAUSE_SECONDS if stream.accepted.is_set() else min(pause * 2, _LONGEST_PAUSE_SECONDS)
            _log.debug("terminal %s: not served: %s", self._terminal.session_id, error)
            address, hops = "", 0
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter


class _Stream:
    """One stream, until it ends or is lost."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._wanted = False
        self._position = 0
        self._closed = False
        self._counts = False
        """Whether the other end counts input: it says so with its first word."""
        self.accepted = asyncio.Event()
        self.told_end = False

    async def run(self, stub: "TerminalServiceAsyncStub") -> PodiumError | None:
        """Serve by it; what was said against it."""
        call = stub.Serve(self._requests())
        try:
            async for response in call:
                self._hear(response)
                self.accepted.set()
        except PodiumError as error:
            return error
        finally:
            self._closed = True
            self._terminal.changed.set()  # gRPC leaves the requests of a lost stream waiting
            call.cancel()
        return None

    def _hear(self, response: ServeResponse) -> None:
        terminal = self._terminal
        if response.input_id:
            self._counts, terminal.input_id = True, response.input_id
        match response.WhichOneof("item"):
            case "wanted":
                self._wanted = True
                self._position = response.wanted.after_offset
                terminal.changed.set()
            case "unwanted":
                self._wanted = False
            case "input":
                typed = response.input
                terminal.type(typed.data, typed.offset if typed.HasField("offset") else None)
            case "resize":
                terminal.resize(response.resize.rows, response.resize.columns)

    async def _requests(self) -> AsyncIterator[ServeRequest]:
        """What is sent: gRPC takes the next one when it has sent the one before."""
        terminal = self._terminal
        told_size, told_taken = terminal.sizes[-1], terminal.received - terminal.waiting
        yield ServeRequest(open=_offer(terminal))
        while not self._closed:
            terminal.changed.clear()
            taken = terminal.received - terminal.waiting
            if taken != told_taken and self._counts:
                told_taken = taken
                yield ServeRequest(input_taken=InputTaken(offset=taken))
            if terminal.sizes[-1] != told_size:
                told_size = terminal.sizes[-1]
                yield ServeRequest(resized=_resized(*told_size))
            output = self._next_output()
            if output is not None:
                yield ServeRequest(output=output)
                await asyncio.sleep(GATHER_SECONDS)
                continue
            if terminal.end is not None:
                if not self.accepted.is_set():
                    await self._until_accepted()  # or viewers that came back would miss its last output
                    continue
                end = terminal.end
                self.told_end = True
                yield ServeRequest(exited=TerminalExit(status=end.status, signal=end.signal, text=end.text))
                return
            await terminal.changed.wait()

    async def _until_accepted(self) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self.accepted.wait()
        except TimeoutError:
            self.accepted.set()

    def _next_output(self) -> TerminalOutput | None:
        """The next piece for whoever watches; what the ring has lost meanwhile is a gap."""
        ring = self._terminal.ring
        if not self._wanted or self._position >= ring.end:
            return None
        offset, data = ring.after(self._position, MESSAGE_BYTES)
        gap = offset - self._position
        self._position = offset + len(data)
        return TerminalOutput(offset=offset, data=data, gap_bytes=gap)


def _offer(terminal: Terminal) -> TerminalOpen:
    return TerminalOpen(
        project_id=terminal.project_id,
        session_id=terminal.session_id,
        rows=terminal.size[0],
        columns=terminal.size[1],
        offset=terminal.ring.end,
        writable=True,
        input_offset=terminal.received,
        input_waiting=terminal.waiting,
        input_id=terminal.input_id,
        sizes=[_resized(*step) for step in terminal.sizes],
    )


def _resized(offset: int, size: tuple[int, int]) -> TerminalResized:
    return TerminalResized(rows=size[0], columns=size[1], offset=offset)
