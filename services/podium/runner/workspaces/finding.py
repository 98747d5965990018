"""Finding a worktree again that an earlier run of the runner prepared."""

import asyncio
from pathlib import Path

from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.repository_file import read_repository_file
from podium.runner.workspaces.service import Place, Prepared, Workspaces


async def found(workspaces: Workspaces, pod_id: str, place: Place, name: str) -> Prepared:
    """A worktree as it was left, with all that was made there. Raises WorkspaceError where it is gone."""
    repository, record = await workspaces.open(pod_id, place)
    attempt = record.attempts.get(name)
    if attempt is None or not await asyncio.to_thread(Path(attempt.worktree).is_dir):
        raise WorkspaceError(f"the worktree of {name} is gone")
    read = await read_repository_file(repository.git, record.base_commit)
    return Prepared(attempt, record.base_commit, read.content, await repository.identity())
