"""What is typed at an attached terminal: the key that detaches, and answers that nobody typed."""

import re

from podium.cli import exits
from podium.cli.exits import CliError

DEFAULT_DETACH = "ctrl-]"
_NAME = re.compile(r"^(?:ctrl-|c-|\^)([a-z@\[\\\]^_])$", re.IGNORECASE)
_HINT = "ctrl- and one of a…z [ \\ ] ^ _ (ctrl-] is the default), or none"

_REPORT = re.compile(
    rb"\x1b\[[?>=]?[\d;]*c"  # what terminal it is
    rb"|\x1b\[\??\d+;\d+R"  # where the cursor is
    rb"|\x1b\[\?[\d;]*\$y|\x1b\[\?[\d;]*u"  # which modes are on
    rb"|\x1b\]\d+;[^\x07\x1b]*(?:\x07|\x1b\\)"  # colours
    rb"|\x1bP[^\x1b]*\x1b\\"
)


def parse_detach(name: str) -> int | None:
    """The control character of a key's name; None for `none`. Raises `CliError`."""
    if name.lower() == "none":
        return None
    found = _NAME.match(name)
    if found is None:
        raise CliError(f"{name!r} is no key to detach with", _HINT, exits.USAGE)
    return ord(found[1].upper()) & 0x1F


def name_of(key: int) -> str:
    """As people write it: `Ctrl-]`."""
    return f"Ctrl-{chr(key | 0x40)}"


class KeyScanner:
    """Finds the detach key in what is typed, also as newer terminals send it (`CSI 93;5u`)."""

    def __init__(self, key: int | None) -> None:
        self._pattern: re.Pattern[bytes] | None = None
        if key is not None:
            codes = {key | 0x40, ord(chr(key | 0x40).lower())}
            long = b"|".join(rb"\x1b\[%d;5(?::1)?u|\x1b\[27;5;%d~" % (code, code) for code in sorted(codes))
            self._pattern = re.compile(re.escape(bytes([key])) + b"|" + long)

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What was typed before the key, and whether the key was."""
        found = self._pattern.search(data) if self._pattern else None
        return (data, False) if found is None else (data[: found.start()], True)


def without_reports(data: bytes) -> bytes:
    """What is typed without a terminal's answers: to questions that stand in output of long ago nobody waits."""
    return _REPORT.sub(b"", data)
