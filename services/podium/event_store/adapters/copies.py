"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podium.kernel.errors import invalid


@contextmanager
def new_file(path: str) -> Iterator[Path]:
    """An empty file to write to; it gets its name, synced, where nothing was raised inside.

    Raises INVALID_FIELD where the path is not absolute, is taken, or lies in no folder.
    """
    target = Path(path)
    if not target.is_absolute():
        raise invalid("path", "an absolute path on the store's machine")
    if target.exists():
        raise invalid("path", f"{target} exists")
    if not target.parent.is_dir():
        raise invalid("path", f"{target.parent} is not a folder")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield partial
        handle = os.open(partial, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        os.link(partial, target)
    finally:
        partial.unlink(missing_ok=True)
