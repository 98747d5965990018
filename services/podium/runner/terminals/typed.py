"""What people typed, for the transcript: by lines, and never what was asked for without showing it."""

from collections.abc import Callable

_LINE_BYTES = 1024
_ENDS = (b"\r", b"\n")
HIDDEN = b"[typed without being shown]\n"


class TypedLines:
    """Gathers key strokes; `keep` gets whole lines, or what is as long as one."""

    def __init__(self, keep: Callable[[bytes], None]) -> None:
        self._keep = keep
        self._line = bytearray()

    def add(self, data: bytes, *, hidden: bool) -> None:
        """Something was typed; `hidden` while the terminal does not show it (a password)."""
        ends = any(end in data for end in _ENDS)
        if hidden:
            self.flush()
            if ends:
                self._keep(HIDDEN)
            return
        self._line += data
        if ends or len(self._line) >= _LINE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Keep what was begun."""
        if self._line:
            self._keep(bytes(self._line))
            self._line.clear()
