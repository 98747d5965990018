r"""Scenario files: what the scripted agent does, without any model.

A TOML (or JSON) file with a list of scripts; the first one that fits the agent is followed.

    [[script]]
    kind = "worker"              # spec_writer | planner | worker | reviewer | resolver; absent: any
    workstream = "parser"        # absent: any
    attempt = 1                  # absent: any
    steps = [
      { progress = "Reading the code" },
      { checklist = ["done: read the code", "doing: fix it", "run the tests"] },
      { replace = { path = "src/parser.py", old = "a - b", new = "a + b" } },
      { write = { path = "NOTES.md", content = "…" } },
      { append = { path = "CHANGES.md", content = "…\n" } },
      { delete = "old.txt" },
      { commit = "Fix the parser" },
      { ask = { key = "colour", question = "Which colour?", options = ["red", "blue"], save = "colour" } },
      { run = ["python3", "-m", "unittest", "-q"] },
      { complete = "Fixed." },
    ]

Each step is a table with one key:

    write, append   { path, content | from }      `from` is a file beside the scenario; `{{name}}` is a saved answer
    replace         { path, old, new }            `old` must be there
    delete          path
    commit          message                       of everything in the worktree
    run             [words] or { words, status }  the exit status must be `status` (0)
    print           text                          to the output
    progress        text
    checklist       ["done: …", "doing: …", "blocked: …", "todo"]
    post            { kind = "update" | "blocker" | "review_comment", content }
    ask             { question, key, options, save, wait = true }   waits for the answer; `wait = false`: ends the turn
    submit_spec     { content | from }
    submit_plan     { from } or { summary, items = [{ id, title, description, dependencies, priority, profile }] }
    sleep           seconds
    wait_for        path                          until that file exists (absolute, or in the worktree)
    exit            status                        ends the process without a word
    complete        summary
    fail            reason
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STEPS = frozenset(
    {
        *("write", "append", "replace", "delete", "commit", "run", "print", "progress", "checklist", "post", "ask"),
        *("submit_spec", "submit_plan", "sleep", "wait_for", "exit", "complete", "fail"),
    }
)


class ScenarioError(Exception):
    """The scenario cannot be followed: the message says where and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what, and its argument."""

    verb: str
    argument: Any


@dataclass(frozen=True, slots=True)
class Script:
    """Steps for the agents that fit; empty or 0 fits any."""

    kind: str
    workstream: str
    attempt: int
    steps: tuple[Step, ...]

    def fits(self, kind: str, workstream: str, attempt: int) -> bool:
        """Whether this script is for such an agent."""
        return self.kind in ("", kind) and self.workstream in ("", workstream) and self.attempt in (0, attempt)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The scripts of a file; `directory` is where `from` files lie."""

    scripts: tuple[Script, ...]
    directory: Path

    def script_for(self, kind: str, workstream: str, attempt: int) -> Script:
        """The first script that fits. Raises ScenarioError where none does."""
        for script in self.scripts:
            if script.fits(kind, workstream, attempt):
                return script
        raise ScenarioError(f"no script for kind {kind}, workstream {workstream or '-'}, attempt {attempt}")


def load(path: Path) -> Scenario:
    """Read a file. Raises ScenarioError."""
    try:
        text = path.read_text()
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    scripts = content.get("script")
    if not isinstance(scripts, list) or not scripts:
        raise ScenarioError(f"{path}: needs [[script]] tables")
    return Scenario(tuple(_script(path, i, s) for i, s in enumerate(scripts, 1)), path.parent)


def _script(path: Path, number: int, value: Mapping[str, Any]) -> Script:
    where = f"{path}: script {number}"
    if unknown := set(value) - {"kind", "workstream", "attempt", "steps"}:
        raise ScenarioError(f"{where}: unknown key {sorted(unknown)[0]}")
    steps = tuple(_step(f"{where}, step {i}", s) for i, s in enumerate(value.get("steps", ()), 1))
    return Script(value.get("kind", ""), value.get("workstream", ""), value.get("attempt", 0), steps)


def _step(where: str, value: Any) -> Step:
    if not isinstance(value, dict) or len(value) != 1:
        raise ScenarioError(f"{where}: a step is a table with one key")
    verb, argument = next(iter(value.items()))
    if verb not in STEPS:
        raise ScenarioError(f"{where}: no such step: {verb}; there are {', '.join(sorted(STEPS))}")
    return Step(verb, argument)
