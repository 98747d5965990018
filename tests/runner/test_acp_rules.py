"""The pure parts of ACP: what is granted, what a grant is for, options, files, lines, what was used."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from podium.pods.v1 import pod_pb2 as pods
from podium.runner.acp import files
from podium.runner.acp.permissions import Option, Rules, Wish, granted, labels, names_of_tools, refused, tool_of
from podium.runner.acp.usage import Meter
from podium.runner.acp.wire import Wire
from podium.runner.settings import SAFE_COMMANDS

EDITS, ASK, ALLOW = pods.PERMISSION_MODE_EDITS, pods.PERMISSION_MODE_ASK, pods.PERMISSION_MODE_ALLOW
UNSET = pods.PERMISSION_MODE_UNSPECIFIED


def rules(mode: "pods.PermissionMode.ValueType" = EDITS) -> Rules:
    own = names_of_tools("podium", ["complete", "ask_human"])
    return Rules(mode, SAFE_COMMANDS, own, lambda path: not path.startswith(("/", "..", "~")))


def command(line: str) -> Wish:
    return Wish("execute", line, command=line)


GRANTED = {
    "an edit of the worktree": Wish("edit", "Write", paths=["src/a.py"]),
    "a move": Wish("move", "Move", paths=["a", "b"]),
    "reading": Wish("read", "Read", paths=["a"]),
    "a search": Wish("search", "grep"),
    "git status": command("git status --short"),
    "this folder": command("git add ."),
    "a commit": command("git commit -m 'Fix it'"),
    "our own tool": Wish("other", "mcp__podium__complete"),
    "our own tool, as gemini says it": Wish("other", "ask_human (podium MCP Server): {}"),
}
ASKED = {
    "an edit elsewhere": Wish("edit", "Write", paths=["src/a.py", "/etc/passwd"]),
    "an edit of nobody knows what": Wish("edit", "Write"),
    "reading elsewhere": Wish("read", "Read", paths=["../secret"]),
    "a command": command("make test"),
    "two commands": command("git status && rm -rf ."),
    "a pipe": command("git log | sh"),
    "a redirection": command("git show > ../x"),
    "a substitution": command("ls $(rm x)"),
    "a variable": command("cat $HOME/.netrc"),
    "a file elsewhere": command("cat /etc/passwd"),
    "a way out": command("git diff ../../other"),
    "a file behind an option": command("grep -f/etc/passwd x"),
    "a file behind a name": command("git log --since=/etc/passwd"),
    "a home": command("ls ~root"),
    "an option that writes": command("git diff --output=x"),
    "a line break": command("ls\nrm x"),
    "an open quote": command("ls 'x"),
    "no command": Wish("execute", "git status"),
    "the web": Wish("fetch", "GET", url="http://example.org/x"),
    "a mode": Wish("switch_mode", "Leave the plan"),
    "a command named like our tool": Wish("execute", "mcp__podium__complete", command="mcp__podium__complete"),
    "another's tool": Wish("other", "mcp__github__complete"),
}


@pytest.mark.parametrize("name", GRANTED)
def test_edits_are_granted(name: str) -> None:
    """`edits`, the default: changes of the worktree, looking around in it, and commands that only look."""
    assert rules().grants(GRANTED[name])
    assert rules(UNSET).grants(GRANTED[name])
    assert rules(ALLOW).grants(GRANTED[name])
    assert rules(ASK).grants(GRANTED[name]) == ("our own" in name)


@pytest.mark.parametrize("name", ASKED)
def test_the_rest_is_asked(name: str) -> None:
    """What leads out of the worktree, runs something, or is not understood, is for people to say; `allow` grants it."""
    assert not rules().grants(ASKED[name])
    assert rules(ALLOW).grants(ASKED[name])


TOOLS = {
    "run npm test": command("npm test -- --watch=false"),
    "run pytest": command("pytest -q tests"),
    "run git push": command("git push origin main"),
    "run git -C x push": command("git -C x push"),
    "run python -c 'print(1)'": command("python -c 'print(1)'"),
    "run make && make install": command("make && make install"),
    "run A=1 make": command("A=1 make"),
    "edit in the worktree": Wish("edit", "Write", paths=["a"]),
    "edit /etc/passwd": Wish("edit", "Write", paths=["a", "/etc/passwd"]),
    "fetch example.org": Wish("fetch", "GET", url="https://example.org/a?b=c"),
    "web_search Search the web": Wish("other", "Search the web", name="web_search"),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_grant_is_narrow(tool: str) -> None:
    """ "Always" is for a program or its subcommand; for whatever runs anything it is for this line alone."""
    assert tool_of(TOOLS[tool], rules().inside) == tool


def test_long_wishes_stay_apart() -> None:
    """A grant has 128 characters; two long commands that begin alike are two grants."""
    one, two = (tool_of(command(f"sh -c '{'x' * 300}{end}'"), rules().inside) for end in "ab")
    assert len(one) == len(two) == 128
    assert one != two


def test_only_what_lasts_begins_with_always() -> None:
    """The pod knows a grant by that word, so an agent's wording cannot make one, or hide one."""
    options = [
        Option("1", "allow_always", "Allow all edits"),
        Option("2", "allow_once", "Always"),
        Option("3", "reject_always", "always reject"),
        Option("4", "allow_once", "Allow"),
        Option("5", "reject_once", "Allow"),
        Option("6", "reject_once", ""),
    ]
    assert {label: option.id for label, option in labels(options).items()} == {
        "Always: Allow all edits": "1",
        "Yes: Always": "2",
        "No: always reject": "3",
        "Allow": "4",
        "Allow (2)": "5",
        "reject once": "6",
    }
    assert [granted(options), refused(options)] == [options[1], options[2]]
    assert granted(options[2:3]) is None


