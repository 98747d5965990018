"""Merging into the integration branch and landing on the target, against real git."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from podium.runner.layout import Layout
from podium.runner.processes.journal import Journal
from podium.runner.workspaces import releasing, review
from podium.runner.workspaces.commands import StepResult, Verdict
from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.landing import Blocked, Landed, Landing
from podium.runner.workspaces.merging import Conflict
from podium.runner.workspaces.service import AttemptOrder, Place, Workspaces
from tests.runner.conftest import Repo

POD = "task_1"
PREFIX = "podium/abc-title"
INTEGRATION = f"{PREFIX}/integration"


class Team:
    """Makes attempts that change files, merges and lands them."""

    def __init__(self, workspaces: Workspaces, place: Place, repo: Repo) -> None:
        self.workspaces = workspaces
        self.place = place
        self.repo = repo

    async def work(self, name: str, files: dict[str, str]) -> str:
        """An attempt's branch with one commit."""
        branch = f"{PREFIX}/{name}.1"
        prepared = await self.workspaces.prepare(POD, self.place, AttemptOrder(f"{name}.1", branch))
        self.repo.commit(f"work of {name}", files, cwd=prepared.path)
        return branch

    async def merge(self, name: str, job: str = "") -> str | Conflict:
        return await review.merge(
            self.workspaces,
            POD,
            self.place,
            branch=f"{PREFIX}/{name}.1",
            title=f"Do {name}",
            job_id=job or f"job_{name}",
            workstream_id=name,
        )

    async def merged(self, name: str, files: dict[str, str]) -> str:
        await self.work(name, files)
        commit = await self.merge(name)
        assert isinstance(commit, str)
        return commit

    async def land(self, commit: str, job: str = "job_land") -> Landed | Conflict | Blocked:
        return await review.land(
            self.workspaces, POD, self.place, integration_commit=commit, title="The task", job_id=job
        )


@pytest.fixture
def team(workspaces: Workspaces, place: Place, repo: Repo) -> Team:
    return Team(workspaces, place, repo)


# -- merging ---------------------------------------------------------------------------------------------------------


async def test_two_workstreams_are_merged_without_a_checkout(team: Team, repo: Repo) -> None:
    """Each becomes a merge commit with its job's trailer; the user's checkout sees nothing of it."""
    await team.work("a", {"src/a.txt": "A\n"})
    await team.work("b", {"src/b.txt": "B\n"})
    first, second = await team.merge("a"), await team.merge("b")
    assert repo.head(INTEGRATION) == second
    assert repo.head(f"{second}^1") == first
    assert repo.git("log", "-1", "--format=%s|%(trailers:key=Podium-Job,valueonly)", str(second)) == "Merge: Do b|job_b"
    assert (repo.show(f"{second}:src/a.txt"), repo.show(f"{second}:src/b.txt")) == ("A", "B")
    assert (repo.git("status", "--porcelain"), repo.show("main:src/a.txt")) == ("", "a")


async def test_a_repeated_merge_finds_the_first_one(team: Team, repo: Repo) -> None:
    """A job carried out twice gives the same commit, also when others were merged meanwhile."""
    first = await team.merged("a", {"src/a.txt": "A\n"})
    last = await team.merged("b", {"src/b.txt": "B\n"})
    assert await team.merge("a") == first
    assert repo.head(INTEGRATION) == last


async def test_a_conflict_names_the_paths_and_changes_nothing(team: Team, repo: Repo) -> None:
    """The integration branch stays where it was; every path in conflict is named, whatever its letters."""
    await team.work("a", {"src/ä b.txt": "from a\n", "src/a.txt": "A\n", "src/b.txt": "x\n"})
    await team.work("b", {"src/ä b.txt": "from b\n", "src/a.txt": "Z\n", "new.txt": "fine\n"})
    before = await team.merge("a")
    assert await team.merge("b") == Conflict(("src/a.txt", "src/ä b.txt"))
    assert repo.head(INTEGRATION) == before


async def test_a_branch_that_is_gone_is_said(team: Team, repo: Repo) -> None:
    """No merge without a branch."""
    await team.merged("a", {"x": "x"})
    repo.git("worktree", "remove", "--force", str(team.workspaces.layout.pod_worktrees(POD) / "a.1"))
    repo.git("branch", "-D", f"{PREFIX}/a.1")
    with pytest.raises(WorkspaceError, match=r"a\.1 is gone"):
        await team.merge("a", job="job_other")


async def test_an_integration_branch_that_a_person_looks_at_is_moved_with_its_checkout(
    team: Team, repo: Repo, tmp_path: Path
) -> None:
    """Moving it by ref alone would show the merged files as staged deletions there."""
    await team.work("a", {"src/a.txt": "A\n"})
    looked = tmp_path / "looked at"
    repo.git("worktree", "add", "-q", str(looked), INTEGRATION)
    commit = await team.merge("a")
    assert repo.head(cwd=looked) == commit
    assert repo.git("status", "--porcelain", cwd=looked) == ""
    assert (looked / "src/a.txt").read_text() == "A\n"


