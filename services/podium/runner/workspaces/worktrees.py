"""Worktrees: made from the integration branch, brought to a commit at the end, removed."""

import posixpath
import shutil
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.runner.workspaces import submodules
from podium.runner.workspaces.errors import GitError, WorkspaceError
from podium.runner.workspaces.git import Git
from podium.runner.workspaces.record import AttemptRecord
from podium.runner.workspaces.repository import Repository, resolved

_MARKER = b"<<<<<<< "
_UNDER_WAY = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD")


@dataclass(frozen=True, slots=True)
class Finished:
    """What an attempt came to: its commit; whether anything differs from its start; conflicts that are left."""

    commit: str
    changed: bool
    unresolved: tuple[str, ...] = ()


async def add(
    repository: Repository,
    path: Path,
    start: str,
    branch: str = "",
    conflict_ref: str = "",
    identity: Mapping[str, str] | None = None,
) -> list[str]:
    """Make a worktree at a commit, on a branch of its own or detached; half-merged with another where wanted.

    Returns what is missing in it, in words: submodules that only the network has.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with repository.locked() as git:
        # Without a checkout the lock is held for milliseconds, whatever the size of the tree.
        await git.run("worktree", "add", "--quiet", "--no-checkout", "--detach", str(path), start)
    worktree = Git(path)
    # Branch and files by one process; the branch is this attempt's alone, so the lock is not needed for it.
    kind = ("--no-track", "-B", branch) if branch else ("--detach",)
    await worktree.run("checkout", "--quiet", "--force", *kind, start)
    if conflict_ref:
        merging = worktree.with_identity(identity or {})
        await merging.run("merge", "--no-commit", "--no-ff", "--quiet", conflict_ref, ok=(0, 1))
    return await submodules.check_out(repository, path)


async def set_aside(repository: Repository, branch: str, start: str) -> None:
    """Rename a branch of this name that holds commits: nothing that was committed is thrown away."""
    async with repository.locked() as git:
        tip = await git.commit_of(f"refs/heads/{branch}")
        if tip and not await git.is_ancestor(tip, start):
            await git.run("branch", "--force", "--move", branch, f"{branch}.kept-{tip[:8]}")


async def finish(repository: Repository, attempt: AttemptRecord, message: str) -> Finished:
    """Commit what the agent left and see what its branch holds. Raises WorkspaceError where it left the branch."""
    path = Path(attempt.worktree)
    git = Git(path, extra=await repository.identity())
    directory = await _git_dir(repository, git)
    for name in _UNDER_WAY:
        if (directory / name).exists():
            raise WorkspaceError(f"the agent left an unfinished operation in its worktree ({name})")
    unresolved = await _unresolved(git, path)
    if unresolved:
        return Finished("", True, unresolved)
    await _commit_leftovers(git, attempt, message, merging=(directory / "MERGE_HEAD").exists())
    commit = await _settle_branch(repository, git, attempt.branch)
    differs, moved = await _refuse_escapes(git, attempt.start_commit, commit)
    await submodules.refuse_changes(repository, git, moved)
    return Finished(commit, commit != attempt.start_commit if attempt.conflict_branch else differs)


async def _git_dir(repository: Repository, git: Git) -> Path:
    """The git directory of a worktree that is still the repository's. Raises WorkspaceError."""
    said = await git.run("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir", ok=(0, 128))
    directory, _, common = said.text.partition("\n")
    if not common or resolved(common) != repository.common:
        raise WorkspaceError(
            f"{git.directory} is no worktree of {repository.location} any more: the agent broke its .git"
        )
    return Path(directory)


async def _unresolved(git: Git, path: Path) -> tuple[str, ...]:
    """Paths of a merge that still hold conflict markers; those without were resolved, added or not."""
    entries = (await git.run("ls-files", "--unmerged", "-z")).fields
    names = sorted({entry.partition("\t")[2] for entry in entries})
    return tuple(name for name in names if _has_marker(path / name))


def _has_marker(path: Path) -> bool:
    try:
        return any(line.startswith(_MARKER) for line in path.read_bytes().splitlines())
    except OSError:
        return False  # deleted, which is a way to resolve


async def _commit_leftovers(git: Git, attempt: AttemptRecord, message: str, *, merging: bool) -> None:
    excluded = [f":(exclude,top,literal){name}" for name in attempt.copied]
    await git.run("add", "--all", "--", ":/", *excluded)
    staged = (await git.run("diff", "--cached", "--quiet", ok=(0, 1))).status == 1
    if staged or merging:
        await git.run("commit", "--quiet", "--no-verify", "--message", message)


async def _settle_branch(repository: Repository, git: Git, branch: str) -> str:
    """The commit that the agent reached; its branch is brought there where it worked on another or on none."""
    head, tip = await git.commits("HEAD", f"refs/heads/{branch}")
    if tip == head:
        return head
    async with repository.locked() as whole:
        tip = await whole.commit_of(f"refs/heads/{branch}")
        if not tip:
            raise WorkspaceError(f"the branch {branch} is gone")
        if not await whole.is_ancestor(tip, head):
            raise WorkspaceError(f"the agent left its branch {branch}: HEAD of its worktree does not descend from it")
        await whole.run("update-ref", f"refs/heads/{branch}", head, tip)
    return head


async def _refuse_escapes(git: Git, start: str, commit: str) -> tuple[bool, dict[str, str]]:
    """Refuse links that the agent added and that lead out of the worktree.

    Returns whether anything differs from the start, and the submodules that the agent moved.
    """
    moved = {}
    fields = (await git.run("diff", "--raw", "-z", "--no-renames", "--no-abbrev", start, commit)).fields
    for head, name in zip(fields[::2], fields[1::2], strict=True):
        _, mode, _, blob, _ = head.split(" ")
        if mode == submodules.GITLINK:
            moved[name] = blob
        if mode != "120000":
            continue
        target = (await git.run("cat-file", "blob", blob)).output.decode(errors="surrogateescape")
        if leads_out(name, target):
            raise WorkspaceError(f"the agent committed a link that leads out of the worktree: {name} -> {target}")
    return bool(fields), moved


def leads_out(name: str, target: str) -> bool:
    """Whether a link of this name and target, both as git keeps them, leads out of its tree."""
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return reached.startswith("/") or reached.split("/")[0] == ".."


async def remove(repository: Repository, path: Path) -> None:
    """Remove a worktree, whatever is in it; one that is gone already is fine."""
    async with repository.locked() as git:
        try:
            await git.run("worktree", "remove", "--force", "--force", str(path))
            return
        except GitError:
            remove_tree(path)
        listed = (await git.run("worktree", "list", "--porcelain", "-z")).fields
        if f"worktree {path}" in listed:
            await git.run("worktree", "remove", "--force", "--force", str(path))


def remove_tree(path: Path) -> None:
    """Remove a directory with all that is in it, also what was made read-only."""

    def make_writable(function: Callable[[str], Any], name: str, _: object) -> None:
        parent = Path(name).parent
        parent.chmod(parent.stat().st_mode | stat.S_IRWXU)
        if not Path(name).is_symlink():
            Path(name).chmod(stat.S_IRWXU)
        function(name)

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=make_writable)
