"""Worktrees: made, filled, brought to a commit; the user's checkout is never touched."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from podium.runner.workspaces.errors import SetupError, WorkspaceError
from podium.runner.workspaces.service import AttemptOrder, Place, Workspaces
from tests.runner.repo import Repo, make_repo

POD = "task_1"


def order(name: str = "ws.1", **more: str) -> AttemptOrder:
    return AttemptOrder(name, f"podium/abc-title/{name}", **more)


async def test_the_first_attempt_resolves_the_base_and_makes_integration(
    workspaces: Workspaces, place: Place, repo: Repo
) -> None:
    """The first worktree starts from the base branch; the user's checkout and branch stay as they are."""
    base = repo.head()
    prepared = await workspaces.prepare(POD, place, order())
    assert prepared.base_commit == base == prepared.attempt.start_commit
    assert repo.head("podium/abc-title/integration") == base
    assert repo.git("branch", "--show-current", cwd=prepared.path) == "podium/abc-title/ws.1"
    assert (prepared.path / "src/a.txt").read_text() == "a\n"
    assert repo.git("branch", "--show-current") == "main"
    assert repo.git("status", "--porcelain") == ""


async def test_the_base_stays_where_it_was_resolved(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """Commits that the user makes meanwhile do not change what later attempts start from."""
    base = repo.head()
    await workspaces.prepare(POD, place, order())
    repo.commit("meanwhile", {"README.md": "changed\n"})
    later = await workspaces.prepare(POD, place, order("ws.2"))
    assert later.attempt.start_commit == base


async def test_a_document_agent_gets_a_detached_worktree(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """No branch is made for an agent that writes no code."""
    prepared = await workspaces.prepare(POD, place, AttemptOrder("agent_1"))
    assert repo.git("branch", "--show-current", cwd=prepared.path) == ""
    assert repo.git("branch", "--list", "podium/*", "--format=%(refname:short)") == "podium/abc-title/integration"


async def test_leftovers_are_committed_with_names_of_any_kind(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """What the agent did not commit is committed at its end, deletions and odd names included."""
    prepared = await workspaces.prepare(POD, place, order())
    (prepared.path / "ein Name mit ü.txt").write_text("x\n")
    (prepared.path / "src/a.txt").unlink()
    finished = await workspaces.finish(POD, place, "ws.1", "Work of ws")
    assert finished.changed
    assert repo.head("podium/abc-title/ws.1") == finished.commit
    listed = repo.git("ls-tree", "-r", "-z", "--name-only", finished.commit).split("\0")
    assert "ein Name mit ü.txt" in listed
    assert "src/a.txt" not in listed


async def test_no_change_is_said(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """An attempt that ends with the tree it began with has changed nothing, empty commits or not."""
    prepared = await workspaces.prepare(POD, place, order())
    repo.git("commit", "--allow-empty", "-qm", "nothing", cwd=prepared.path)
    assert not (await workspaces.finish(POD, place, "ws.1", "m")).changed


async def test_without_an_identity_podium_commits(
    workspaces: Workspaces, place: Place, repo: Repo, _own_git_configuration: Path
) -> None:
    """A user who never configured git still gets commits."""
    _own_git_configuration.write_text("")
    prepared = await workspaces.prepare(POD, place, order())
    assert prepared.identity["GIT_AUTHOR_NAME"] == "Podium"
    (prepared.path / "new.txt").write_text("x\n")
    finished = await workspaces.finish(POD, place, "ws.1", "m")
    assert repo.git("log", "-1", "--format=%an <%ae>", finished.commit) == "Podium <podium@localhost>"


async def test_the_users_identity_is_used(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """Where there is an identity, commits carry it."""
    prepared = await workspaces.prepare(POD, place, order())
    assert prepared.identity == {}
    (prepared.path / "new.txt").write_text("x\n")
    finished = await workspaces.finish(POD, place, "ws.1", "m")
    assert repo.git("log", "-1", "--format=%an", finished.commit) == "Ann"


async def test_git_variables_of_the_surroundings_change_nothing(
    workspaces: Workspaces, place: Place, repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """GIT_DIR and its like, as a hook would set them, are not followed."""
    other = make_repo(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / "index"))
    await workspaces.prepare(POD, place, order())
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_WORK_TREE")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert "podium/abc-title/ws.1" in repo.git("branch", "--list", "podium/*")
    assert other.git("branch", "--list", "podium/*") == ""


async def test_failing_hooks_do_not_stop_the_runner(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """The runner's own commits are bookkeeping; the repository's hooks are for those of people and agents."""
    hook = repo.path / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    prepared = await workspaces.prepare(POD, place, order())
    (prepared.path / "new.txt").write_text("x\n")
    assert (await workspaces.finish(POD, place, "ws.1", "m")).changed


async def test_copied_files_are_there_and_never_committed(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """`copy` brings untracked files along; they are kept out of the leftovers even where nothing ignores them."""
    repo.commit("file", {".podium.toml": 'copy = [".env", "missing.txt"]\n'})
    repo.write(".env", "SECRET=1\n")
    prepared = await workspaces.prepare(POD, place, order())
    assert (prepared.path / ".env").read_text() == "SECRET=1\n"
    (prepared.path / "new.txt").write_text("x\n")
    finished = await workspaces.finish(POD, place, "ws.1", "m")
    listed = repo.git("ls-tree", "-r", "--name-only", finished.commit).splitlines()
    assert "new.txt" in listed
    assert ".env" not in listed


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", ".git/config", "link/secret"])
async def test_copy_never_leaves_the_repository(
    workspaces: Workspaces, place: Place, repo: Repo, tmp_path: Path, name: str
) -> None:
    """Names that lead out, also by a link, are refused and said."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/secret").write_text("x")
    (repo.path / "link").symlink_to(tmp_path / "secrets")
    repo.git("add", ".podium.toml") if (repo.path / ".podium.toml").exists() else None
    repo.write(".podium.toml", f'copy = ["{name}"]\n')
    repo.git("add", ".podium.toml")
    repo.git("commit", "-qm", "file")
    with pytest.raises(SetupError, match="copy"):
        await workspaces.prepare(POD, place, order())


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside"])
async def test_links_out_of_the_worktree_are_refused(workspaces: Workspaces, place: Place, target: str) -> None:
    """An agent cannot smuggle a link to elsewhere into the repository."""
    prepared = await workspaces.prepare(POD, place, order())
    (prepared.path / "link").symlink_to(target)
    with pytest.raises(WorkspaceError, match="link"):
        await workspaces.finish(POD, place, "ws.1", "m")


async def test_links_within_the_worktree_are_fine(workspaces: Workspaces, place: Place) -> None:
    """Relative links that stay inside are ordinary content."""
    prepared = await workspaces.prepare(POD, place, order())
    (prepared.path / "src/link").symlink_to("../README.md")
    assert (await workspaces.finish(POD, place, "ws.1", "m")).changed


async def test_setup_runs_with_ports_of_its_own(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """The repository's setup runs in each worktree; no two have the same ports."""
    repo.commit("file", {".podium.toml": 'setup = "echo $PODIUM_PORT_BASE > port"\n', ".gitignore": "port\n"})
    first = await workspaces.prepare(POD, place, order())
    second = await workspaces.prepare(POD, place, order("ws.2"))
    ports = {(p.path / "port").read_text() for p in (first, second)}
    assert len(ports) == 2


async def test_a_failing_setup_is_said_with_its_output(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """What the setup wrote reaches the person."""
    repo.commit("file", {".podium.toml": 'setup = ["echo first", ["sh", "-c", "echo broken; exit 3"]]\n'})
    with pytest.raises(SetupError, match="exit status 3") as caught:
        await workspaces.prepare(POD, place, order())
    assert "broken" in caught.value.output


async def test_a_hanging_setup_is_ended(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """A setup that does not end is ended at its limit, with all it started."""
    repo.commit("file", {".podium.toml": '[setup]\nrun = "sleep 1000 & sleep 1000"\ntime_limit_seconds = 0.3\n'})
    with pytest.raises(SetupError, match="time limit"):
        await workspaces.prepare(POD, place, order())


@pytest.mark.parametrize("text", ["setup = [", 'unknown = "x"', "checks = 7"])
async def test_a_broken_repository_file_is_said(workspaces: Workspaces, place: Place, repo: Repo, text: str) -> None:
    """A file that cannot be understood stops the attempt with its place."""
    repo.commit("file", {".podium.toml": text})
    with pytest.raises(WorkspaceError, match=r"\.podium\.toml"):
        await workspaces.prepare(POD, place, order())


async def test_an_unconfirmed_file_waits_for_a_person(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """Under the policy `ask` each new content must be confirmed once; the message says how."""
    workspaces.trust._policy = "ask"
    repo.commit("file", {".podium.toml": 'setup = "true"\n'})
    with pytest.raises(WorkspaceError, match="touch") as caught:
        await workspaces.prepare(POD, place, order())
    workspaces.trust.confirm(Path(str(caught.value).rpartition("touch ")[2]).name)
    await workspaces.prepare(POD, place, order("ws.2"))


async def test_checks_come_from_the_base_commit(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """An agent cannot weaken the checks that judge it."""
    repo.commit("file", {".podium.toml": 'checks = "test ! -e bad || { echo bad is there; exit 1; }"\n'})
    prepared = await workspaces.prepare(POD, place, order())
    assert (await workspaces.check(POD, place, "ws.1")).verdict.value == "passed"
    (prepared.path / ".podium.toml").write_text('checks = "true"\n')
    (prepared.path / "bad").write_text("x")
    result = await workspaces.check(POD, place, "ws.1")
    assert result.verdict.value == "failed"
    assert "bad is there" in result.output


async def test_an_agent_that_left_its_branch_is_followed_or_refused(
    workspaces: Workspaces, place: Place, repo: Repo
) -> None:
    """Commits on a detached HEAD come home; a HEAD that does not descend from the branch is refused."""
    prepared = await workspaces.prepare(POD, place, order())
    repo.git("checkout", "--quiet", "--detach", cwd=prepared.path)
    commit = repo.commit("away", {"x.txt": "x"}, cwd=prepared.path)
    assert (await workspaces.finish(POD, place, "ws.1", "m")).commit == commit
    assert repo.head("podium/abc-title/ws.1") == commit
    repo.git("checkout", "--quiet", "--orphan", "elsewhere", cwd=prepared.path)
    repo.commit("orphan", {"y.txt": "y"}, cwd=prepared.path)
    with pytest.raises(WorkspaceError, match="left its branch"):
        await workspaces.finish(POD, place, "ws.1", "m")


async def test_commits_of_an_earlier_attempt_of_the_same_name_are_kept(
    workspaces: Workspaces, place: Place, repo: Repo
) -> None:
    """A worktree made anew under the same name throws no commit away."""
    prepared = await workspaces.prepare(POD, place, order())
    commit = repo.commit("work", {"x.txt": "x"}, cwd=prepared.path)
    again = await workspaces.prepare(POD, place, order())
    assert not (again.path / "x.txt").exists()
    assert repo.head(f"podium/abc-title/ws.1.kept-{commit[:8]}") == commit


async def test_a_resolver_starts_half_merged(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """The resolver finds the conflict in its worktree; markers left behind are unresolved, without them merged."""
    first = await workspaces.prepare(POD, place, order("a.1"))
    second = await workspaces.prepare(POD, place, order("b.1"))
    repo.commit("a", {"README.md": "from a\n"}, cwd=first.path)
    branch_tip = repo.commit("b", {"README.md": "from b\n"}, cwd=second.path)
    repo.git("update-ref", "refs/heads/podium/abc-title/integration", repo.head(cwd=first.path))
    resolver = await workspaces.prepare(POD, place, order("b.2", conflict_branch="podium/abc-title/b.1"))
    assert "<<<<<<<" in (resolver.path / "README.md").read_text()
    left = await workspaces.finish(POD, place, "b.2", "m")
    assert left.unresolved == ("README.md",)
    (resolver.path / "README.md").write_text("from both\n")
    finished = await workspaces.finish(POD, place, "b.2", "m")
    assert finished.changed
    assert repo.git("rev-list", "--parents", "-1", finished.commit).split()[2] == branch_tip


async def test_what_is_missing_is_said(workspaces: Workspaces, place: Place, repo: Repo, tmp_path: Path) -> None:
    """No repository, no branch, a deleted integration branch: each a sentence of its own."""
    with pytest.raises(WorkspaceError, match="not a directory"):
        await workspaces.prepare(POD, replace(place, repository=str(tmp_path / "none")), order())
    (tmp_path / "empty").mkdir()
    with pytest.raises(WorkspaceError, match="not a usable git repository"):
        await workspaces.prepare(POD, replace(place, repository=str(tmp_path / "empty")), order())
    with pytest.raises(WorkspaceError, match="no branch other"):
        await workspaces.prepare(POD, replace(place, base_branch="other"), order())
    await workspaces.prepare(POD, place, order())
    repo.git("update-ref", "-d", "refs/heads/podium/abc-title/integration")
    with pytest.raises(WorkspaceError, match=r"integration branch .* is gone") as gone:
        await workspaces.prepare(POD, place, order("ws.2"))
    remedy = re.search(r"git -C '(.*)' (branch .*)$", str(gone.value))
    assert remedy and remedy[1] == place.repository
    repo.git(*remedy[2].split())
    await workspaces.prepare(POD, place, order("ws.2"))
