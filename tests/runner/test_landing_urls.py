"""Landing by a push, for repositories that are named by URL."""

from pathlib import Path

import pytest

from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.landing import Blocked, Landed
from podium.runner.workspaces.service import Place, Workspaces
from tests.runner.repo import Repo
from tests.runner.team import PREFIX, Team


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
