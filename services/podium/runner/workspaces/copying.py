"""Copying untracked files (`copy = [".env"]`) into a worktree, and no others."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from podium.runner.workspaces.errors import SetupError


def inside(root: Path, name: str) -> Path:
    """The path of a name below a root, with links followed. Raises SetupError where it leads out."""
    relative = Path(name)
    if not name or relative.is_absolute() or ".." in relative.parts or "\0" in name:
        raise SetupError(f"copy: {name!r} is not a path inside the repository")
    if relative.parts[0] == ".git":
        raise SetupError(f"copy: {name!r} is git's own")
    resolved = (root / relative).resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise SetupError(f"copy: {name!r} leads out of the repository by a link")
    return root / relative


def copy_files(source: Path, worktree: Path, names: Sequence[str]) -> list[str]:
    """Copy what is there of the names; returns those that were copied. Raises SetupError."""
    copied = []
    for name in names:
        origin, target = inside(source, name), inside(worktree, name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if origin.is_dir():
                shutil.copytree(origin, target, symlinks=True, dirs_exist_ok=True)
            elif origin.exists():
                shutil.copy2(origin, target)
            else:
                continue
        except OSError as error:
            raise SetupError(f"copy: {name!r}: {error.strerror}") from error
        copied.append(name)
    return copied
