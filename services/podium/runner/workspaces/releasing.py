"""Giving workspaces back: what has landed is removed, what failed stays until somebody asks."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from podium.runner.workspaces import worktrees
from podium.runner.workspaces.branches import checkout_of, seen_target
from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.git import Git
from podium.runner.workspaces.record import AttemptRecord, PodRecord
from podium.runner.workspaces.repository import Repository, is_directory
from podium.runner.workspaces.repository_file import RepositoryFile, read_repository_file
from podium.runner.workspaces.service import Workspaces

_log = logging.getLogger(__name__)


async def release(workspaces: Workspaces, pod_id: str, *, keep_failed: bool) -> list[str]:
    """Remove a finished pod's worktrees and the branches whose commits live elsewhere; returns what was removed.

    A branch that holds commits of its own stays where `keep_failed` asks for it; the integration branch stays
    while the target has not got it, whatever is asked.
    """
    record = workspaces.records.load(pod_id)
    if record is None:
        return []
    return await _release(workspaces, record, keep_failed=keep_failed, keep_unlanded=True)


async def collect(workspaces: Workspaces, *, failed_too: bool) -> list[str]:
    """`podium gc`: remove what released pods have left; with `failed_too` also what was kept to be looked at."""
    removed: list[str] = []
    for record in workspaces.records.all():
        if record.released:
            removed += await _release(workspaces, record, keep_failed=not failed_too, keep_unlanded=not failed_too)
    return removed


async def _release(workspaces: Workspaces, record: PodRecord, *, keep_failed: bool, keep_unlanded: bool) -> list[str]:
    try:
        repository = await workspaces.repository(record.repository)
    except WorkspaceError as error:
        # The repository is gone: only our own directories are left to be removed.
        _log.warning("pod %s: %s", record.pod_id, error)
        worktrees.remove_tree(workspaces.layout.pod_worktrees(record.pod_id))
        workspaces.records.remove(record.pod_id)
        return []
    return await _give_back(workspaces, repository, record, keep_failed=keep_failed, keep_unlanded=keep_unlanded)


async def _give_back(
    workspaces: Workspaces, repository: Repository, record: PodRecord, *, keep_failed: bool, keep_unlanded: bool
) -> list[str]:
    file = await _file_of(repository, record)
    removed, kept = [], {}
    for name, attempt in record.attempts.items():
        if attempt.failed and keep_failed:
            kept[name] = attempt
            continue
        await _clean_up(workspaces, record, attempt, file)
        await worktrees.remove(repository, Path(attempt.worktree))
        removed.append(attempt.worktree)
    if not kept:
        _remove_empty(workspaces.layout.pod_worktrees(record.pod_id))
    targets = [repository.target_ref(record.base_branch), record.base_commit]
    tip = await repository.git.commit_of(f"refs/heads/{record.integration}")
    landed = record.landed or await _is_in(repository.git, f"refs/heads/{record.integration}", targets)
    for branch in await _branches(repository.git, record):
        if branch == record.integration:
            gone = landed or not keep_unlanded
        else:
            homes = [*([tip] if tip else []), *targets]  # the branch itself may be gone by now
            gone = not keep_failed or await _is_in(repository.git, f"refs/heads/{branch}", homes)
            gone = gone and not any(a.branch == branch for a in kept.values())
        if gone and await _delete_branch(repository, branch):
            removed.append(branch)
    await repository.git.run("update-ref", "-d", seen_target(record.branch_prefix))
    _keep_or_forget(workspaces, record, kept, bool(await _branches(repository.git, record)))
    return removed


def _keep_or_forget(
    workspaces: Workspaces, record: PodRecord, kept: dict[str, AttemptRecord], has_branches: bool
) -> None:
    if kept or has_branches:
        workspaces.records.save(replace(record, attempts=kept, released=True))
    else:
        workspaces.records.remove(record.pod_id)


async def _file_of(repository: Repository, record: PodRecord) -> RepositoryFile:
    try:
        return (await read_repository_file(repository.git, record.base_commit)).content
    except WorkspaceError:
        return RepositoryFile()


async def _clean_up(workspaces: Workspaces, record: PodRecord, attempt: AttemptRecord, file: RepositoryFile) -> None:
    path = Path(attempt.worktree)
    if is_directory(path) and file.cleanup.run:
        key = f"cleanup-{record.pod_id}-{attempt.name}"
        result = await workspaces.runner(attempt.port_base).run(file.cleanup, file.limit_of("cleanup"), path, key)
        if result.reason:
            _log.warning("cleanup of %s: %s", path, result.reason)


async def _branches(git: Git, record: PodRecord) -> list[str]:
    listed = await git.run("for-each-ref", "--format=%(refname)", f"refs/heads/{record.branch_prefix}/")
    return [line.removeprefix("refs/heads/") for line in listed.text.splitlines()]


async def _is_in(git: Git, ref: str, homes: Sequence[str]) -> bool:
    """Whether one of the homes, as far as it exists, has everything of a ref (of one that is gone: yes)."""
    if not await git.commit_of(ref):
        return True
    for home in homes:
        if await git.commit_of(home) and await git.is_ancestor(ref, home):
            return True
    return False


async def _delete_branch(repository: Repository, branch: str) -> bool:
    """Delete a branch that no checkout holds; returns whether it is gone."""
    async with repository.locked() as git:
        tip = await git.commit_of(f"refs/heads/{branch}")
        if not tip or await checkout_of(git, branch) is not None:
            return not tip
        await git.run("update-ref", "-d", f"refs/heads/{branch}", tip)
        return True


def _remove_empty(directory: Path) -> None:
    try:
        directory.rmdir()
    except OSError:
        return
