"""Many worktrees at once, hooks of every kind, and what must never be touched, against real git."""

import asyncio
import os
import subprocess
import time
from pathlib import Path

import pytest

from podium.runner.processes import table
from podium.runner.workspaces import branches, releasing, review
from podium.runner.workspaces.commands import Verdict
from podium.runner.workspaces.errors import GitError, SetupError, WorkspaceError
from podium.runner.workspaces.git import Git
from podium.runner.workspaces.landing import Blocked, Landed
from podium.runner.workspaces.merging import Conflict
from podium.runner.workspaces.service import AttemptOrder, Place, Prepared, Workspaces
from tests.runner.repo import Repo

POD = "task_1"
PREFIX = "podium/abc-title"
MANY = 50


async def prepare(workspaces: Workspaces, place: Place, name: str) -> Prepared:
    return await workspaces.prepare(POD, place, AttemptOrder(name, f"{PREFIX}/{name}"))


async def merge(workspaces: Workspaces, place: Place, name: str) -> str | Conflict:
    return await review.merge(
        workspaces,
        POD,
        place,
        branch=f"{PREFIX}/{name}",
        title=name,
        job_id=f"job_{name}",
        workstream_id=name.partition(".")[0],
    )


async def land(workspaces: Workspaces, place: Place, commit: str) -> Landed | Conflict | Blocked:
    return await review.land(workspaces, POD, place, integration_commit=commit, title="T", job_id="job_land")


# -- many at once ----------------------------------------------------------------------------------------------------


