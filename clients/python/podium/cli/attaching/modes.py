"""The modes that a session's programs switch on in the person's terminal, to be switched off when it is left.

An editor that is still open at the detach would leave its screen, its mouse and a hidden cursor behind.
"""

import re

_SEQUENCE = re.compile(rb"\x1b\[\?([\d;]{1,64})([hl])|\x1b\[([<>=])(\d*)[\d;]*u|\x1bc")
_PARTIAL = re.compile(rb"\x1b(?:\[(?:[?<>=][\d;]{0,64})?)?$")
_ALTERNATE = frozenset({47, 1047, 1049})
_DEFAULT_ON = frozenset({7, 25})
"""Lines wrap; the cursor shows."""
_KNOWN = frozenset({1, 5, 6, 7, 9, 25, 47, 66, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004})
_ALWAYS = b"\x1b[0m\x0f"
"""Plain letters of the usual set."""


class Modes:
    """Follows the output."""

    def __init__(self) -> None:
        self._changed: dict[int, bool] = {}
        self._keyboard = 0
        self._rest = b""

    @property
    def alternate(self) -> bool:
        """Whether a program has the whole screen for itself."""
        return any(self._changed.get(mode, False) for mode in _ALTERNATE)

    def feed(self, data: bytes) -> None:
        """More output."""
        data = self._rest + data
        for found in _SEQUENCE.finditer(data):
            if found[1]:
                for mode in filter(None, found[1].split(b";")):
                    if int(mode) in _KNOWN:
                        self._changed[int(mode)] = found[2] == b"h"
            elif found[3]:
                self._keyboard = max(0, self._keyboard + {b">": 1, b"<": -int(found[4] or 1)}.get(found[3], 0))
            else:  # a full reset
                self._changed.clear()
                self._keyboard = 0
        partial = _PARTIAL.search(data)
        self._rest = partial[0] if partial else b""

    def leave(self) -> bytes:
        """What puts the terminal back to how it usually is; then they count as never changed."""
        parts = [b"\x1b[<%du" % self._keyboard] if self._keyboard else []
        for mode, on in sorted(self._changed.items()):
            if on != (mode in _DEFAULT_ON):
                parts.append(b"\x1b[?%d%s" % (mode, b"l" if on else b"h"))
        if 6 in self._changed or self.alternate:
            parts.append(b"\x1b[r")
        self._changed.clear()
        self._keyboard = 0
        return b"".join(parts) + _ALWAYS
