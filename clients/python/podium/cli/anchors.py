"""Comments on files and lines: `FILE:LINE[-LINE]:TEXT`, held against the diff that was looked at."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.exits import CliError

if TYPE_CHECKING:
    from podium.pods.v1 import pod_pb2

_COMMENT = re.compile(r"^(?P<file>.+?):(?P<first>\d+)(?:-(?P<last>\d+))?:\s*(?P<text>.+)$", re.DOTALL)
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
_QUOTED_LINES = 20
_HINT = "a comment is FILE:LINE:TEXT or FILE:FIRST-LAST:TEXT, with the lines of the new version"

Lines = Mapping[str, Mapping[int, str]]
"""The new lines that a diff shows, by file and number."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What is wrong, and where."""

    file: str
    first: int
    last: int
    text: str

    def anchor(self, lines: Lines) -> "pod_pb2.Anchor":
        """Its place, with the text that stands there as far as the diff shows it."""
        from podium.pods.v1 import pod_pb2

        shown = lines.get(self.file, {})
        wanted = range(self.first, min(self.last, self.first + _QUOTED_LINES - 1) + 1)
        quoted = [shown[number] for number in wanted if number in shown]
        whole = quoted if len(quoted) == len(wanted) else []
        return pod_pb2.Anchor(
            document=self.file, first_line=self.first, last_line=self.last, quoted_text="\n".join(whole)[:4000]
        )


def parse(text: str) -> Comment:
    """A comment as it was typed. Raises `CliError`."""
    found = _COMMENT.match(text)
    if found is None:
        raise CliError(f"{text[:80]!r} is no comment", _HINT, exits.USAGE)
    first = int(found["first"])
    last = int(found["last"] or first)
    if not 1 <= first <= last < 1 << 31:
        raise CliError(f"{text[:80]!r}: lines count from 1, and the last is not before the first", _HINT, exits.USAGE)
    file = found["file"].removeprefix("./")
    if file.startswith("/") or ".." in file.split("/"):
        raise CliError(f"{file}: name the file as the repository does", "such as src/app.py", exits.USAGE)
    return Comment(file, first, last, found["text"].strip())


def lines_of(diff: str) -> dict[str, dict[int, str]]:
    """What a unified diff shows of the new version; a deleted file has no lines."""
    found: dict[str, dict[int, str]] = {}
    current: dict[int, str] = {}
    number = left = 0
    for line in diff.split("\n"):
        if left > 0 and line[:1] in ("+", " ", ""):
            current[number] = line[1:]
            number, left = number + 1, left - 1
        elif left <= 0 and line.startswith("+++ "):
            current = found.setdefault(_name(line[4:]), {})
        elif hunk := _HUNK.match(line):
            number, left = int(hunk[1]), int(hunk[2] or 1)
        elif line.startswith("rename to "):
            found.setdefault(_name(line.removeprefix("rename to ")), {})
    found.pop("/dev/null", None)
    return found


def _name(text: str) -> str:
    """The file of a header: odd names stand in quotes there, and those with spaces have a tab behind them."""
    text = text.rstrip("\t")
    if text.startswith('"') and text.endswith('"'):
        text = _ESCAPE.sub(_unescaped, text[1:-1].encode()).decode(errors="replace")
    return text.removeprefix("b/")


def _unescaped(found: "re.Match[bytes]") -> bytes:
    said = found[1]
    return bytes([int(said, 8) & 0xFF]) if len(said) == 3 else _ESCAPED.get(said, said)


def owner_of(file: str, changed: Mapping[str, Lines], order: Sequence[str]) -> str:
    """The workstream that a comment on a file is for: the last that changed it. Raises `CliError` where none did."""
    touching = [name for name in order if file in changed.get(name, {})]
    if touching:
        return touching[-1]
    if len(order) == 1:
        return order[0]
    files = sorted({name for lines in changed.values() for name in lines})
    hint = f"say which with --workstream; files that changed: {', '.join(files[:20])}"
    raise CliError(f"no workstream changed {file}", hint, exits.USAGE)
