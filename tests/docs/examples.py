"""The examples of a guide, as its reader would run them."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Example:
    """A block of code, and where it begins."""

    source: str
    line: int


def examples(guide: str, language: str = "python") -> Sequence[Example]:
    """The fenced blocks of a language in docs/<guide>, in order."""
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Example(each[1], text.count("\n", 0, each.start(1)) + 1) for each in found]


def run(example: Example, data_dir: Path) -> str:
    """Run it as a script of its own on an installation; what it printed. Fails with what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PODIUM_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example.source],
        check=False,
        env={**environment, "PODIUM_DATA_DIR": str(data_dir)},
        cwd=data_dir,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, f"the example at line {example.line}:\n{done.stdout}{done.stderr}"
    assert not done.stderr, done.stderr
    return done.stdout