@pytest.mark.timeout(180)
async def test_fifty_worktrees_lose_nothing(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """Made, committed by plain git, finished and merged all at once, while the user commits too: no lock failure, and
    every commit is there.
    """

    async def one(number: int) -> tuple[str, str | Conflict]:
        prepared = await prepare(workspaces, place, f"ws-{number}.1")
        own = await asyncio.to_thread(repo.commit, f"by {number}", {f"f{number}": "x\n"}, prepared.path)
        await asyncio.to_thread((prepared.path / f"left{number}").write_text, "y\n")
        finished = await workspaces.finish(POD, place, f"ws-{number}.1", "left")
        assert repo.head(f"{finished.commit}~1") == own
        return finished.commit, await merge(workspaces, place, f"ws-{number}.1")

    async def the_user() -> None:
        for number in range(10):
            await asyncio.to_thread(repo.commit, f"mine {number}", {f"mine{number}": "x\n"})

    done, _ = await asyncio.gather(asyncio.gather(*(one(number) for number in range(MANY))), the_user())
    integration = f"{PREFIX}/integration"
    names = set(repo.git("ls-tree", "--name-only", integration).splitlines())
    assert {f"{kind}{n}" for kind in ("f", "left") for n in range(MANY)} <= names
    reached = set(repo.git("rev-list", integration).splitlines())
    assert {commit for commit, _ in done} | {merged for _, merged in done} <= reached
    assert repo.git("rev-list", "--count", "--merges", integration) == str(MANY)
    assert isinstance(await land(workspaces, place, repo.head(integration)), Landed)
    removed = await releasing.release(workspaces, POD, keep_failed=False)
    assert len(removed) == 2 * MANY + 1
    assert repo.git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert repo.git("fsck", "--no-dangling") == ""


# -- what is the user's ----------------------------------------------------------------------------------------------


def everything(repo: Repo) -> dict[str, str]:
    """The user's part of a repository: refs that are not Podium's, HEAD, index, configuration, files, stash."""
    refs = [line for line in repo.git("for-each-ref").splitlines() if "refs/heads/podium/" not in line]
    files = {
        str(path.relative_to(repo.path)): path.read_text()
        for path in sorted(repo.path.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(repo.path).parts
    }
    return {
        **files,
        "refs": "\n".join(refs),
        "HEAD": (repo.path / ".git/HEAD").read_text(),
        "index": repo.git("ls-files", "--stage"),
        "status": repo.git("status", "--porcelain=v2", "--untracked-files=all"),
        "configuration": (repo.path / ".git/config").read_text(),
        "exclude": (repo.path / ".git/info/exclude").read_text(),
        "stash": repo.git("stash", "list"),
        "reflog": repo.git("reflog", "show", "main"),
    }


@pytest.fixture
def busy(repo: Repo) -> Repo:
    """A user in the middle of things: staged, changed, deleted, new and stashed files, another branch, a hook."""
    repo.commit("file", {".podium.toml": 'setup = "test ! -e broken || { echo broken; exit 1; }"\n'})
    repo.write("src/b.txt", "stashed\n")
    repo.git("stash")
    repo.git("branch", "other")
    repo.write("src/a.txt", "edited\n")
    repo.write("staged.txt", "staged\n")
    repo.git("add", "staged.txt")
    repo.write("staged.txt", "staged, then edited\n")
    (repo.path / "README.md").unlink()
    repo.write("notes ü.txt", "mine\n")
    hook = repo.path / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    return repo


async def test_nothing_of_the_users_is_touched(workspaces: Workspaces, place: Place, busy: Repo) -> None:
    """Through attempts, merges, a conflict, checks, a landing that is blocked, and the release, the user's checkout,
    uncommitted edits, branches, configuration and stash stay as they were.
    """
    before = everything(busy)
    for name, text in (("a.1", "A\n"), ("b.1", "B\n")):
        prepared = await prepare(workspaces, place, name)
        (prepared.path / "src/a.txt").write_text(text)
        (prepared.path / f"new-{name}").write_text("x\n")
        assert (await workspaces.finish(POD, place, name, "m")).changed
    commit = await merge(workspaces, place, "a.1")
    assert isinstance(commit, str)
    assert isinstance(await merge(workspaces, place, "b.1"), Conflict)
    assert everything(busy) == before
    await review.verify(workspaces, POD, place)
    blocked = await land(workspaces, place, commit)
    assert isinstance(blocked, Blocked)
    assert "uncommitted changes" in blocked.error
    assert everything(busy) == before
    workspaces.mark_failed(POD, "b.1")
    await releasing.release(workspaces, POD, keep_failed=True)
    await releasing.collect(workspaces, failed_too=True)
    assert everything(busy) == before


async def test_nothing_of_the_users_is_touched_by_failures(workspaces: Workspaces, place: Place, busy: Repo) -> None:
    """A setup that fails, an agent that leaves its branch or smuggles a link, a worktree that is destroyed."""
    busy.git("stash", "--include-untracked")
    busy.commit("breaks the setup", {"broken": "x\n"})
    busy.git("stash", "pop")
    before = everything(busy)
    with pytest.raises(SetupError):
        await prepare(workspaces, place, "a.1")
    path = workspaces.layout.pod_worktrees(POD) / "a.1"
    busy.git("checkout", "--quiet", "--orphan", "elsewhere-of-the-agent", cwd=path)
    busy.commit("orphan", {"y.txt": "y"}, cwd=path)
    with pytest.raises(WorkspaceError, match="left its branch"):
        await workspaces.finish(POD, place, "a.1", "m")
    busy.git("update-ref", "-d", "refs/heads/elsewhere-of-the-agent")
    (path / ".git").unlink()
    with pytest.raises(WorkspaceError):
        await workspaces.finish(POD, place, "a.1", "m")
    await releasing.release(workspaces, POD, keep_failed=False)
    assert everything(busy) == before


async def test_an_agent_that_makes_its_worktree_another_repository_is_refused(
    workspaces: Workspaces, place: Place, repo: Repo
) -> None:
    """What it commits there is in no branch of the pod's: it is said, and nothing is lost silently."""
    prepared = await prepare(workspaces, place, "a.1")
    (prepared.path / ".git").unlink()
    repo.git("init", "--quiet", cwd=prepared.path)
    repo.commit("elsewhere", {"x.txt": "x\n"}, cwd=prepared.path)
    with pytest.raises(WorkspaceError, match="no worktree of"):
        await workspaces.finish(POD, place, "a.1", "m")


# -- hooks -----------------------------------------------------------------------------------------------------------

HOOKS = (
    *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-merge-commit", "post-merge"),
    *("post-checkout", "reference-transaction", "pre-rebase", "post-index-change"),
)


def install(repo: Repo, text: str, *names: str) -> None:
    for name in names:
        hook = repo.path / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\n{text}\n")
        hook.chmod(0o755)


@pytest.mark.parametrize("text", ["exit 1", "sleep 1000"], ids=["fail", "hang"])
async def test_the_runners_own_git_runs_no_hooks(workspaces: Workspaces, place: Place, repo: Repo, text: str) -> None:
    """Worktrees, leftovers, merges and landings by ref work whatever the repository's hooks do."""
    install(repo, text, *HOOKS)
    repo.path.joinpath(".git/hooks/post-merge").unlink()
    prepared = await prepare(workspaces, place, "a.1")
    (prepared.path / "new.txt").write_text("x\n")
    assert (await workspaces.finish(POD, place, "a.1", "m")).changed
    commit = await merge(workspaces, place, "a.1")
    assert isinstance(commit, str)
    assert await land(workspaces, place, commit) == Landed(commit)
    assert (repo.path / "new.txt").exists()


async def test_an_agents_own_commits_run_the_hooks(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """git in a worktree is the repository's git: a hook that refuses is the agent's business."""
    install(repo, "echo no such luck >&2; exit 1", "pre-commit")
    prepared = await prepare(workspaces, place, "a.1")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        repo.commit("mine", {"x.txt": "x\n"}, cwd=prepared.path)
    assert "no such luck" in caught.value.stderr


@pytest.mark.parametrize("text", ["exit 1", "sleep 1000", "sleep 1000 & exit 0"], ids=["fail", "hang", "fork"])
async def test_a_bad_hook_of_the_users_checkout_stops_no_landing(
    workspaces: Workspaces, place: Place, repo: Repo, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkout's post-merge hook runs as after a merge by hand; it may fail, hang or leave something behind: the
    work has landed, the lock is free.
    """
    monkeypatch.setattr(branches, "HOOK_SECONDS", 0.3)
    install(repo, f"touch hooked; {text}", "post-merge")
    prepared = await prepare(workspaces, place, "a.1")
    (prepared.path / "new.txt").write_text("x\n")
    await workspaces.finish(POD, place, "a.1", "m")
    commit = await merge(workspaces, place, "a.1")
    assert isinstance(commit, str)
    assert await land(workspaces, place, commit) == Landed(commit)
    assert (repo.path / "hooked").exists()
    await prepare(workspaces, place, "b.1")  # needs the lock
    left = [row.pid for row in table.rows() if _works_in(row.pid, repo.path)]
    assert len(left) == (1 if "fork" in os.environ["PYTEST_CURRENT_TEST"] else 0)
    for pid in left:
        os.kill(pid, 9)


def _works_in(pid: int, path: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == path.resolve() and pid != os.getpid()
    except OSError:
        return False


# -- time limits -----------------------------------------------------------------------------------------------------


async def test_a_git_that_hangs_is_ended_with_its_group(repo: Repo) -> None:
    """Its time limit is said, and nothing of it is left."""
    repo.git("config", "alias.hang", "!sleep 1000")
    begun = time.monotonic()
    with pytest.raises(GitError, match=r"no end after 0 s"):
        await Git(repo.path).run("hang", seconds=0.3)
    assert time.monotonic() - begun < 60
    assert not [row.pid for row in table.rows() if _works_in(row.pid, repo.path)]


async def test_checks_that_hang_or_fail_are_said(workspaces: Workspaces, place: Place, repo: Repo) -> None:
    """A verdict with its reason, for an attempt and for the whole."""
    text = '[checks]\nrun = ["echo begun", "sleep 1000 & sleep 1000"]\ntime_limit_seconds = 0.5\n'
    repo.commit("file", {".podium.toml": text})
    prepared = await prepare(workspaces, place, "a.1")
    result = await workspaces.check(POD, place, "a.1")
    assert (result.verdict, result.reason) == (Verdict.FAILED, "`sleep 1000 & sleep 1000`: ended by Podium: time limit")
    assert "begun" in result.output
    assert not [row.pid for row in table.rows() if _works_in(row.pid, prepared.path)]
    verified = await review.verify(workspaces, POD, place)
    assert verified.checks.verdict is Verdict.FAILED


async def test_a_setup_that_fails_for_the_verification_is_a_red_check(
    workspaces: Workspaces, place: Place, repo: Repo
) -> None:
    """It is no reason to verify for ever: the person sees what it wrote."""
    repo.commit("file", {".podium.toml": 'setup = "test -e .ready || { echo not ready; exit 1; }"\nchecks = "true"\n'})
    with pytest.raises(SetupError):
        await prepare(workspaces, place, "a.1")
    verified = await review.verify(workspaces, POD, place)
    assert verified.checks.verdict is Verdict.FAILED
    assert "not ready" in verified.checks.output
