"""One supervised process: started through the journal, bounded in time and output, ended with all its descendants."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from podium.runner.processes import table
from podium.runner.processes.ending import end_group
from podium.runner.processes.journal import Journal
from podium.runner.processes.outlet import Outlet

_HELPER = Path(__file__).with_name("launch_helper.py")
_REAP_SECONDS = 5.0
_LOOK_SECONDS = 5.0
"""How often a time limit is looked at anew: what counts against it may stand still (waiting for a person)."""


class Ended(Enum):
    """Why a process ended."""

    EXITED = "exited"
    STOPPED = "stopped"
    TIME_LIMIT = "time limit"
    OUTPUT_LIMIT = "output limit"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended; `status` is its exit status, negative for a signal."""

    ended: Ended
    status: int

    @property
    def ok(self) -> bool:
        """It ended by itself, with status 0."""
        return self.ended is Ended.EXITED and self.status == 0


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `key` is unique among running processes; the environment is the whole of it."""

    key: str
    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    terminal: bool = False
    stdin: Path | int | None = None
    """A file that it reads, or a descriptor, which the caller closes once it runs; None: nothing."""
    stderr: int | None = None
    """A descriptor for its standard error, which the caller closes once it runs; None: where its output goes."""
    output_limit_bytes: int = 0
    """0: no limit."""
    grace_seconds: float = 5.0
    size: tuple[int, int] = field(default=(40, 120))
    """Rows and columns of the terminal."""
    end_signals: Sequence[signal.Signals] = (signal.SIGTERM,)
    """What asks its group to end, one after the other, before SIGKILL. A shell that talks to a person heeds SIGHUP."""
    confinement: "Confinement | None" = None
    """A sandbox that it runs in."""


class Confinement(Protocol):
    """A sandbox of one process."""

    async def enter(
        self, argv: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[Sequence[str], Mapping[str, str]]:
        """The words and the environment that run a command inside. Raises StartError."""
        ...

    async def leave(self) -> None:
        """The process has ended, or was never started."""
        ...


class StartError(Exception):
    """The command could not be started; the message names it and says why."""


class _Protocol(asyncio.SubprocessProtocol):
    def __init__(self, exited: "asyncio.Future[None]") -> None:
        self._exited = exited

    def process_exited(self) -> None:
        if not self._exited.done():
            self._exited.set_result(None)


class Supervised:
    """A running process. Make it with `start`, then await `wait` once."""

    def __init__(self, command: Command, journal: Journal, on_output: Callable[[bytes], None]) -> None:
        self._command = command
        self._journal = journal
        self._on_output = on_output
        self._loop = asyncio.get_running_loop()
        self._exited: asyncio.Future[None] = self._loop.create_future()
        self._stop: asyncio.Future[Ended] = self._loop.create_future()
        self._transport: asyncio.SubprocessTransport | None = None
        self.outlet = Outlet(self._take, command.size if command.terminal else None)
        """Its output; where it has a terminal, its input and size too."""
        self._received = 0

    @classmethod
    async def start(cls, command: Command, journal: Journal, on_output: Callable[[bytes], None]) -> "Supervised":
        """Start a command; when this returns, it runs. Raises StartError."""
        confinement = command.confinement
        if confinement is not None:
            argv, environment = await confinement.enter(command.argv, command.environment)
            command = replace(command, argv=argv, environment=environment)
        process = cls(command, journal, on_output)
        try:
            await process._launch()
        except BaseException:
            if confinement is not None:
                await confinement.leave()
            raise
        return process

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group and session."""
        assert self._transport is not None
        return self._transport.get_pid()

    def stop(self) -> None:
        """Ask for the end; `wait` brings it about."""
        self._ask(Ended.STOPPED)

    def write(self, data: bytes) -> int:
        """Type into the terminal; how many bytes were taken (none where there is no terminal)."""
        return self.outlet.write(data)

    async def wait(self, remaining: Callable[[], float] | None = None) -> Exit:
        """Wait for the end, or bring it about when asked or when a limit is passed; then nothing of it is left.

        `remaining` gives the seconds that are left of its time.
        """
        try:
            ended = await self._wait(remaining)
        finally:
            await self._clean_up()
        assert self._transport is not None
        status = self._transport.get_returncode()
        return Exit(ended, status if status is not None else -9)

    async def _clean_up(self) -> None:
        """End what is left of the group, also when the waiting was cancelled."""
        assert self._transport is not None
        command = self._command
        await end_group(self.pid, self._journal.mark(command.key), command.grace_seconds, command.end_signals)
        self.outlet.drain()
        await asyncio.wait({self._exited}, timeout=_REAP_SECONDS)
        self._transport.close()
        self._journal.remove(command.key)
        if command.confinement is not None:
            await command.confinement.leave()

    async def _wait(self, remaining: Callable[[], float] | None) -> Ended:
        while True:
            left = remaining() if remaining else None
            if left is not None and left <= 0:
                self._ask(Ended.TIME_LIMIT)
            timeout = None if left is None else min(max(left, 0.0), _LOOK_SECONDS)
            either: set[asyncio.Future[Any]] = {self._exited, self._stop}
            await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.done():
                return self._stop.result()
            if self._exited.done():
                return Ended.EXITED

    async def _launch(self) -> None:
        command = self._command
        go_read, go_write = os.pipe()
        status_read, status_write = os.pipe()
        child_end = self.outlet.open()
        try:
            try:
                await self._spawn(go_read, status_write, child_end)
            finally:
                os.close(go_read)
                os.close(status_write)
                os.close(child_end)
            self._journal.add(command.key, self.pid, command.end_signals)
            os.write(go_write, b"g")
            problem = await self._read_all(status_read)
        except BaseException:
            self.outlet.close()
            raise
        finally:
            os.close(go_write)
            os.close(status_read)
        if problem:
            await self.wait()
            raise StartError(problem.decode(errors="replace"))

    async def _spawn(self, go_read: int, status_write: int, child_end: int) -> None:
        command = self._command
        kind = "tty" if command.terminal else "pipe"
        given = asyncio.subprocess.DEVNULL if command.stdin is None else command.stdin
        if isinstance(given, Path):
            given = os.open(given, os.O_RDONLY | os.O_CLOEXEC)
        helper = [sys.executable, "-I", "-S", str(_HELPER), str(go_read), str(status_write), kind]
        try:
            transport, _ = await self._loop.subprocess_exec(
                lambda: _Protocol(self._exited),
                *helper,
                *command.argv,
                stdin=child_end if command.terminal else given,
                stdout=child_end,
                stderr=child_end if command.stderr is None else command.stderr,
                cwd=command.directory,
                env={**command.environment, table.MARKER: self._journal.mark(command.key)},
                start_new_session=True,
                pass_fds=(go_read, status_write),
            )
        except OSError as error:
            raise StartError(f"{command.argv[0]}: {error.strerror} ({error.filename})") from error
        finally:
            if isinstance(command.stdin, Path):
                os.close(given)
        self._transport = transport

    async def _read_all(self, descriptor: int) -> bytes:
        """Everything until the other end closes: the start's error, or nothing."""
        os.set_blocking(descriptor, False)
        done: asyncio.Future[bytes] = self._loop.create_future()

        def readable() -> None:
            if not done.done():
                done.set_result(os.read(descriptor, 4096))

        self._loop.add_reader(descriptor, readable)
        try:
            return await done
        finally:
            self._loop.remove_reader(descriptor)

    def _take(self, data: bytes) -> None:
        self._received += len(data)
        limit = self._command.output_limit_bytes
        if limit and self._received > limit:
            self._ask(Ended.OUTPUT_LIMIT)
            return
        self._on_output(data)

    def _ask(self, ended: Ended) -> None:
        if not self._stop.done():
            self._stop.set_result(ended)
