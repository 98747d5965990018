"""Running a program to its end: bounded in time and output, and not held up by what it leaves behind.

git, its hooks and a forge's own program start others: a hook may hang, or put something into the background that keeps
the pipes open for ever. So the end is that of the program itself; its whole group is ended where it takes too long,
and what still holds its pipes after the end is left alone and not waited for.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OUTPUT_BYTES = 256 * 1024 * 1024
SAID_BYTES = 64 * 1024
_GRACE_SECONDS = 10.0
"""Between SIGTERM, on which git removes its lock files, and SIGKILL."""
_REAP_SECONDS = 10.0
_LINGER_SECONDS = 1.0
"""For the rest of the output after the end."""
_OUT, _ERR = 1, 2


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended: its status (negative for a signal), its output, its words; and whether Podium ended it."""

    status: int
    output: bytes
    said: str
    too_long: bool = False
    """It took too long."""
    too_much: bool = False
    """It wrote too much: the output is its beginning."""


async def run_program(
    words: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    *,
    seconds: float,
    stdin: bytes | None = None,
    keep: Sequence[int] = (),
    output_limit: int = OUTPUT_BYTES,
) -> Done:
    """Run a program in a session of its own; `keep` are descriptors that it inherits. Raises FileNotFoundError.

    A cancellation waits for its end: one that is stopped halfway may leave a lock file behind.
    """
    loop = asyncio.get_running_loop()
    transport, run = await loop.subprocess_exec(
        lambda: _Run(output_limit),
        *words,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=directory,
        env=environment,
        start_new_session=True,
        pass_fds=tuple(keep),
    )
    if stdin is not None:
        run.feed(stdin)
    waits = _Waits()
    try:
        too_long = not await waits.for_end(run.exited, seconds)
        if too_long:
            run.signal(signal.SIGTERM)
            await waits.for_end(run.exited, _GRACE_SECONDS)
            run.signal(signal.SIGKILL)  # what is left of the group, hooks among it
            await waits.for_end(run.exited, _REAP_SECONDS)
        await waits.for_end(run.closed, _LINGER_SECONDS)
    finally:
        transport.close()
    if waits.cancelled:
        raise asyncio.CancelledError
    status = transport.get_returncode()
    said = bytes(run.said[-SAID_BYTES:]).decode(errors="replace")
    return Done(-signal.SIGKILL if status is None else status, bytes(run.output), said, too_long, run.too_much)


class _Waits:
    """Waiting that a cancellation does not end, but that remembers it."""

    def __init__(self) -> None:
        self.cancelled = False

    async def for_end(self, future: "asyncio.Future[None]", seconds: float) -> bool:
        """Whether it came within the time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not future.done() and (left := end - loop.time()) > 0:
            try:
                await asyncio.wait({future}, timeout=left)
            except asyncio.CancelledError:
                self.cancelled = True
        return future.done()


class _Run(asyncio.SubprocessProtocol):
    """One running program: its pipes are read as they fill, its end is awaited apart from theirs."""

    def __init__(self, output_limit: int) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.output = bytearray()
        self.said = bytearray()
        self.too_much = False
        self._output_limit = output_limit
        self._open = {_OUT, _ERR}
        self._take: dict[int, Callable[[bytes], None]] = {_OUT: self._output, _ERR: self._words}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def feed(self, data: bytes) -> None:
        """Write its input, and close it."""
        pipe = self._transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)
        pipe.write(data)
        pipe.close()  # after what is buffered

    def signal(self, number: signal.Signals) -> None:
        """Signal its whole group, also after its own end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._transport.get_pid(), number)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._take[fd](data)

    def _output(self, data: bytes) -> None:
        self.output += data
        if len(self.output) > self._output_limit:
            del self.output[self._output_limit :]
            self.too_much = True
            self.signal(signal.SIGKILL)

    def _words(self, data: bytes) -> None:
        self.said += data
        if len(self.said) > 2 * SAID_BYTES:
            del self.said[:-SAID_BYTES]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open and not self.closed.done():
            self.closed.set_result(None)

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)
