"""Messages between us and an agent's process: JSON, one a line, as the protocol's library wants to be given them.

Bounded on both sides: a line has a longest length, a process that writes faster than we understand is not read, and one
that does not read is not written to for ever.
"""

import asyncio
import json
import os
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

LINE_BYTES = 16 * 1024 * 1024
"""The longest line that is understood: files and images travel in one."""
_WAITING_BYTES = 1024 * 1024
"""What may wait to be understood before the process is not read any more."""
_WRITE_SECONDS = 30.0
_UPDATE = "session/update"
_NOISE_LINES = 1000
"""Lines that are no messages: some programs print a few; one that prints no others does not speak ACP."""


class Source(Protocol):
    """What the lines come from."""

    def pause(self) -> None:
        """Read no more for now."""
        ...

    def resume(self) -> None:
        """Read again."""
        ...


class Wire:
    """The two directions of an agent's standard streams. Implements the library's `Transport`."""

    def __init__(self, descriptor: int, on_noise: Callable[[bytes], None], line_bytes: int = LINE_BYTES) -> None:
        """`descriptor` is our end of its standard input, which is closed here; `on_noise` gets lines without sense."""
        self.on_update: Callable[[Any], None] = lambda _: None
        """Gets the parameters of each `session/update`, in order; the others are messages to be received."""
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._on_noise = on_noise
        self._line_bytes = line_bytes
        self._loop = asyncio.get_running_loop()
        self._writing = asyncio.Lock()
        self._lines: deque[bytes] = deque()
        self._partial = bytearray()
        self._waiting = 0
        self._noise = 0
        self._news = asyncio.Event()
        self._over = False
        self.source: Source | None = None
        self.last_sign = self._loop.time()
        """When the process last said something."""
        self.problem = ""
        """Why nothing more is understood, where that is the process' fault."""

    # -- from the process --------------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take what the process wrote."""
        if self._over:
            return
        self.last_sign = self._loop.time()
        *whole, rest = data.split(b"\n")
        for line in whole:
            self._add(bytes(self._partial) + line)
            self._partial.clear()
        self._partial += rest
        if len(self._partial) > self._line_bytes:
            self._too_long()
        if self._waiting > _WAITING_BYTES and self.source is not None:
            self.source.pause()
        self._news.set()

    def _add(self, line: bytes) -> None:
        if len(line) > self._line_bytes:
            self._too_long()
        elif not self._over:
            self._lines.append(line)
            self._waiting += len(line)

    def _too_long(self) -> None:
        self.end(f"it wrote a line of more than {self._line_bytes // 1024} KiB, the longest that is understood")

    def end(self, problem: str = "") -> None:
        """Nothing more will come, or what comes is not wanted."""
        self.problem = self.problem or problem
        self._over = True
        self._partial.clear()
        if problem:
            self._lines.clear()
        self._news.set()

    async def receive(self) -> dict[str, Any] | None:
        """The next message; None: there will be no more."""
        while True:
            while self._lines:
                line = self._lines.popleft()
                self._waiting -= len(line)
                if self._waiting <= _WAITING_BYTES and self.source is not None:
                    self.source.resume()
                message = self._understand(line)
                if message is None:
                    continue
                # The library makes a task of each message; let it begin before the next one is read.
                await asyncio.sleep(0)
                if message.get("method") != _UPDATE or "id" in message:
                    return message
                self.on_update(message.get("params"))
            if self._over:
                return None
            self._news.clear()
            await self._news.wait()

    def _understand(self, line: bytes) -> dict[str, Any] | None:
        if not line.strip():
            return None
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if isinstance(message, dict):
            return message
        self._noise += 1
        self._on_noise(line + b"\n")
        if self._noise > _NOISE_LINES:
            self.end(f"it wrote more than {_NOISE_LINES} lines that are no messages: it does not speak ACP")
        return None

    # -- to the process ----------------------------------------------------------------------------------------------

    async def send(self, message: dict[str, Any]) -> None:
        """Write a message. Raises ConnectionError where the process is gone, or does not read."""
        data = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        whole = len(data)
        async with self._writing:
            try:
                async with asyncio.timeout(_WRITE_SECONDS):
                    while data:
                        data = data[await self._write(data) :]
            except TimeoutError:
                self.end("it does not read what is said to it")
                raise ConnectionError("the agent does not read") from None
            finally:
                if 0 < len(data) < whole:
                    self._close_input()  # after half a message no other one can follow

    async def _write(self, data: memoryview) -> int:
        """Write what the pipe takes, at least something."""
        while True:
            if self._descriptor < 0:
                raise ConnectionError("the agent is gone")
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                await self._writable()
            except OSError as error:
                raise ConnectionError(f"the agent is gone: {error.strerror}") from error

    async def _writable(self) -> None:
        ready = asyncio.Event()
        self._loop.add_writer(self._descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            if self._descriptor >= 0:
                self._loop.remove_writer(self._descriptor)

    async def close(self) -> None:
        """Close its standard input: it may end by itself now."""
        self.end()
        self._close_input()

    def _close_input(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
