"""What agents and steps put into the background does not outlive them."""

from pathlib import Path

import pytest

from podium.runner.processes import table
from podium.runner.workspaces.service import AttemptOrder, Place, Workspaces
from tests.runner.house import House
from tests.runner.repo import Repo

DAEMON = """
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
null = os.open(os.devnull, os.O_RDWR)
for descriptor in (0, 1, 2):
    os.dup2(null, descriptor)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(1000)
"""
"""Leaves its parent, its session and its terminal, closes every pipe, and stays."""


def daemon_command(place: Path) -> str:
    script = place / "daemon.py"
    script.write_text(DAEMON)
    note = place / "daemon"
    return f"python3 '{script}' '{note}'; while [ ! -e '{note}' ]; do sleep 0.02; done"


def daemon_of(place: Path) -> int:
    return int((place / "daemon").read_text())


@pytest.mark.skipif(not table.has_proc(), reason="what left its session is found by /proc")
@pytest.mark.parametrize("end", ["podium agent complete done", "exit 3", "sleep 1000"])
async def test_an_agents_daemon_ends_with_its_turn(at_home: House, tmp_path: Path, end: str) -> None:
    """Forked twice into a session of its own: it is ended after a good end, a bad one, and a time limit."""
    script = f"{daemon_command(tmp_path)}; echo x > new.txt; {end}"
    profile = {"command": ["/bin/sh", "-c", script], "time_limit_seconds": 5.0 if end.startswith("sleep") else 0.0}
    await at_home.start_runner({"it": profile})
    await at_home.launch("agent_1")
    ended = await at_home.pods.end_of("agent_1")
    assert ended.WhichOneof("kind") == ("completed" if end.startswith("podium") else "failed")
    assert table.row(daemon_of(tmp_path)) is None


@pytest.mark.skipif(not table.has_proc(), reason="what left its session is found by /proc")
async def test_a_setups_daemon_ends_with_the_setup(
    workspaces: Workspaces, place: Place, repo: Repo, tmp_path: Path
) -> None:
    """A setup that starts a server in the background must use something that outlives it (a container, say)."""
    repo.commit("file", {".podium.toml": f'setup = """{daemon_command(tmp_path)}"""\n'})
    await workspaces.prepare("task_1", place, AttemptOrder("a.1", "podium/abc-title/a.1"))
    assert table.row(daemon_of(tmp_path)) is None
