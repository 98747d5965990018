"""`podium …` in a pseudo-terminal of its own, driven as a person would."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pexpect

from podium.client.installation import Installation


class AtATerminal:
    """A `podium` command at a terminal; what it shows is waited for, never slept for."""

    def __init__(
        self,
        installation: Installation,
        cwd: Path,
        *arguments: str,
        size: tuple[int, int] = (30, 100),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        kept = {n: v for n, v in os.environ.items() if n not in {"NO_COLOR", "COLUMNS", "LINES"}}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "podium.cli.main", *arguments],
            cwd=str(cwd),
            env=kept | {"PODIUM_DATA_DIR": str(installation.data_dir), "TERM": "xterm"} | dict(environment or {}),
            dimensions=size,
            encoding="utf-8",
            timeout=60,
        )
        self.child.delaybeforesend = None

    def sees(self, text: str) -> str:
        """Returns when the text was shown; what stood before it."""
        try:
            self.child.expect_exact(text)
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise AssertionError(f"never saw {text!r} in\n{self.child.before}") from None
        return str(self.child.before)

    def finds(self, pattern: str) -> re.Match[str]:
        """Returns when the pattern was shown; the match."""
        try:
            self.child.expect(pattern)
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise AssertionError(f"never saw {pattern!r} in\n{self.child.before}") from None
        found = self.child.match
        assert isinstance(found, re.Match)
        return found

    def types(self, text: str) -> None:
        """A line, and the return key."""
        self.child.send(f"{text}\r")

    def presses(self, keys: str) -> None:
        """Keys as they are."""
        self.child.send(keys)

    def resizes(self, rows: int, columns: int) -> None:
        """The window gets another size."""
        self.child.setwinsize(rows, columns)

    def ends(self) -> int:
        """Returns when the command has ended: its exit code, 128 and the number of a signal."""
        try:
            self.child.expect(pexpect.EOF)
        except pexpect.TIMEOUT:
            raise AssertionError(f"it did not end:\n{self.child.before}") from None
        self.child.close()
        if self.child.exitstatus is not None:
            return int(self.child.exitstatus)
        return 128 + int(self.child.signalstatus or 0)
