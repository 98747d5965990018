"""The plan as text that a person edits, and back: TOML, one `[[items]]` each."""

import json
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from podium.cli import exits
from podium.cli.exits import CliError
from podium.cli.views.plain import word

if TYPE_CHECKING:
    from podium.pods.v1 import pod_pb2

_HEAD = "# The plan. Ids are what `dependencies` name; priority is low, normal or high. Save and leave to submit.\n"
_KNOWN = ("id", "title", "description", "dependencies", "priority", "profile")


def to_text(plan: "pod_pb2.Plan") -> str:
    """The plan as TOML."""
    lines = [_HEAD, f"summary = {_long(plan.summary)}"]
    for item in plan.items:
        lines += [
            "",
            "[[items]]",
            f"id = {_quoted(item.id)}",
            f"title = {_quoted(item.title)}",
            f"dependencies = [{', '.join(_quoted(name) for name in item.dependencies)}]",
            f"priority = {_quoted((word(item, 'priority') if item.priority else 'NORMAL').lower())}",
        ]
        if item.profile:
            lines.append(f"profile = {_quoted(item.profile)}")
        lines.append(f"description = {_long(item.description)}")
    return "\n".join(lines) + "\n"


def from_text(text: str) -> "tuple[str, list[pod_pb2.PlanItem]]":
    """(summary, items); raises `CliError` that names the place."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(str(error)) from error
    entries = document.get("items", [])
    if not isinstance(entries, list) or not entries:
        raise _refusal("there is no [[items]]")
    summary = document.get("summary", "")
    if not isinstance(summary, str):
        raise _refusal("summary must be text")
    return summary.strip(), [_item(number, entry) for number, entry in enumerate(entries, start=1)]


def _item(number: int, entry: Mapping[str, Any]) -> "pod_pb2.PlanItem":
    from podium.pods.v1 import pod_pb2

    where = f"workstream {entry.get('id', number)}"
    if unknown := set(entry) - set(_KNOWN):
        raise _refusal(f"{where}: unknown {', '.join(sorted(unknown))}; known are {', '.join(_KNOWN)}")
    priority = f"PRIORITY_{str(entry.get('priority', 'normal')).upper()}"
    if priority not in pod_pb2.Priority.keys():  # noqa: SIM118 - an enum wrapper, not a dict
        raise _refusal(f"{where}: priority must be low, normal or high")
    dependencies = entry.get("dependencies", [])
    if not isinstance(dependencies, list) or not all(isinstance(name, str) for name in dependencies):
        raise _refusal(f"{where}: dependencies must be a list of ids")
    texts = {name: entry.get(name, "") for name in ("id", "title", "description", "profile")}
    for name, value in texts.items():
        if not isinstance(value, str) or (name in {"id", "title"} and not value.strip()):
            raise _refusal(f"{where}: {name} must be {'text' if name in {'description', 'profile'} else 'given'}")
    return pod_pb2.PlanItem(
        **{name: value.strip() for name, value in texts.items()},
        dependencies=dependencies,
        priority=pod_pb2.Priority.Value(priority),
    )


def _refusal(problem: str) -> CliError:
    return CliError(f"this is not a plan: {problem}", "edit it again", exits.REFUSED)


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for the one control character that JSON leaves alone.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _long(text: str) -> str:
    if "\n" not in text or "'''" in text or (not text.isprintable() and not _only_newlines(text)):
        return _quoted(text)
    return f"'''\n{text.strip(chr(10))}\n'''"


def _only_newlines(text: str) -> bool:
    return all(character.isprintable() or character in "\n\t" for character in text)
