"""Reading and writing files for an agent: only regular ones, and only in its worktree.

A path is resolved first and must then lie in the worktree; it is opened from there step by step without following any
link, so that what is swapped meanwhile leads nowhere.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_BYTES = 8 * 1024 * 1024
"""The largest file that is read or written through the protocol."""
_FOLLOW_NOTHING = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class FileRefused(Exception):
    """The file is not given, or not written; the message says why."""


class FileMissing(FileRefused):
    """There is no such file."""


def inside(worktree: Path, path: str) -> str | None:
    """A path from the worktree's root, its links followed; None where it leads out, or into git's own files."""
    root = os.path.realpath(worktree)
    target = os.path.realpath(os.path.join(root, path))  # noqa: PTH118 - an absolute path stays one
    relative = os.path.relpath(target, root)
    first = relative.split(os.sep, 1)[0]
    return None if first in (os.pardir, ".git") or target == root else relative


def read(worktree: Path, path: str, first_line: int | None = None, lines: int | None = None) -> str:
    """A file's text, or some of its lines; `first_line` counts from 1. Raises FileRefused."""
    with _opened(worktree, path, os.O_RDONLY) as descriptor:
        size = os.fstat(descriptor).st_size
        if size > FILE_BYTES:
            raise FileRefused(f"{path} has {size} bytes; files of up to {FILE_BYTES} are read")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            text = file.read(FILE_BYTES).decode(errors="replace")
    if first_line is None and lines is None:
        return text
    begin = max((first_line or 1) - 1, 0)
    end = None if lines is None else begin + max(lines, 0)
    return "\n".join(text.split("\n")[begin:end])


def write(worktree: Path, path: str, content: str) -> None:
    """Write a file whole; folders on the way are made. Raises FileRefused."""
    data = content.encode(errors="surrogateescape")
    if len(data) > FILE_BYTES:
        raise FileRefused(f"{len(data)} bytes for {path}; files of up to {FILE_BYTES} are written")
    with (
        _opened(worktree, path, os.O_WRONLY | os.O_CREAT, make_folders=True) as descriptor,
        os.fdopen(os.dup(descriptor), "wb") as file,
    ):
        file.truncate(0)
        file.write(data)


@contextmanager
def _opened(worktree: Path, path: str, flags: int, *, make_folders: bool = False) -> Iterator[int]:
    relative = inside(worktree, path)
    if relative is None:
        raise FileRefused(f"{path} lies outside of the worktree {worktree}")
    *folders, name = Path(relative).parts
    try:
        with _folder(worktree, folders, make=make_folders) as folder:
            descriptor = os.open(name, flags | _FOLLOW_NOTHING, 0o666, dir_fd=folder)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise FileRefused(f"{path} is no regular file")
                yield descriptor
            finally:
                os.close(descriptor)
    except FileNotFoundError:
        raise FileMissing(f"{path} does not exist") from None
    except OSError as error:
        raise FileRefused(f"{path}: {error.strerror}") from error


@contextmanager
def _folder(worktree: Path, folders: list[str], *, make: bool) -> Iterator[int]:
    """The folder, opened from the worktree on without following links."""
    current = os.open(os.path.realpath(worktree), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            if make:
                _make(folder, current)
            following = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _FOLLOW_NOTHING, dir_fd=current)
            os.close(current)
            current = following
        yield current
    finally:
        os.close(current)


def _make(folder: str, where: int) -> None:
    try:
        os.mkdir(folder, dir_fd=where)
    except FileExistsError:
        return