# -- landing ---------------------------------------------------------------------------------------------------------


async def test_a_fast_forward_updates_the_checkout_that_has_the_branch(team: Team, repo: Repo) -> None:
    """The user's clean checkout of the target gets the files; untracked files of theirs stay."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.write("notes.txt", "mine")
    assert await team.land(commit) == Landed(commit)
    assert repo.head("main") == commit
    assert (repo.path / "src/a.txt").read_text() == "A\n"
    assert repo.git("status", "--porcelain") == "?? notes.txt"


async def test_a_branch_that_no_checkout_has_is_moved_by_ref(team: Team, repo: Repo) -> None:
    """The user works on another branch: their files do not change."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.git("checkout", "-q", "-b", "other")
    assert await team.land(commit) == Landed(commit)
    assert repo.head("main") == commit
    assert (repo.path / "src/a.txt").read_text() == "a\n"
    assert repo.git("status", "--porcelain") == ""


async def test_a_dirty_checkout_blocks_with_the_command(team: Team, repo: Repo) -> None:
    """Uncommitted changes are never touched; the message says where and how to go on, and later it lands."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.write("README.md", "my edit\n")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "uncommitted changes" in blocked.error
    assert f"merge --ff-only {commit}" in blocked.error
    assert (repo.path / "README.md").read_text() == "my edit\n"
    assert repo.head("main") != commit
    repo.git("checkout", "-q", "--", "README.md")
    assert await team.land(commit) == Landed(commit)


async def test_an_operation_under_way_blocks(team: Team, repo: Repo) -> None:
    """A merge or rebase of the target in progress is left alone."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    (repo.path / ".git/MERGE_HEAD").write_text(commit + "\n")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "a merge is under way" in blocked.error


async def test_a_target_that_is_being_rebased_is_not_moved(team: Team, repo: Repo) -> None:
    """During a rebase HEAD is detached, yet the branch is in use."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    before = repo.head("main")
    repo.git("checkout", "-q", "--detach")
    (repo.path / ".git/rebase-merge").mkdir()
    (repo.path / ".git/rebase-merge/head-name").write_text("refs/heads/main\n")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "rebase" in blocked.error
    assert repo.head("main") == before


async def test_an_untracked_file_in_the_way_blocks(team: Team, repo: Repo) -> None:
    """git's own refusal is passed on."""
    commit = await team.merged("a", {"new.txt": "from the agent\n"})
    repo.write("new.txt", "mine\n")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "new.txt" in blocked.error
    assert (repo.path / "new.txt").read_text() == "mine\n"


async def test_a_target_that_moved_is_merged_and_checked(team: Team, repo: Repo) -> None:
    """The candidate is the merge of both; the checks run on it before it lands, with the job's trailer."""
    repo.commit("checks", {".podium.toml": 'checks = "test -f src/a.txt -a ! -f forbidden"\n'})
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    mine = repo.commit("mine", {"mine.txt": "x\n"})
    landed = await team.land(commit)
    assert isinstance(landed, Landed)
    assert repo.git("rev-list", "--parents", "-1", "main").split() == [landed.commit, mine, commit]
    assert await team.land(commit) == landed


async def test_red_checks_on_the_merge_block(team: Team, repo: Repo) -> None:
    """Green work on a target that moved can be red together: it stays on integration, with the output."""
    repo.commit("checks", {".podium.toml": 'checks = "test ! -f forbidden || { echo no way; exit 1; }"\n'})
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    mine = repo.commit("mine", {"forbidden": "x\n"})
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "no way" in blocked.checks_output
    assert repo.head("main") == mine


async def test_red_work_that_a_person_approved_lands(team: Team, repo: Repo) -> None:
    """The review showed red checks and was approved: the same red after a merge with the target does not stop it."""
    repo.commit("checks", {".podium.toml": 'checks = "false"\n'})
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    verified = await review.verify(team.workspaces, POD, team.place)
    assert verified.checks.verdict is Verdict.FAILED
    repo.commit("mine", {"mine.txt": "x\n"})
    assert isinstance(await team.land(commit), Landed)


async def test_a_conflict_with_the_target_names_the_paths(team: Team, repo: Repo) -> None:
    """Nothing moves."""
    commit = await team.merged("a", {"README.md": "from the agent\n"})
    mine = repo.commit("mine", {"README.md": "from me\n"})
    assert await team.land(commit) == Conflict(("README.md",))
    assert repo.head("main") == mine


