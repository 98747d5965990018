"""Somebody at a shell in a repository: `podium …` as a process, its output and its exit code."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from podium.cli import exits
from podium.client.installation import Installation
from tests.support.shop import Shop

_LIMIT_SECONDS = 60.0


class Person:
    """Calls end with the code that is expected, or the test fails with all that was said."""

    def __init__(self, data_dir: Path, shop: Shop) -> None:
        self.installation = Installation(data_dir)
        self.shop = shop

    def call(self, *arguments: str, code: int = exits.OK, stdin: str | None = None) -> str:
        """Standard output of `podium …`; of one that is refused, standard error too."""
        answer = self._run(arguments, code, stdin)
        return answer.stdout + (answer.stderr if code else "")

    def both(self, *arguments: str) -> str:
        """Standard output and standard error."""
        answer = self._run(arguments, exits.OK, None)
        return answer.stdout + answer.stderr

    def json(self, *arguments: str, code: int = exits.OK) -> Any:
        """The JSON value that `podium … --output json` prints."""
        return json.loads(self.call(*arguments, "--output", "json", code=code))

    def json_once(self, holds: Callable[[Any], bool], *arguments: str) -> Any:
        """The same, once it is so: what follows from something else comes a little later."""
        deadline = time.monotonic() + _LIMIT_SECONDS
        while not holds(found := self.json(*arguments)):
            assert time.monotonic() < deadline, f"never came: {found}"
        return found

    def _run(self, arguments: tuple[str, ...], code: int, stdin: str | None) -> "subprocess.CompletedProcess[str]":
        answer = subprocess.run(
            [sys.executable, "-m", "podium.cli.main", *arguments],
            cwd=self.shop.repository,
            env=os.environ | {"PODIUM_DATA_DIR": str(self.installation.data_dir)},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == code, answer.stdout + answer.stderr
        return answer