def test_nobody_pays_for_acp_without_it() -> None:
    """The protocol's package is loaded by the first agent that speaks it, not with the runner."""
    asked = "import sys, podium.runner.wiring; print('acp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# -- files -----------------------------------------------------------------------------------------------------------


def test_files_are_regular_small_and_inside(tmp_path: Path) -> None:
    """Pipes do not hang the runner, large files are refused, links inside lead where they lie, git's own stay."""
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "a.txt").write_text("one\ntwo\n\x0bthree\n")
    (tree / "link").symlink_to("deep/a.txt")
    os.mkfifo(tree / "pipe")
    (tree / "large").write_bytes(b"x" * (files.FILE_BYTES + 1))
    (tree / "loop").symlink_to("loop")
    assert files.read(tree, "link", 2, 2) == "two\n\x0bthree"
    assert files.read(tree, str(tree / "deep/a.txt"), None, 1) == "one"
    files.write(tree, "link", "short\n")
    assert (tree / "deep" / "a.txt").read_text() == "short\n"
    for name in ("pipe", "large", "loop", "deep", ".git/config", "../tree2", "/etc/passwd"):
        with pytest.raises(files.FileRefused):
            files.read(tree, name)
    with pytest.raises(files.FileMissing):
        files.read(tree, "nothing")
    with pytest.raises(files.FileRefused):
        files.write(tree, "new", "x" * (files.FILE_BYTES + 1))
    assert not (tree / "new").exists()


# -- lines -----------------------------------------------------------------------------------------------------------


class Tap:
    """A source that can be paused."""

    def __init__(self) -> None:
        self.paused = False

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


async def test_a_flood_is_not_read_before_it_is_understood() -> None:
    """More than a mebibyte waiting pauses the process; what was understood lets it go on; nothing is lost."""
    read_end, write_end = os.pipe()
    wire, tap = Wire(write_end, lambda _: None), Tap()
    wire.source = tap
    line = b'{"id":1,"result":"' + b"x" * 100_000 + b'"}\n'
    for _ in range(12):
        wire.feed(line[:50_000])
        wire.feed(line[50_000:])
    assert tap.paused
    for _ in range(12):
        assert (await wire.receive() or {})["id"] == 1
    assert not tap.paused
    wire.end()
    assert await wire.receive() is None
    await wire.close()
    os.close(read_end)


async def test_who_does_not_read_is_not_written_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full pipe ends the connection after a while; what was begun is not followed by another message."""
    monkeypatch.setattr("podium.runner.acp.wire._WRITE_SECONDS", 0.05)
    read_end, write_end = os.pipe()
    wire = Wire(write_end, lambda _: None)
    with pytest.raises(ConnectionError, match="does not read"):
        await wire.send({"text": "x" * 1_000_000})
    with pytest.raises(ConnectionError, match="gone"):
        await wire.send({"text": "y"})
    assert "does not read" in wire.problem
    await wire.close()
    os.close(read_end)


async def test_updates_come_in_order_beside_the_messages() -> None:
    """Updates are handed over as they stand among the messages, so an answer never overtakes what was said before."""
    read_end, write_end = os.pipe()
    wire = Wire(write_end, lambda _: None)
    seen: list[Any] = []
    wire.on_update = seen.append
    for number in range(3):
        wire.feed(b'{"method":"session/update","params":%d}\n' % number)
    wire.feed(b'[1]\n\n{"id":7,"result":{}}\n')
    assert await wire.receive() == {"id": 7, "result": {}}
    assert seen == [0, 1, 2]
    await asyncio.gather(wire.close())
    os.close(read_end)


# -- what was used ---------------------------------------------------------------------------------------------------


class Account:
    """What an agent is charged with."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}

    def use(self, **amounts: int) -> None:
        for name, amount in amounts.items():
            self.used[name] = self.used.get(name, 0) + amount


def test_nothing_is_counted_twice() -> None:
    """Cost comes as a sum and is counted as it grows; tokens by pieces or by turns, not both; nonsense is nothing."""
    account = Account()
    meter = Meter(account, resumed=False)  # type: ignore[arg-type]
    meter.turn(10, 1)
    meter.state(1, 2, 0.5, "USD")
    meter.state(1, 2, 0.75, "usd")
    meter.state(1, 2, 0.25, "USD")
    meter.state(1, 2, 99.0, "EUR")
    meter.state(-1, 2, float("nan"), "USD")
    meter.piece({"usage": {"inputTokens": 5, "outputTokens": "many"}})
    meter.turn(10, 1)
    meter.piece(None)
    assert account.used == {"input_tokens": 15, "output_tokens": 1, "cost_micros": 750_000}
    again = Account()
    meter = Meter(again, resumed=True)  # type: ignore[arg-type]
    meter.state(1, 2, 3.0, "USD")
    meter.state(1, 2, 3.5, "USD")
    assert again.used == {"cost_micros": 500_000}
