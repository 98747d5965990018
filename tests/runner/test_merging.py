"""Merging into the integration branch, against real git."""

from pathlib import Path

import pytest

from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.merging import Conflict
from tests.runner.repo import Repo
from tests.runner.team import INTEGRATION, POD, PREFIX, Team


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
