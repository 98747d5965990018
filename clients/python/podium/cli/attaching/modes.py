"""The modes that a session's programs switch on in the person's terminal, to be switched off when it is left.

An editor that is still open at the detach would leave its screen, its mouse and a hidden cursor behind.
"""

import re

_SEQUENCE = re.compile(
    rb"\x1b\[\?(?P<modes>[\d;]{1,64})(?P<on>[hl])"
    rb"|\x1b\[(?P<keyboard>[<>=])(?P<count>\d*)[\d;]*u"
    rb"|\x1b\[>4(?:;(?P<keys>\d*))?m"
    rb"|\x1b\[(?P<region>[\d;]{0,16})r"
    rb"|\x1b(?P<pad>[=>c])"
)
_PARTIAL = re.compile(rb"\x1b(?:\[[?<>=]?[\d;]{0,64})?$")
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
        self._keys = self._region = self._pad = False
        self._rest = b""

    @property
    def alternate(self) -> bool:
        """Whether a program has the whole screen for itself."""
        return any(self._changed.get(mode, False) for mode in _ALTERNATE)

    def feed(self, data: bytes) -> None:
        """More output."""
        data = self._rest + data
        for found in _SEQUENCE.finditer(data):
            self._note(found)
        partial = _PARTIAL.search(data)
        self._rest = partial[0] if partial else b""

    def _note(self, found: re.Match[bytes]) -> None:
        parts = found.groupdict()
        if parts["modes"] is not None:
            for mode in filter(None, parts["modes"].split(b";")):
                if int(mode) in _KNOWN:
                    self._changed[int(mode)] = parts["on"] == b"h"
        elif parts["keyboard"] is not None:
            step = {b">": 1, b"<": -int(parts["count"] or 1)}.get(parts["keyboard"], 0)
            self._keyboard = max(0, self._keyboard + step)
        elif parts["region"] is not None:
            self._region = bool(parts["region"])
        elif parts["pad"] == b"c":
            self._forget()
        elif parts["pad"] is not None:
            self._pad = parts["pad"] == b"="
        else:
            self._keys = (parts["keys"] or b"0") != b"0"

    def _forget(self) -> None:
        self._changed.clear()
        self._keyboard = 0
        self._keys = self._region = self._pad = False

    def leave(self) -> bytes:
        """What puts the terminal back to how it usually is; then they count as never changed."""
        # Setting the region moves the cursor: before the screen is left, which puts the cursor where it was.
        parts = [b"\x1b7\x1b[r\x1b8"] if self._region else []
        parts += [b"\x1b[<%du" % self._keyboard] if self._keyboard else []
        parts += [b"\x1b[>4m"] if self._keys else []
        parts += [b"\x1b>"] if self._pad else []
        for mode, on in sorted(self._changed.items()):
            if on != (mode in _DEFAULT_ON):
                parts.append(b"\x1b[?%d%s" % (mode, b"l" if on else b"h"))
        self._forget()
        return b"".join(parts) + _ALWAYS
