"""A session's terminal in the person's own: what is typed goes there, what it writes comes here."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.cli.attaching.keys import KeyScanner, name_of, without_reports
from podium.cli.attaching.modes import Modes
from podium.cli.attaching.raw_terminal import RawTerminal
from podium.cli.attaching.typist import Typist, patience

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.client.errors import PodiumError
    from podium.tasks.v1.terminal_service_pb2 import AttachResponse, TerminalExit, TerminalOpened, TerminalOutput

_ECHO_SECONDS = 1.0
"""For so long after output of the past a terminal may answer questions that stand in it."""
_QUIET_LOSSES = 2
"""A loss that is mended at once is not worth a line."""
_AWAY = "nobody serves its terminal now; waiting"
_CONTROL_C = 3
_LAST_SECONDS = 1.0
_START_SECONDS = 3.0
_STARTING = "waiting for a runner"


@dataclass(frozen=True, slots=True)
class Manner:
    """How to attach. `key` detaches; None: no key does."""

    read_only: bool = False
    take_input: bool = False
    key: int | None = None


class Attachment:
    """One attachment at a terminal."""

    def __init__(self, podium: "Podium", project_id: str, session_id: str, manner: Manner) -> None:
        self._manner = manner
        self._scanner = KeyScanner(manner.key)
        self._modes = Modes()
        self._remote = podium.attach(
            project_id,
            session_id,
            take_input=manner.take_input,
            read_only=manner.read_only,
            how=patience(self._lost),
        )
        self._typist = Typist(self._remote, self._notice)
        self._terminal = RawTerminal(self._typed, self._resized)
        self._detached = asyncio.Event()
        self._notices: asyncio.Queue[str] = asyncio.Queue(maxsize=20)
        self._losses = 0
        self._past_until = 0.0
        self._was_writer: bool | None = None
        self._starting: asyncio.TimerHandle | None = None
        self._failure: Exception | None = None
        self.end: TerminalExit | None = None

    @property
    def signal(self) -> int:
        """The signal that ended it; 0: none."""
        return self._terminal.signal

    async def run(self) -> None:
        """Until the session's end (`end` says how it was), the detach key, or a signal."""
        from podium.client.tasks import TaskSet

        with self._terminal:
            try:
                async with TaskSet("attachment") as tasks:
                    tasks.spawn(self._say_notices(), name="notices")
                    tasks.spawn(self._typist.run(), name="typing")
                    showing = tasks.spawn(self._show(), name="showing")
                    detached = tasks.spawn(self._detached.wait(), name="detached")
                    left = tasks.spawn(self._terminal.left.wait(), name="left")
                    await asyncio.wait({showing, detached, left}, return_when=asyncio.FIRST_COMPLETED)
                    await self._send_the_rest()
            finally:
                await self._terminal.write(self._modes.leave())
        if self._failure is not None:
            raise self._failure

    # -- what comes --------------------------------------------------------------------------------------------------

    async def _show(self) -> None:
        try:
            async with aclosing(aiter(self._remote)) as items:
                async for item in items:
                    await self._show_item(item)
        except Exception as error:  # raised by `run`, when the terminal is as it was
            self._failure = error

    def _notice(self, text: str) -> None:
        """Say it soon; what is too much is dropped."""
        if not self._notices.full():
            self._notices.put_nowait(text)

    async def _say_notices(self) -> None:
        while True:
            await self._say(await self._notices.get())

    async def _show_item(self, item: "AttachResponse") -> None:
        if self._starting is not None:
            self._starting.cancel()
        match item.WhichOneof("item"):
            case "opened":
                await self._opened(item.opened)
            case "output":
                await self._output(item.output)
            case "input_lost":
                self._was_writer = False
                await self._say("somebody else types now; `podium attach --take` takes it back")
            case "exited":
                self.end = self._remote.exited

    async def _opened(self, opened: "TerminalOpened") -> None:
        if self._losses > _QUIET_LOSSES and opened.running:
            await self._say("connected again")
        self._past_until = time.monotonic() + _ECHO_SECONDS
        if opened.running:
            self._losses = 0
        else:
            self._starting = asyncio.get_running_loop().call_later(_START_SECONDS, self._notice, _STARTING)
        if self._was_writer is not False and not opened.input_token and opened.running and not self._manner.read_only:
            await self._say("you watch: somebody else types (`podium attach --take` takes over)")
        self._was_writer = bool(opened.input_token)
        self._resized()

    async def _output(self, output: "TerminalOutput") -> None:
        if output.gap_bytes:
            await self._say(f"{output.gap_bytes:,} bytes left out")
        if not output.data:
            return  # a heartbeat
        self._modes.feed(output.data)
        await self._terminal.write(output.data)

    def _lost(self, error: "PodiumError | None", _pause: float) -> None:
        self._losses += 1
        if self._losses == _QUIET_LOSSES + 1:
            self._notice(_AWAY if error is None else f"trying again: {error.message}")

    async def _say(self, text: str) -> None:
        """A line of our own, where it does least harm: above a program that has the screen, else below all."""
        mark = f"\x1b[7m[podium: {text}]\x1b[0m".encode()
        if self._modes.alternate:
            await self._terminal.write(b"\x1b7\x1b[1;1H" + mark + b"\x1b8")
        else:
            await self._terminal.write(b"\r\n" + mark + b"\r\n")

    # -- what goes ---------------------------------------------------------------------------------------------------

    def _typed(self, data: bytes) -> None:
        data, detach = self._scanner.feed(data)
        if self._manner.read_only:
            if detach or _CONTROL_C in data:
                self._detached.set()
            return
        if time.monotonic() < self._past_until:
            data = without_reports(data)
        self._typist.type(data)
        if detach:
            self._detached.set()

    async def _send_the_rest(self) -> None:
        """What was typed just before the detach key shall still arrive."""
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self._typist.idle.wait()
        except TimeoutError:
            return

    def _resized(self) -> None:
        if not self._manner.read_only:
            self._typist.resize(*self._terminal.size())


def banner(name: str, manner: Manner) -> str:
    """What to know at the beginning."""
    how = f"{name_of(manner.key)} detaches" if manner.key is not None else "no key detaches: it ends with the session"
    return f"{name}: {'you watch; ' if manner.read_only else ''}{how}"
