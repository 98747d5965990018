"""Our end of a process: a pipe that its output comes from, or a terminal that is typed into too and has a size."""

import asyncio
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Callable

_READ_BYTES = 65536
TYPED_BYTES = 256 * 1024
"""Input that may wait for a process that does not read; what is more is dropped."""


class Outlet:
    """Reads what a process writes, as it comes, unless paused. `open` gives the process' own end."""

    def __init__(self, on_data: Callable[[bytes], None], size: tuple[int, int] | None) -> None:
        """`size` are the rows and columns of a terminal; None: a pipe."""
        self._on_data = on_data
        self._size = size
        self._loop = asyncio.get_running_loop()
        self._descriptor = -1
        self._paused = False
        self._typed = bytearray()
        self.on_typed: Callable[[], None] = lambda: None
        """Called when the process has taken input that waited for it."""
        self._received = 0

    def open(self) -> int:
        """Open both ends; returns the process' one, for the caller to close."""
        if self._size is not None:
            self._descriptor, child_end = pty.openpty()
            _set_size(child_end, *self._size)
        else:
            self._descriptor, child_end = os.pipe()
        os.set_blocking(self._descriptor, False)
        self._loop.add_reader(self._descriptor, self._readable)
        return child_end

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return self._descriptor >= 0

    # -- reading -----------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Read no more: a process that goes on writing has to wait."""
        if self.is_open and not self._paused:
            self._paused = True
            self._loop.remove_reader(self._descriptor)

    def resume(self) -> None:
        """Read again."""
        if self.is_open and self._paused:
            self._paused = False
            self._loop.add_reader(self._descriptor, self._readable)

    def drain(self) -> None:
        """Take what is still there, and close; the writers are gone."""
        while self.is_open:
            before = self._received
            self._readable()
            if self.is_open and self._received == before:
                self.close()

    def close(self) -> None:
        """Close our end."""
        if self.is_open:
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
            self._typed.clear()

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a terminal whose last process is gone says EIO
        if not data:
            self.close()
            return
        self._received += len(data)
        self._on_data(data)

    # -- terminals ---------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> int:
        """Type; how many bytes were taken. What the process does not read yet waits, up to TYPED_BYTES."""
        if self._size is None or not self.is_open:
            return 0
        taken = data[: TYPED_BYTES - len(self._typed)]
        waited = bool(self._typed)
        self._typed += taken
        if not waited:
            self._writable()
        return len(taken)

    @property
    def waiting(self) -> int:
        """How many typed bytes the process has not taken yet."""
        return len(self._typed)

    def _writable(self) -> None:
        try:
            written = os.write(self._descriptor, self._typed)
        except BlockingIOError:
            written = 0
        except OSError:
            written = len(self._typed)  # nobody is there any more to read it
        del self._typed[:written]
        if self._typed:
            self._loop.add_writer(self._descriptor, self._writable)
        else:
            self._loop.remove_writer(self._descriptor)
        if written:
            self.on_typed()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size; the system tells the foreground processes (SIGWINCH)."""
        if self._size is not None and self.is_open:
            self._size = (rows, columns)
            _set_size(self._descriptor, rows, columns)

    @property
    def hides_input(self) -> bool:
        """Whether a line is asked for that is not shown: a password. Editors, which show what they like, read keys."""
        if self._size is None or not self.is_open:
            return False
        try:
            flags = termios.tcgetattr(self._descriptor)[3]
        except termios.error:
            return False
        return bool(flags & termios.ICANON) and not flags & termios.ECHO


def _set_size(descriptor: int, rows: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
