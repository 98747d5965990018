"""Moving branches that may be checked out somewhere.

A branch that is checked out is never moved by its ref alone: the checkout would show the new commits' files as
staged deletions. It is moved by a fast-forward in that checkout, or not at all.
"""

import logging
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from podium.runner.workspaces.errors import GitError, WorkspaceError
from podium.runner.workspaces.git import Git
from podium.runner.workspaces.repository import Repository, is_directory

_log = logging.getLogger(__name__)

NO_COMMIT = "0" * 40
HOOK_SECONDS = 60.0
_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase or am",
    "BISECT_LOG": "a bisect",
}


def seen_target(branch_prefix: str) -> str:
    """The ref under which the target is kept as its remote has it, while a pull request conflicts with it."""
    return f"refs/podium/{branch_prefix}/target"


class Outcome(Enum):
    """How a move went."""

    MOVED = "moved"
    CHANGED = "changed"
    """The branch was not where it was thought to be."""
    REFUSED = "refused"
    """The checkout that has it is not fit for it; the words say why."""


@dataclass(frozen=True, slots=True)
class Move:
    """The outcome of a move, with the checkout and the reason where it was refused."""

    outcome: Outcome
    checkout: Path | None = None
    reason: str = ""


async def checkout_of(git: Git, branch: str) -> Path | None:
    """The checkout that holds a branch (also in the middle of a rebase or bisect of it), or None."""
    path: Path | None = None
    for line in (await git.run("worktree", "list", "--porcelain", "-z")).fields:
        key, _, value = line.partition(" ")
        if key == "worktree":
            path = Path(value)
            continue
        if path is None or not is_directory(path):
            continue
        holds = key == "branch" and value == f"refs/heads/{branch}"
        if holds or (key == "detached" and await _is_rewriting(git, path, branch)):
            return path
    return None


async def _git_dir(git: Git, checkout: Path) -> Path:
    return Path(await git.at(checkout).text("rev-parse", "--path-format=absolute", "--git-dir"))


async def _is_rewriting(git: Git, checkout: Path, branch: str) -> bool:
    directory = await _git_dir(git, checkout)
    for name in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
        try:
            said = (directory / name).read_text().strip()
        except OSError:
            continue
        if said.removeprefix("refs/heads/") == branch:
            return True
    return False


async def unfit(git: Git, checkout: Path) -> str:
    """Why a checkout must not be moved now, in words; empty where it may."""
    directory = await _git_dir(git, checkout)
    for name, what in _UNDER_WAY.items():
        if (directory / name).exists():
            return f"{what} is under way in {checkout}"
    status = await git.at(checkout).run("status", "--porcelain=v2", "-z", "--untracked-files=no")
    changed = len(status.fields)
    return f"{checkout} has uncommitted changes in tracked files ({changed})" if changed else ""


async def tell_checkout(repository: Repository, checkout: Path) -> None:
    """Run the user's own `post-merge` hook, as their merge would have: it is their checkout. It can stop nothing."""
    try:
        git = repository.git.at(checkout)
        await git.run("hook", "run", "--ignore-missing", "post-merge", "--", "0", seconds=HOOK_SECONDS, hooks=True)
    except WorkspaceError as error:
        _log.warning("landed, but the post-merge hook of %s: %s", checkout, error)


async def move(git: Git, branch: str, new: str, old: str) -> Move:
    """Move a local branch from `old` to its descendant `new`. The caller holds the lock."""
    ref = f"refs/heads/{branch}"
    if await git.commit_of(ref) != old:
        return Move(Outcome.CHANGED)
    checkout = await checkout_of(git, branch)
    if checkout is not None and (reason := await unfit(git, checkout)):
        return Move(Outcome.REFUSED, checkout, reason)
    try:
        if checkout is None:
            await git.run("update-ref", "-m", "podium", ref, new, old)
        else:
            await git.at(checkout).run("merge", "--ff-only", "--quiet", new)
    except GitError as error:
        # Somebody else's git does not take our lock: it may have been there first.
        changed = await git.commit_of(ref) != old
        return Move(Outcome.CHANGED) if changed else Move(Outcome.REFUSED, checkout, error.said)
    return Move(Outcome.MOVED, checkout)
