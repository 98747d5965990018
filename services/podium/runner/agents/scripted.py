"""The scripted agent: `python -m podium.runner.agents.scripted SCENARIO`.

It runs as its own process like any command agent, edits and commits in its worktree for real, and speaks to the
runner by nothing but the local endpoint and the PODIUM_* variables. Its exit status: 0, 2 where the scenario cannot
be followed, or what an `exit` step says.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from podium.client.agent import AgentClient, AgentError
from podium.runner.agents.scenario import ScenarioError, Step, load

_WAIT_LIMIT_SECONDS = 300.0


class Actor:
    """Follows a script in a worktree."""

    def __init__(self, client: AgentClient, worktree: Path, sources: Path) -> None:
        self._client = client
        self._worktree = worktree.resolve()
        self._sources = sources
        self._answers: dict[str, str] = {}
        self._verbs: Mapping[str, Callable[[Any], int | None]] = {
            name: getattr(self, f"_{name}")
            for name in (
                *("write", "append", "replace", "delete", "commit", "run", "print", "progress", "checklist"),
                *("post", "ask", "submit_spec", "submit_plan", "sleep", "wait_for", "exit", "complete", "fail"),
            )
        }

    def follow(self, steps: tuple[Step, ...]) -> int:
        """Take the steps in order; the exit status."""
        for step in steps:
            status = self._verbs[step.verb](step.argument)
            if status is not None:
                return status
        return 0

    # -- files -------------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> Path:
        path = (self._worktree / name).resolve()
        if not path.is_relative_to(self._worktree):
            raise ScenarioError(f"{name} leads out of the worktree")
        return path

    def _fill(self, text: str) -> str:
        for name, answer in self._answers.items():
            text = text.replace("{{" + name + "}}", answer)
        return text

    def _content(self, argument: Mapping[str, Any]) -> str:
        if "from" in argument:
            return self._fill((self._sources / argument["from"]).read_text())
        return self._fill(argument["content"])

    def _write(self, argument: Mapping[str, Any]) -> None:
        path = self._path(argument["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._content(argument))

    def _append(self, argument: Mapping[str, Any]) -> None:
        with self._path(argument["path"]).open("a") as file:
            file.write(self._content(argument))

    def _replace(self, argument: Mapping[str, Any]) -> None:
        path = self._path(argument["path"])
        text = path.read_text()
        if argument["old"] not in text:
            raise ScenarioError(f"{argument['path']} does not contain {argument['old']!r}")
        path.write_text(text.replace(argument["old"], self._fill(argument["new"]), 1))

    def _delete(self, name: str) -> None:
        self._path(name).unlink()

    # -- commands ----------------------------------------------------------------------------------------------------

    def _commit(self, message: str) -> None:
        for words in (["add", "--all"], ["commit", "--quiet", "--message", self._fill(message)]):
            subprocess.run(["git", *words], cwd=self._worktree, check=True)

    def _run(self, argument: Any) -> None:
        words = argument["words"] if isinstance(argument, dict) else argument
        expected = argument.get("status", 0) if isinstance(argument, dict) else 0
        done = subprocess.run(words, cwd=self._worktree, check=False)
        if done.returncode != expected:
            raise ScenarioError(f"{' '.join(words)}: exit status {done.returncode}, not {expected}")

    def _print(self, text: str) -> None:
        print(self._fill(text), flush=True)

    def _sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, _WAIT_LIMIT_SECONDS))

    def _wait_for(self, name: str) -> None:
        end = time.monotonic() + _WAIT_LIMIT_SECONDS
        while not (self._worktree / name).exists():
            if time.monotonic() > end:
                raise ScenarioError(f"{name} did not appear")
            time.sleep(0.02)

    def _exit(self, status: int) -> int:
        return status

    # -- words -------------------------------------------------------------------------------------------------------

    def _progress(self, text: str) -> None:
        print(f"· {text}", flush=True)
        self._client.progress(self._fill(text))

    def _checklist(self, lines: list[str]) -> None:
        self._client.checklist(lines)

    def _post(self, argument: Mapping[str, Any]) -> None:
        self._client.post(self._content(argument), kind=argument.get("kind", "update"))

    def _ask(self, argument: Mapping[str, Any]) -> int | None:
        question, key = self._fill(argument["question"]), argument.get("key", "")
        options, waits = argument.get("options", ()), argument.get("wait", True)
        while True:
            answer = self._client.ask(question, key=key, options=options, wait_seconds=25.0 if waits else 0.0)
            if answer is not None:
                self._answers[argument.get("save", key)] = answer
                print(f"? {question} → {answer}", flush=True)
                return None
            if not waits:
                return 0

    def _submit_spec(self, argument: Mapping[str, Any]) -> None:
        self._client.submit_spec(self._content(argument))

    def _submit_plan(self, argument: Mapping[str, Any]) -> None:
        if "from" in argument:
            self._client.submit_plan_text((self._sources / argument["from"]).read_text())
        else:
            self._client.submit_plan(argument)

    def _complete(self, summary: str) -> int:
        self._client.complete(self._fill(summary))
        return 0

    def _fail(self, reason: str) -> int:
        self._client.fail(self._fill(reason))
        return 0


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Follow the scenario; the exit status."""
    try:
        scenario = load(Path(arguments[0]))
        script = scenario.script_for(
            environment.get("PODIUM_KIND", ""),
            environment.get("PODIUM_WORKSTREAM_ID", ""),
            int(environment.get("PODIUM_ATTEMPT", "1")),
        )
        with AgentClient.from_environment(environment) as client:
            return Actor(client, Path.cwd(), scenario.directory).follow(script.steps)
    except (ScenarioError, AgentError, OSError, KeyError, subprocess.CalledProcessError) as error:
        print(f"scripted agent: {type(error).__name__}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
