"""The person's terminal, byte by byte; left as it was found, whatever happens."""

import asyncio
import atexit
import os
import signal
import sys
import termios
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Any

_READ_BYTES = 65536
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class RawTerminal:
    """Use it as a context manager in a running loop."""

    def __init__(self, on_input: Callable[[bytes], None], on_resize: Callable[[], None]) -> None:
        self._on_input = on_input
        self._on_resize = on_resize
        self._in = sys.stdin.fileno()
        self._out = sys.stdout.fileno()
        self._loop = asyncio.get_running_loop()
        self._saved: list[Any] | None = None
        self._writing = asyncio.Lock()
        self.left = asyncio.Event()
        """The terminal went away, or a signal came: leave."""
        self.signal = 0
        """The signal that came."""

    def __enter__(self) -> "RawTerminal":
        self._saved = termios.tcgetattr(self._in)
        atexit.register(self._restore)
        try:
            tty.setraw(self._in, termios.TCSANOW)
            self._loop.add_reader(self._in, self._readable)
            self._loop.add_signal_handler(signal.SIGWINCH, self._on_resize)
            self._loop.add_signal_handler(signal.SIGCONT, self._continued)
            for number in _SIGNALS:
                self._loop.add_signal_handler(number, self._signalled, number)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        try:
            columns, rows = os.get_terminal_size(self._out)
        except OSError:
            return 24, 80
        return max(rows, 1), max(columns, 1)

    async def write(self, data: bytes) -> None:
        """Show. A terminal that is slow (or held by its user) keeps nothing waiting but this."""
        async with self._writing:
            await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._out, view) :]
            except OSError:
                self._loop.call_soon_threadsafe(self.left.set)
                return

    def _readable(self) -> None:
        try:
            data = os.read(self._in, _READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._in)
            self.left.set()
            return
        self._on_input(data)

    def _signalled(self, number: signal.Signals) -> None:
        self.signal = number
        self.left.set()

    def _continued(self) -> None:
        """Somebody stopped and continued us; a shell sets its own modes in between."""
        tty.setraw(self._in, termios.TCSANOW)
        self._on_resize()

    def _close(self) -> None:
        self._loop.remove_reader(self._in)
        for number in (signal.SIGWINCH, signal.SIGCONT, *_SIGNALS):
            self._loop.remove_signal_handler(number)
        self._restore()
        atexit.unregister(self._restore)

    def _restore(self) -> None:
        if self._saved is not None:
            try:
                termios.tcsetattr(self._in, termios.TCSANOW, self._saved)
            except termios.error:
                return  # it is gone
            finally:
                self._saved = None
