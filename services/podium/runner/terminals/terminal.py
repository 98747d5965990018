"""A terminal that people watch and type into.

It outlives its process: an agent takes several turns, each a process of its own, on the same terminal.
"""

import asyncio
import logging
import signal
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from podium.runner.processes.outlet import Outlet
from podium.runner.terminals.pace import Flow
from podium.runner.terminals.ring import Ring
from podium.runner.terminals.typed import TypedLines

_log = logging.getLogger(__name__)

MOST_CELLS = 1000
"""Rows, and columns, that a terminal has at most."""
KEPT_SIZES = 64


@dataclass(frozen=True, slots=True)
class TerminalEnd:
    """How it ended: an exit status, or the number of a signal."""

    status: int = 0
    signal: int = 0
    text: str = ""

    @classmethod
    def of(cls, status: int, text: str = "") -> "TerminalEnd":
        """From a process' status, which is negative for a signal; `text` says why, where more is known."""
        if status < 0:
            return cls(0, -status, text or f"ended by signal {-status} ({_name(-status)})")
        return cls(status, 0, text or f"exit status {status}")


class Terminal:
    """Its output so far, its size, and the process that runs in it now, if any."""

    def __init__(
        self,
        project_id: str,
        session_id: str,
        flow: Flow,
        keep_typed: Callable[[bytes], None],
        size: tuple[int, int] = (24, 80),
    ) -> None:
        self.project_id = project_id
        self.session_id = session_id
        self.ring = Ring()
        self.sizes: deque[tuple[int, tuple[int, int]]] = deque([(0, clamp(*size))], maxlen=KEPT_SIZES)
        """The sizes that it had, each with the bytes that it had written before."""
        self.end: TerminalEnd | None = None
        self.changed = asyncio.Event()
        """Set when there is output, another size, the end, or input is taken; cleared by the one who serves it."""
        self.received = 0
        """Bytes of input that have come, over all streams by which it was served."""
        self.input_id = uuid.uuid4().hex
        """Who counted them, at the other end; until we are told, a name of our own."""
        self.used = asyncio.Event()
        """Set with each sign of life; cleared by the one who reports them."""
        self._flow = flow
        self._typed = TypedLines(keep_typed)
        self._outlet: Outlet | None = None
        self._resuming: asyncio.TimerHandle | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.sizes[-1][1]

    # -- its process -------------------------------------------------------------------------------------------------

    def connect(self, outlet: Outlet) -> None:
        """A process runs in it from now on."""
        self._outlet = outlet
        outlet.on_typed = self.changed.set
        outlet.resize(*self.size)

    def disconnect(self) -> None:
        """No process runs in it now."""
        self._outlet = None
        self._typed.flush()
        if self._resuming is not None:
            self._resuming.cancel()
            self._resuming = None
        self.changed.set()

    def took(self, data: bytes) -> None:
        """Its process wrote; one that floods is made to wait."""
        self.ring.add(data)
        self.changed.set()
        self.used.set()
        pause = self._flow.spend(len(data))
        if pause and self._outlet is not None and self._resuming is None:
            self._outlet.pause()
            self._resuming = asyncio.get_running_loop().call_later(pause, self._resume)

    def _resume(self) -> None:
        self._resuming = None
        if self._outlet is not None:
            self._outlet.resume()

    # -- people ------------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many bytes of input the process has not taken yet."""
        return self._outlet.waiting if self._outlet is not None else 0

    def type(self, data: bytes, offset: int | None = None) -> None:
        """Somebody types; `offset` bytes were typed before. What has come already does not come again."""
        if offset is not None and offset != self.received:
            if offset > self.received:
                _log.warning("terminal %s: %d typed bytes are missing", self.session_id, offset - self.received)
            data, self.received = data[max(0, self.received - offset) :], max(self.received, offset)
        self.received += len(data)
        self.used.set()
        self.changed.set()
        if self._outlet is not None:
            hidden = self._outlet.hides_input
            taken = self._outlet.write(data)
            if taken < len(data):
                # A relay waits until what it sent is taken; waiting for one that does not would hold up its viewers.
                _log.warning("terminal %s: %d typed bytes are dropped", self.session_id, len(data) - taken)
            self._typed.add(data[:taken], hidden=hidden)

    def resize(self, rows: int, columns: int) -> None:
        """Give it another size; the programs in it hear of it."""
        size = clamp(rows, columns)
        if size != self.size:
            if self.sizes[-1][0] == self.ring.end:
                self.sizes.pop()  # nothing was written in it
            self.sizes.append((self.ring.end, size))
            if self._outlet is not None:
                self._outlet.resize(*size)
            self.changed.set()

    def finish(self, end: TerminalEnd) -> None:
        """Nothing more will run in it; the first word counts."""
        self.disconnect()
        if self.end is None:
            self.end = end
            self.changed.set()


def clamp(rows: int, columns: int) -> tuple[int, int]:
    """A size that terminals can have."""
    return min(max(rows, 1), MOST_CELLS), min(max(columns, 1), MOST_CELLS)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