async def test_a_target_that_moves_during_the_checks_is_met_again(team: Team, repo: Repo) -> None:
    """The race is lost twice, then won: the candidate is made anew each time."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.commit("first", {"m0.txt": "x\n"})
    moves = iter(["one", "two"])

    async def checks(_: str) -> StepResult:
        if (name := next(moves, "")) != "":
            repo.commit(name, {f"{name}.txt": "x\n"})
        return StepResult(Verdict.PASSED)

    landed = await (await landing(team, commit)).run(checks)
    assert isinstance(landed, Landed)
    assert repo.head("main") == landed.commit
    assert {"one.txt", "two.txt", "m0.txt"} <= set(repo.git("ls-tree", "--name-only", "main").splitlines())


async def test_a_target_that_never_rests_blocks(team: Team, repo: Repo) -> None:
    """Four tries, then a person decides."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.commit("first", {"m.txt": "0\n"})
    tries = []

    async def checks(_: str) -> StepResult:
        tries.append(repo.commit("again", {"m.txt": f"{len(tries) + 1}\n"}))
        return StepResult(Verdict.PASSED)

    blocked = await (await landing(team, commit)).run(checks)
    assert isinstance(blocked, Blocked)
    assert len(tries) == 4


async def landing(team: Team, commit: str) -> Landing:
    repository, record = await team.workspaces.open(POD, team.place)
    return Landing(repository, record.base_branch, record.base_commit, INTEGRATION, commit, "T", "job_land", False)


async def test_a_target_that_is_gone_is_said(team: Team, repo: Repo) -> None:
    """The message says how to make it again."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.git("checkout", "-q", "--detach")
    repo.git("branch", "-D", "main")
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "branch main" in blocked.error


async def test_a_rewritten_base_is_merged_with(team: Team, repo: Repo) -> None:
    """The user amended the commit that the work started from: the work lands as a merge."""
    repo.commit("second", {"second.txt": "x\n"})
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.git("commit", "-q", "--amend", "-m", "second, amended")
    assert isinstance(await team.land(commit), Landed)


# -- URLs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def remote(repo: Repo, tmp_path: Path) -> tuple[Repo, Place]:
    bare = tmp_path / "remote ü.git"
    repo.git("clone", "-q", "--bare", str(repo.path), str(bare))
    return Repo(bare), Place(f"file://{bare}", PREFIX)


async def test_a_url_is_mirrored_and_pushed_to(workspaces: Workspaces, remote: tuple[Repo, Place], repo: Repo) -> None:
    """The default branch of the remote is the base; landing is a push without force."""
    there, place = remote
    team = Team(workspaces, place, repo)
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    assert await team.land(commit) == Landed(commit)
    assert there.head("main") == commit
    assert there.git("branch", "--list", "podium/*") == ""


async def test_a_remote_that_moved_is_merged_with(
    workspaces: Workspaces, remote: tuple[Repo, Place], repo: Repo
) -> None:
    """Others push meanwhile: the landing fetches, merges and pushes."""
    there, place = remote
    team = Team(workspaces, place, repo)
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    theirs = repo.commit("theirs", {"theirs.txt": "x\n"})
    repo.git("push", "-q", str(there.path), "main")
    landed = await team.land(commit)
    assert isinstance(landed, Landed)
    assert there.git("rev-list", "--parents", "-1", "main").split() == [landed.commit, theirs, commit]
    assert await team.land(commit) == landed


async def test_a_refused_push_blocks(workspaces: Workspaces, remote: tuple[Repo, Place], repo: Repo) -> None:
    """A remote's hook says no: its words reach the person."""
    there, place = remote
    hook = there.path / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o755)
    team = Team(workspaces, place, repo)
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    blocked = await team.land(commit)
    assert isinstance(blocked, Blocked)
    assert "protected" in blocked.error


async def test_a_remote_that_cannot_be_reached_is_said(workspaces: Workspaces, tmp_path: Path, repo: Repo) -> None:
    """No hanging, no prompt: a sentence."""
    team = Team(workspaces, Place(f"file://{tmp_path}/nowhere.git", PREFIX, "main"), repo)
    with pytest.raises(WorkspaceError, match="nowhere"):
        await team.work("a", {"x": "x"})


# -- reviewing, releasing, locking -----------------------------------------------------------------------------------


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


async def test_a_rewritten_remote_is_met_with_what_was_kept(
    workspaces: Workspaces, remote: tuple[Repo, Place], repo: Repo
) -> None:
    """The commit that the work started from is gone there: its mirror keeps it, and the work lands as a merge."""
    there, place = remote
    repo.commit("second", {"second.txt": "x\n"})
    repo.git("push", "-q", str(there.path), "main")
    team = Team(workspaces, place, repo)
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.git("commit", "-q", "--amend", "-m", "second, otherwise")
    repo.git("push", "-q", "--force", str(there.path), "main")
    landed = await team.land(commit)
    assert isinstance(landed, Landed)
    assert there.head("main^1") == repo.head()


async def test_a_target_of_another_history_is_said(team: Team, repo: Repo) -> None:
    """Begun anew without any commit of the old one: there is nothing to merge by."""
    commit = await team.merged("a", {"src/a.txt": "A\n"})
    repo.git("checkout", "-q", "--orphan", "anew")
    repo.commit("anew", {"x": "x\n"})
    repo.git("branch", "-M", "anew", "main")
    with pytest.raises(WorkspaceError, match="unrelated histories"):
        await team.land(commit)
