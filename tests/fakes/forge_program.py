"""Stands for `gh` and `glab`: keeps requests in a file, records every call, answers in their words.

`install(folder, name)` puts it on a PATH; `$FORGE_STATE` names its file: {"calls": […], "requests": […], "refuse": ""}.
"""

import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any


class ForgeState:
    """What the program was asked, and what it knows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write({"calls": [], "requests": [], "refuse": ""})

    def read(self) -> dict[str, Any]:
        """All of it."""
        value: dict[str, Any] = json.loads(self.path.read_text())
        return value

    def write(self, value: dict[str, Any]) -> None:
        """Replace it."""
        self.path.write_text(json.dumps(value))

    def change(self, number: int, **values: object) -> None:
        """Somebody does something with a request there."""
        state = self.read()
        state["requests"][number - 1].update(values)
        self.write(state)

    def calls(self, verb: str) -> list[dict[str, Any]]:
        """The calls of `pr create` and the like."""
        return [call for call in self.read()["calls"] if call["words"][1] == verb]


def install(folder: Path, name: str) -> ForgeState:
    """An executable of this name in the folder."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -I {__file__} {name} '{folder / 'state.json'}' \"$@\"\n")
    program.chmod(0o755)
    return ForgeState(folder / "state.json")


def main() -> int:
    name, path, *words = sys.argv[1:]
    file = Path(path)
    state = json.loads(file.read_text())
    stdin = sys.stdin.read() if "-" in words else ""
    state["calls"].append({"words": words, "stdin": stdin, "directory": str(Path.cwd())})
    options = dict(itertools.pairwise(words))
    if state["refuse"] and words[1] == "create":
        file.write_text(json.dumps(state))
        print(state["refuse"], file=sys.stderr)
        return 4
    answer = _create(name, state, options) if words[1] == "create" else _list(name, state, options)
    file.write_text(json.dumps(state))
    print(answer)
    return 0


def _create(name: str, state: dict[str, Any], options: dict[str, str]) -> str:
    number = len(state["requests"]) + 1
    branch = options.get("--head") or options["--source-branch"]
    middle = "pull" if name == "gh" else "-/merge_requests"
    url = f"https://{options['--repo'].removeprefix('https://')}/{middle}/{number}"
    state["requests"].append(
        {"number": number, "branch": branch, "url": url, "state": "OPEN", "head": "", "merged": ""}
    )
    return f"Creating a request for {branch}\n\n{url}"


def _list(name: str, state: dict[str, Any], options: dict[str, str]) -> str:
    branch = options.get("--head") or options["--source-branch"]
    found = [each for each in reversed(state["requests"]) if each["branch"] == branch]
    if name == "gh":
        return json.dumps(
            [
                {
                    **{"number": each["number"], "url": each["url"], "state": each["state"]},
                    **{"headRefOid": each["head"], "mergeCommit": {"oid": each["merged"]} if each["merged"] else None},
                }
                for each in found
            ]
        )
    states = {"OPEN": "opened", "MERGED": "merged", "CLOSED": "closed"}
    return json.dumps(
        [
            {
                **{"iid": each["number"], "web_url": each["url"], "state": states[each["state"]]},
                **{"sha": each["head"], "merge_commit_sha": each["merged"] or None},
            }
            for each in found
        ]
    )


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
