"""The review's measures, what is given back when a pod ends, and the lock of a repository."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from podium.runner.layout import Layout
from podium.runner.processes.journal import Journal
from podium.runner.workspaces import releasing, review
from podium.runner.workspaces.commands import Verdict
from podium.runner.workspaces.landing import Landed
from podium.runner.workspaces.service import Workspaces
from tests.runner.repo import Repo
from tests.runner.team import INTEGRATION, POD, PREFIX, Team


async def test_verification_measures_and_shows(team: Team, repo: Repo) -> None:
    """Checks run in a tree of their own; the diffs are of the whole and of each workstream."""
    repo.commit("checks", {".podium.toml": 'checks = "cat src/a.txt"\n'})
    await team.merged("a", {"src/a.txt": "A\n"})
    tip = await team.merged("b", {"new file.txt": "1\n2\n"})
    verified = await review.verify(team.workspaces, POD, team.place)
    assert (verified.commit, verified.checks.verdict) == (tip, Verdict.PASSED)
    assert "\nA\n" in verified.checks.output
    assert (verified.size.files, verified.size.insertions, verified.size.deletions) == (2, 3, 1)
    assert set(verified.diffs) == {"", "a", "b"}
    assert b"+A\n" in verified.diffs["a"].parts[0]
    assert b"new file.txt" not in verified.diffs["a"].parts[0]
    assert b"new file.txt" in verified.diffs[""].parts[0]
    assert "2 files changed" in verified.diffs[""].stat
    assert not list(team.workspaces.layout.pod_worktrees(POD).glob("verify-*"))


async def test_a_release_gives_back_what_landed_and_keeps_what_failed(team: Team, repo: Repo) -> None:
    """Landed work leaves no branch; a failed attempt's branch and worktree stay until they are asked for."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    failed = await team.work("b", {"src/b.txt": "half\n"})
    team.workspaces.mark_failed(POD, "b.1")
    await team.land(commit)
    removed = await releasing.release(team.workspaces, POD, keep_failed=True)
    assert f"{PREFIX}/a.1" in removed
    assert INTEGRATION in removed
    assert repo.git("branch", "--list", "podium/*", "--format=%(refname:short)") == failed
    assert (team.workspaces.layout.pod_worktrees(POD) / "b.1").is_dir()
    await releasing.collect(team.workspaces, failed_too=False)
    assert repo.git("branch", "--list", "podium/*") != ""
    await releasing.collect(team.workspaces, failed_too=True)
    assert repo.git("branch", "--list", "podium/*") == ""
    assert not team.workspaces.layout.pod_worktrees(POD).exists()


async def test_unlanded_work_outlives_a_release(team: Team, repo: Repo) -> None:
    """A cancelled pod's integrated work is not thrown away by the way."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    await releasing.release(team.workspaces, POD, keep_failed=False)
    assert repo.head(INTEGRATION) == commit


async def test_cleanup_runs_in_each_worktree(team: Team, repo: Repo, tmp_path: Path) -> None:
    """`cleanup` gives back what `setup` took outside."""
    repo.commit("file", {".podium.toml": f"cleanup = \"echo $PODIUM_PORT_BASE >> '{tmp_path}/cleaned'\"\n"})
    await team.work("a", {"x": "x"})
    await team.work("b", {"y": "y"})
    await releasing.release(team.workspaces, POD, keep_failed=False)
    assert len((tmp_path / "cleaned").read_text().split()) == 2


async def test_the_lock_is_waited_for(team: Team, repo: Repo) -> None:
    """While another process holds the repository's lock nothing is changed; then the work goes on."""
    await team.work("a", {"x": "x"})
    with (repo.path / ".git/podium.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        merging = asyncio.ensure_future(team.merge("a"))
        done, _ = await asyncio.wait({merging}, timeout=0.2)
        assert not done
    assert isinstance(await merging, str)


async def test_a_second_runner_finds_the_pods_branches(team: Team, repo: Repo, layout: Layout, tmp_path: Path) -> None:
    """A runner without this pod's record takes the base from the job, and the branches as they are."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    fresh = Layout.of(tmp_path / "other", "runner-2")
    fresh.ensure()
    other = Workspaces(fresh, Journal(fresh.processes), "local", lambda: 0.0)
    base = team.workspaces.records.load(POD)
    assert base is not None
    place = replace(team.place, base_commit=base.base_commit)
    outcome = await review.land(other, POD, place, integration_commit=commit, title="T", job_id="job_x")
    assert outcome == Landed(commit)


def test_gc_is_a_command_of_its_own(tmp_path: Path) -> None:
    """`podium gc` runs it and reads what was removed; on a fresh data directory that is nothing."""
    arguments = [sys.executable, "-m", "podium.runner.gc", "--data-dir", str(tmp_path), "--failed"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stdout) == {"removed": []}
