r"""Instructions for agents: templates in files beside this one, filled with what the agent must know.

A repository may bring its own (`.podium/prompts/worker.md` in the base commit). A template is Markdown with
`{{name}}` places; a `{{name}}` alone on its line whose value is empty takes the line with it, and `\{{name}}` stays as
`{{name}}`. The version in the first line of ours rises with each change of what a template promises, and is recorded
with the start of every agent.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from podium.runner.workspaces.errors import SetupError

_PLACE = re.compile(r"(\\?)\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_BLANKS = re.compile(r"\n{3,}")
_VERSION = re.compile(r"\A<!-- version (\d+)[^\n]*-->\n")
LONGEST_BYTES = 64 * 1024
"""Of a repository's own template."""

KINDS = ("spec_writer", "planner", "worker", "reviewer", "resolver")


@dataclass(frozen=True, slots=True)
class Template:
    """A template, and the name under which an agent's start records it.

    That is `worker 2`, or the repository's file with the beginning of its content's hash.
    """

    text: str
    name: str

    @property
    def places(self) -> set[str]:
        """The names that it places."""
        return {match[2] for match in _PLACE.finditer(self.text) if not match[1]}

    def check(self, known: Collection[str]) -> None:
        """Raises SetupError for a place that nobody knows: a wrong word would reach the agent as it stands."""
        if unknown := sorted(self.places - set(known)):
            raise SetupError(
                f"{self.name}: there is no place {{{{{unknown[0]}}}}}; there are {', '.join(sorted(known))}. "
                f"Write \\{{{{{unknown[0]}}}}} where the text itself shall say so"
            )

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with its places filled. Raises SetupError for a place that nobody knows."""
        self.check(values)
        body = _PLACE.sub(lambda m: m[0][1:] if m[1] else values[m[2]], _VERSION.sub("", self.text))
        return _BLANKS.sub("\n\n", body).strip() + "\n"


def template(kind: str) -> Template:
    """Our own template of a kind of agent."""
    text = (Path(__file__).parent / f"{kind}.md").read_text(encoding="utf-8")
    found = _VERSION.match(text)
    assert found is not None
    return Template(text, f"{kind} {found[1]}")


def from_repository(path: str, data: bytes) -> Template:
    """A repository's own template. Raises SetupError where it cannot be one."""
    if len(data) > LONGEST_BYTES:
        raise SetupError(f"{path}: a template has at most {LONGEST_BYTES // 1024} KiB, this one {len(data) // 1024}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise SetupError(f"{path}: it is not UTF-8 text: {error.reason} at byte {error.start}") from error
    if not text.strip():
        raise SetupError(f"{path}: it is empty; remove the file, and the built-in instructions are used")
    return Template(text, f"{path} {hashlib.sha256(data).hexdigest()[:12]}")
