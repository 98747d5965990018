"""Sandboxes: real bwrap around real processes of a real runner; skipped where bwrap cannot make one."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from podium.pods.v1 import pod_pb2 as pods
from podium.runner.processes.supervised import StartError
from podium.runner.sandbox import bwrap
from podium.runner.sandbox.layout import View, arguments, hides
from podium.runner.sandbox.probe import Bwrap, find_bwrap
from podium.runner.sandbox.worktree import git_places
from tests.runner.acp import FAKE, scripted
from tests.runner.house import PREFIX, House, house
from tests.runner.repo import Repo

TRIED = ["bwrap", "--ro-bind", "/", "/", "--unshare-net", "--unshare-pid", "--proc", "/proc", "--dev", "/dev", "true"]


def works() -> bool:
    return shutil.which("bwrap") is not None and subprocess.run(TRIED, capture_output=True, check=False).returncode == 0


needs_bwrap = pytest.mark.skipif(not works(), reason="bwrap is missing, or the kernel lets nobody make a sandbox")


def shell(text: str, **more: object) -> dict[str, object]:
    return {"command": ["/bin/sh", "-c", text], "sandbox": "bwrap", "settle_seconds": 0, **more}


async def ended(at_home: House, agent_id: str) -> str:
    """The transcript of an agent that has ended."""
    await at_home.pods.end_of(agent_id)
    return (await at_home.shown(agent_id, b"turn 1 ended")).decode()


PROBES = r"""
say() { echo "[$1]"; }
try() { name=$1; shift; if "$@" >/dev/null 2>&1; then say "$name: yes"; else say "$name: no"; fi; }
echo work > made.txt && git add made.txt && git commit --quiet -m "Inside" && say "commit: yes"
git log -1 --format='[author %an]'
try "secret" cat "$HIDDEN"
try "key" cat "$KEY_FILE"
try "checkout" cat "$CHECKOUT/README.md"
try "hook" sh -c "echo evil > '$CHECKOUT/.git/hooks/pre-commit'"
try "config" git config core.fsmonitor evil
try "main" git update-ref refs/heads/main HEAD
try "branch" git checkout --quiet -b elsewhere
try "gitfile" rm .git
try "etc" touch /etc/podium-test
try "other pods" ls "$(dirname "$(dirname "$PWD")")/other"
try "tmp" sh -c 'echo x > /tmp/mine && cat /tmp/mine'
try "home" sh -c 'ls -A "$HOME" | grep -q .'
try "ps" sh -c 'ls /proc | grep -qx 1 && [ $(ls -d /proc/[0-9]* | wc -l) -lt 20 ]'
try "network" python3 -c "import socket; socket.create_connection(('127.0.0.1', $PORT), 2)"
podium agent progress "from inside" && say "podium: yes"
podium agent complete "Done inside"
"""

EXPECTED = {
    **dict.fromkeys(("commit", "tmp", "ps", "podium"), "yes"),
    **dict.fromkeys(("secret", "key", "checkout", "hook", "config", "main", "branch", "gitfile", "etc"), "no"),
    **dict.fromkeys(("other pods", "home", "network"), "no"),
}


@needs_bwrap
async def test_an_agent_inside_can_do_its_work_and_nothing_else(tmp_path: Path, repo: Repo) -> None:
    """It commits on its branch under the user's name and reports; it neither reads the home directory and Podium's key,
    nor writes anywhere else, nor moves another branch, nor plants what git would run outside, nor reaches the machine's
    loopback."""
    secret = Path.home() / "secret.txt"
    secret.write_text("open sesame")
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    async with house(tmp_path, repo) as at_home, server:
        given = {
            "HIDDEN": str(secret),
            "KEY_FILE": str(at_home.settings("runner").key_file),
            "CHECKOUT": str(repo.path),
            "PORT": str(server.sockets[0].getsockname()[1]),
        }
        await at_home.start_runner({"it": shell(PROBES, set_env=given)})
        (at_home.data_dir / "runner/runner-1/worktrees/other").mkdir(parents=True)
        await at_home.launch("agent_1")
        text = await ended(at_home, "agent_1")
        found = dict(line[1:-1].split(": ") for line in text.splitlines() if line.endswith((": yes]", ": no]")))
        assert found == EXPECTED
        assert "[author Ann]" in text
        end = await at_home.pods.end_of("agent_1")
        assert end.completed.summary == "Done inside"
        assert end.completed.commit == repo.head(f"{PREFIX}/ws.1")
        assert (await at_home.pods.report("agent_1", "progress")).progress.text == "from inside"
        assert repo.git("status", "--porcelain") == ""
        await at_home.stop_runner()


CALLS = "import socket; print('heard', socket.create_connection(('127.0.0.1', {port}), 5).recv(100))"


@needs_bwrap
async def test_a_door_lets_one_port_through(tmp_path: Path, repo: Repo) -> None:
    """A loopback port that the profile names is reached from inside, by many at once; its neighbour is not. Here in a
    terminal."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello from outside")
        writer.close()

    one, two = [await asyncio.start_server(greet, "127.0.0.1", 0) for _ in range(2)]
    async with house(tmp_path, repo) as at_home, one, two:
        first, second = (each.sockets[0].getsockname()[1] for each in (one, two))
        text = "\n".join(
            [
                f'for n in 1 2 3 4 5; do python3 -c "{CALLS.format(port=first)}" & done; wait',
                f'python3 -c "{CALLS.format(port=second)}" 2>&1 | grep -c refused',
                "test -t 0 && test -t 1 && echo on $((2 - 1)) terminal",
                # Signals 32 and 33 are the C library's own.
                "grep -qE '^SigIgn:\\s0{7}[01][08]0{7}$' /proc/self/status && echo $((2 - 2)) ignored",
                "podium agent fail enough",
            ]
        )
        await at_home.start_runner({"it": shell(text, sandbox_ports=[first], pty=True)})
        await at_home.launch("agent_1")
        shown = await ended(at_home, "agent_1")
        assert shown.count("heard b'hello from outside'") == 5
        assert "\n1\n" in shown.replace("\r", "")
        assert "on 1 terminal" in shown
        assert "0 ignored" in shown
        await at_home.stop_runner()


