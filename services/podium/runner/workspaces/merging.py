"""Merging without a checkout: `merge-tree` makes the tree, `commit-tree` the commit, a branch is moved to it.

A merge commit carries the trailer `Podium-Job: <id>`, by which a repeated job finds what the first one did.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from podium.runner.workspaces.branches import Outcome, move
from podium.runner.workspaces.errors import GitError, WorkspaceError
from podium.runner.workspaces.git import Git
from podium.runner.workspaces.repository import Repository

JOB_TRAILER = "Podium-Job"
WORKSTREAM_TRAILER = "Podium-Workstream"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Does not merge: the paths."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge commit on the first-parent line: its job and workstream by its trailers."""

    commit: str
    job_id: str
    workstream_id: str


async def merge_tree(git: Git, ours: str, theirs: str) -> str | Conflict:
    """The tree of a merge, or its conflicts. Raises GitError where there is no merge to speak of."""
    arguments = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
    result = await git.run(*arguments, ok=(0, 1))
    tree, *paths = result.fields
    return tree if result.status == 0 else Conflict(tuple(sorted(set(paths))))


async def commit_merge(
    git: Git, repository: Repository, tree: str, parents: Sequence[str], title: str, trailers: dict[str, str]
) -> str:
    """A merge commit that no branch has yet."""
    named = "\n".join(f"{key}: {value}" for key, value in trailers.items() if value)
    message = f"{' '.join(title.split())}\n\n{named}\n"
    options = [word for parent in parents for word in ("-p", parent)]
    author = git.with_identity(await repository.identity())
    return (await author.run("commit-tree", tree, *options, "-F", "-", stdin=message.encode())).text


async def merges(git: Git, after: str, tip: str) -> list[Merged]:
    """The merges of Podium on the first-parent line of `tip` that `after` has not, newest first."""
    form = "%H%x1f" + "%x1f".join(
        f"%(trailers:key={key},valueonly,separator=%x2C)" for key in (JOB_TRAILER, WORKSTREAM_TRAILER)
    )
    listed = await git.run("log", "-z", "--first-parent", "--merges", f"--format={form}", f"{after}..{tip}")
    rows = (entry.split("\x1f") for entry in listed.fields)
    return [Merged(commit, job, workstream) for commit, job, workstream in rows if job]


async def merge_branch(
    repository: Repository,
    *,
    integration: str,
    base_commit: str,
    branch: str,
    title: str,
    job_id: str,
    workstream_id: str,
) -> str | Conflict:
    """Merge a workstream's branch into the integration branch; the commit, also when it was done before."""
    async with repository.locked() as git:
        tip, theirs = await git.commits(f"refs/heads/{integration}", f"refs/heads/{branch}")
        if not tip:
            raise WorkspaceError(f"the integration branch {integration} is gone")
        for merged in await merges(git, base_commit, tip):
            if merged.job_id == job_id:
                return merged.commit
        if not theirs:
            raise WorkspaceError(f"the branch {branch} is gone")
        tree = await merge_tree(git, tip, theirs)
        if isinstance(tree, Conflict):
            return tree
        trailers = {JOB_TRAILER: job_id, WORKSTREAM_TRAILER: workstream_id}
        commit = await commit_merge(git, repository, tree, (tip, theirs), f"Merge: {title}", trailers)
        moved = await move(git, integration, commit, tip)
        if moved.outcome is not Outcome.MOVED:
            raise WorkspaceError(f"{integration} could not be moved: {moved.reason or 'somebody else moved it'}")
        return commit


async def push(git: Git, commit: str, branch: str, seconds: float) -> str:
    """Push a commit to a branch of the remote, without force; returns the refusal, or nothing."""
    try:
        await git.run("push", "--quiet", "--porcelain", "origin", f"{commit}:refs/heads/{branch}", seconds=seconds)
    except GitError as error:
        return error.said or str(error)
    return ""
