"""Instructions for agents: templates in files beside this one, filled with what the agent must know.

A repository may bring its own (`.podium/prompts/worker.md` in the base commit). A template is Markdown with
`{{name}}` places; a `{{name}}` alone on its line whose value is empty takes the line with it. The version in the
first line of ours rises with each change of what a template promises.
"""

import re
from collections.abc import Mapping
from pathlib import Path

_PLACE = re.compile(r"\{\{([a-z_]+)\}\}")
_BLANKS = re.compile(r"\n{3,}")
_VERSION = re.compile(r"\A<!-- version (\d+)[^\n]*-->\n")

KINDS = ("spec_writer", "planner", "worker", "reviewer", "resolver")


def template(kind: str) -> str:
    """Our own template of a kind of agent."""
    return (Path(__file__).parent / f"{kind}.md").read_text()


def version(text: str) -> int:
    """The version of a template; 0 where it names none."""
    found = _VERSION.match(text)
    return int(found.group(1)) if found else 0


def fill(text: str, values: Mapping[str, str]) -> str:
    """A template with its places filled; a place that nobody knows stays as it is."""
    body = _VERSION.sub("", text)
    body = _PLACE.sub(lambda m: values.get(m.group(1), m.group(0)), body)
    return _BLANKS.sub("\n\n", body).strip() + "\n"
