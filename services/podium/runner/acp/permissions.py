"""What an agent may do without asking: a page of rules, without any I/O.

The pod's policy says `edits` (changes of the worktree, and commands on the profile's list), `ask` (nothing but
Podium's own tools) or `allow` (everything). What is left goes to people, with the agent's own options; "always" is
remembered by the pod for the profile and the tool as `tool_of` names it.
"""

import fnmatch
import hashlib
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from podium.pods.v1.pod_pb2 import PERMISSION_MODE_ALLOW, PERMISSION_MODE_ASK, PermissionMode

ALWAYS = "always"
"""How an option begins by which people allow a tool for good: the pod keeps such an answer as a grant."""
_TOOL_CHARACTERS = 128
_CHANGES = frozenset({"edit", "delete", "move"})
_LOOKS = frozenset({"read", "search", "think"})
_OPERATORS = re.compile(r"[;&|<>`\n$]")
"""What a shell makes more of than words."""
_RUNS_ANYTHING = frozenset(
    {
        *("sh", "bash", "dash", "zsh", "fish", "env", "xargs", "sudo", "su", "eval", "exec", "time", "nohup"),
        *("python", "python3", "node", "deno", "bun", "perl", "ruby", "php", "find", "ssh", "awk", "npx", "uvx"),
        "timeout",
    }
)
"""Programs that do whatever their arguments say: allowing the program would allow everything."""
_HAS_COMMANDS = frozenset(
    {"git", "npm", "pnpm", "yarn", "cargo", "go", "docker", "kubectl", "pip", "uv", "gh", "glab", "podium", "make"}
)
_UNSAFE_OPTIONS = ("--output", "--ext-diff", "--textconv", "--exec", "--upload-pack", "--pre")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an agent wants to do, as far as it says."""

    kind: str
    """`edit`, `execute`, `read`, …; the protocol's word."""
    title: str
    command: str = ""
    """The command line, for `execute`."""
    paths: Sequence[str] = ()
    """The files that it is about."""
    name: str = ""
    """The tool's own name, where the agent gives it."""
    url: str = ""
    """The address, for `fetch`."""


Inside = Callable[[str], bool]
"""Whether a path lies in the worktree."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides."""

    mode: "PermissionMode.ValueType"
    allow_commands: Sequence[str]
    own_tools: frozenset[str]
    """Podium's tools, under all names by which agents show them."""
    inside: Inside

    def grants(self, wish: Wish) -> bool:
        """Whether the policy allows it, so that nobody is asked."""
        if wish.kind == "other" and own_tool(wish, self.own_tools):
            return True
        if self.mode == PERMISSION_MODE_ALLOW:
            return True
        if self.mode == PERMISSION_MODE_ASK:
            return False
        if wish.kind == "execute":
            return bool(wish.command) and is_safe(wish.command, self.allow_commands, self.inside)
        if wish.kind in _CHANGES:
            return bool(wish.paths) and all(map(self.inside, wish.paths))
        return wish.kind in _LOOKS and all(map(self.inside, wish.paths))


def names_of_tools(server: str, tools: Iterable[str]) -> frozenset[str]:
    """The names by which agents show a server's tools."""
    found: set[str] = set()
    for tool in tools:
        found |= {f"{server}_{tool}", f"mcp__{server}__{tool}", f"{tool} ({server} MCP Server)", f"{server}:{tool}"}
    return frozenset(found)


def own_tool(wish: Wish, own_tools: frozenset[str]) -> bool:
    """Whether it is one of Podium's tools: asking for leave to ask would help nobody."""
    return wish.name in own_tools or wish.title in own_tools or wish.title.partition(": ")[0] in own_tools


def is_safe(command: str, patterns: Sequence[str], inside: Inside) -> bool:
    """Whether a command line is on the list, is one command, and names nothing outside of the worktree."""
    line = " ".join(command.split(" "))
    if _OPERATORS.search(line):
        return False
    try:
        words = shlex.split(line)
    except ValueError:
        return False
    if any(word.startswith(_UNSAFE_OPTIONS) for word in words):
        return False
    if any(_leads_out(word, inside) for word in words[1:]):
        return False
    return any(fnmatch.fnmatchcase(line.strip(), pattern) for pattern in patterns)


def _leads_out(word: str, inside: Inside) -> bool:
    """Whether a word of a command may name a file elsewhere, by itself or behind an option."""
    if word.startswith("-"):
        return "/" in word or ".." in word or "~" in word
    return any(
        part.startswith("~") or not (part in ("", ".", "./") or inside(part)) for part in (word, word.partition("=")[2])
    )


def tool_of(wish: Wish, inside: Inside) -> str:
    """What a grant is for: as narrow as a person who says "always" can mean it."""
    if wish.kind == "execute":
        return _short(f"run {_command_of(wish.command or wish.title)}")
    if wish.kind in (_CHANGES | _LOOKS):
        outside = sorted(path for path in wish.paths if not inside(path))
        return _short(f"{wish.kind} {', '.join(outside)}" if outside else f"{wish.kind} in the worktree")
    if wish.kind == "fetch":
        return _short(f"fetch {urlsplit(wish.url).hostname or wish.url or wish.title}")
    return _short(" ".join(dict.fromkeys(part for part in (wish.name, wish.title) if part)) or wish.kind)


def _command_of(command: str) -> str:
    line = " ".join(command.split())
    try:
        words = shlex.split(line)
    except ValueError:
        return line
    if not words or _OPERATORS.search(command) or words[0].rpartition("/")[2] in _RUNS_ANYTHING or "=" in words[0]:
        return line
    if words[0] in _HAS_COMMANDS:
        return " ".join(words[:2]) if len(words) > 1 and words[1][0:1].isalpha() else line
    return words[0]


def _short(text: str) -> str:
    """Fits into a grant; what is too long ends in a hash of the whole, so that no two wishes become one."""
    text = " ".join(text.split())
    if len(text) <= _TOOL_CHARACTERS:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{text[: _TOOL_CHARACTERS - 14]}… {mark}"


# -- options ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Option:
    """One of an agent's options: its id, its kind (`allow_once`, `allow_always`, `reject_once`, …), its words."""

    id: str
    kind: str
    name: str

    @property
    def allows(self) -> bool:
        return self.kind.startswith("allow")


_LONGEST_LABEL = 200
_MOST_OPTIONS = 20


def labels(options: Sequence[Option]) -> dict[str, Option]:
    """The options by the words that people choose from; only what allows for good begins with "always"."""
    found: dict[str, Option] = {}
    for option in options[:_MOST_OPTIONS]:
        name = " ".join(option.name.split())[:_LONGEST_LABEL] or option.kind.replace("_", " ") or option.id
        lasting = option.kind == "allow_always"
        if lasting != name.lower().startswith(ALWAYS):
            name = f"Always: {name}" if lasting else f"No: {name}" if not option.allows else f"Yes: {name}"
        label, number = name, 2
        while label in found:
            label, number = f"{name} ({number})", number + 1
        found[label] = option
    return found


def granted(options: Sequence[Option]) -> Option | None:
    """The option by which the policy allows something: once, since the policy may change; None: there is none."""
    once = next((option for option in options if option.kind == "allow_once"), None)
    return once or next((option for option in options if option.allows), None)


def refused(options: Sequence[Option]) -> Option | None:
    """The option that refuses, where there is one."""
    return next((option for option in options if option.kind.startswith("reject")), None)
