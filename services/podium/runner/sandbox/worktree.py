"""What a git worktree needs outside of itself: which of its repository's files may be written, and which must not.

Commits write objects, the branch's own ref and log, and the worktree's index. Nothing else of the repository may be
written: its configuration and hooks would be run by git outside of the sandbox.
"""

from dataclasses import dataclass
from pathlib import Path

from podium.runner.processes.supervised import StartError

_FIXED = ("gitdir", "commondir", "config.worktree", "locked")
"""Of the worktree's own folder: they say where git looks, and what it does there."""


@dataclass(frozen=True, slots=True)
class GitPlaces:
    """Paths of a worktree's repository; all exist."""

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    fixed: tuple[Path, ...]
    """Inside what is writable, and yet not."""


def git_places(worktree: Path) -> GitPlaces:
    """The places of a linked worktree. Raises StartError where it is none."""
    link = worktree / ".git"
    own = _named(link, "gitdir: ", worktree)
    common = _named(own / "commondir", "", own)
    head = (own / "HEAD").read_text(encoding="utf-8").strip()
    (own / "config.worktree").touch()  # what is not there cannot be fixed
    writable, fixed = [common / "objects", own], [link, *(own / name for name in _FIXED if (own / name).exists())]
    if head.startswith("ref: refs/heads/"):
        branch = head.removeprefix("ref: ")
        for folder in ((common / branch).parent, (common / "logs" / branch).parent):
            folder.mkdir(parents=True, exist_ok=True)
            writable.append(folder)
        fixed.append(own / "HEAD")  # it stays on its branch
    if (common / "reftable").is_dir():
        writable.append(common / "reftable")
    return GitPlaces((common,), tuple(writable), tuple(fixed))


def _named(file: Path, prefix: str, base: Path) -> Path:
    """The folder that a file of git's names."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StartError(f"sandbox: {file} is not a worktree's: {error.strerror}") from error
    if not text.startswith(prefix) or not text:
        raise StartError(f"sandbox: {file} does not say where git's files are")
    return (base / text.removeprefix(prefix)).resolve()
