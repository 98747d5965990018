"""A git that can be held: first on PATH, it stops before the commands that a gate names, and goes on when let."""

import os
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path

LIMIT_SECONDS = 60.0
_SCRIPT = """#!/bin/sh
for gate in '{folder}'/hold-*; do
  [ -e "$gate" ] || continue
  word=${{gate##*/hold-}}
  for each in "$@"; do
    if [ "$each" = "$word" ]; then
      echo $$ >> '{folder}/reached-'"$word"
      while [ -e "$gate" ]; do sleep 0.02; done
      break
    fi
  done
done
exec {git} "$@"
"""


@dataclass(frozen=True, slots=True)
class SlowGit:
    """Holds git at its subcommands (or any other word of its command line)."""

    folder: Path

    def hold(self, word: str) -> None:
        """From now on git waits before a command with this word."""
        (self.folder / f"hold-{word}").touch()

    def let(self, word: str) -> None:
        """It may go on."""
        (self.folder / f"hold-{word}").unlink(missing_ok=True)

    def reached(self, word: str) -> list[int]:
        """The process ids that came there, once there is one."""
        file = self.folder / f"reached-{word}"
        deadline = time.monotonic() + LIMIT_SECONDS
        while not (file.exists() and file.read_text().strip()):
            assert time.monotonic() < deadline, f"git never came to {word}"
            time.sleep(0.02)
        return [int(line) for line in file.read_text().split()]


def install(folder: Path) -> SlowGit:
    """Put it into a folder that is to be first on PATH."""
    folder.mkdir(exist_ok=True)
    git = shutil.which("git", path=os.environ["PATH"])
    assert git is not None
    program = folder / "git"
    program.write_text(_SCRIPT.format(folder=folder, git=git))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return SlowGit(folder)