async def test_without_bwrap_the_remedy_is_said(tmp_path: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent is not started without its sandbox; the failure says what to install."""
    async with house(tmp_path, repo) as at_home:
        await at_home.start_runner({"it": shell("podium agent complete x")})
        monkeypatch.setattr(bwrap, "_found", None)
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("git", "sh"):
            (folder / name).symlink_to(shutil.which(name) or name)
        monkeypatch.setenv("PATH", str(folder))
        await at_home.launch("agent_1")
        failed = (await at_home.pods.end_of("agent_1")).failed
        assert failed.cause == pods.FAILURE_CAUSE_START_FAILED
        assert "apt-get install bubblewrap" in failed.error
        await at_home.stop_runner()


async def test_a_kernel_that_refuses_is_said(tmp_path: Path) -> None:
    """A bwrap that fails is told with what it said and what to allow."""
    program = tmp_path / "bwrap"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit\necho no userns >&2\nexit 1\n')
    program.chmod(0o755)
    with pytest.raises(StartError, match=r"no userns.*unprivileged_userns_clone"):
        await find_bwrap(str(tmp_path))
    program.write_text("#!/bin/sh\necho bubblewrap 0.6.2\n")
    assert await find_bwrap(str(tmp_path)) == Bwrap(str(program), False)


def test_what_lies_deeper_decides(tmp_path: Path) -> None:
    """Hidden in what is shown, shown in what is hidden: the innermost folder counts."""
    home, inner = tmp_path / "home", tmp_path / "home/tools"
    for folder in (inner / "private", home / "own"):
        folder.mkdir(parents=True)
    view = View(home, home, [inner / "private"], [inner], [home / "own"])
    assert hides(view, home / "x")
    assert not hides(view, inner / "x")
    assert hides(view, inner / "private/x")
    assert not hides(view, home / "own/x")
    words = arguments(Bwrap("bwrap", True), view, ["run"])
    order = [words.index(str(each)) for each in (home, inner, inner / "private")]
    assert order == sorted(order)
    assert words[-2:] == ["--", "run"]


@pytest.mark.parametrize(
    ("sandbox", "said"),
    [
        ({"sandbox_read": ["nowhere"]}, "the profile names nowhere"),
        ({"command": ["no-such-program"]}, "no-such-program: it is not on PATH"),
        ({"command": ["{tool}"]}, "name its folder in `sandbox_read`"),
    ],
)
@needs_bwrap
async def test_what_cannot_be_seen_inside_is_said(
    tmp_path: Path, repo: Repo, sandbox: dict[str, object], said: str
) -> None:
    """A program in the home directory, a path that is not there: named before anything is started."""
    tool = Path.home() / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    command = sandbox.get("command", ["true"])
    profile = {**sandbox, "command": [str(tool) if word == "{tool}" else word for word in command]}  # type: ignore[attr-defined]
    async with house(tmp_path, repo) as at_home:
        await at_home.start_runner({"it": {"sandbox": "bwrap", **profile}})
        await at_home.launch("agent_1")
        failed = (await at_home.pods.end_of("agent_1")).failed
        assert failed.cause == pods.FAILURE_CAUSE_START_FAILED
        assert said in failed.error
        await at_home.stop_runner()


def test_only_a_worktree_has_places(tmp_path: Path) -> None:
    """A folder that git does not know is refused, in words."""
    with pytest.raises(StartError, match="is not a worktree's"):
        git_places(tmp_path)


TELLS = """
import json, sys, urllib.request
sent = [json.loads(line) for line in open(sys.argv[1])]
(server,) = next(each["params"]["mcpServers"] for each in sent if each.get("method") == "session/new")
call = {"name": "report_progress", "arguments": {"text": "by a tool, from inside"}}
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
headers = {each["name"]: each["value"] for each in server["headers"]}
headers |= {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
answer = urllib.request.urlopen(urllib.request.Request(server["url"], body, headers), timeout=10)
open("told.txt", "w").write(answer.read().decode())
"""


@needs_bwrap
async def test_a_session_inside_has_its_tools(tmp_path: Path, repo: Repo) -> None:
    """An ACP agent without a network reaches Podium's tools all the same: their port is let through."""
    log = tmp_path / "it.log"
    steps = [
        {"start": [sys.executable, "-c", TELLS, str(log)]},
        {"wait_for": "told.txt"},
        {"agent": ["complete", "Told"]},
    ]
    profile = scripted(
        tmp_path,
        steps,
        http=True,
        mcp=True,
        sandbox="bwrap",
        sandbox_write=[str(tmp_path)],
        sandbox_read=[str(FAKE.parent)],
    )
    async with house(tmp_path / "house", repo) as at_home:
        await at_home.start_runner({"it": profile})
        await at_home.launch("agent_1")
        assert (await at_home.pods.end_of("agent_1")).completed.summary == "Told"
        said = [report.progress.text for report in at_home.pods.reports("agent_1", "progress")]
        assert "by a tool, from inside" in said
        await at_home.stop_runner()
