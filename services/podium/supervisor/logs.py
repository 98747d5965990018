"""One log file per service, kept within bounds.

The services write to the file themselves (opened for appending), so that nothing they say passes through the
supervisor; a log that has grown too long is therefore copied aside and cut, not renamed.
"""

import shutil
from pathlib import Path


def rotate(path: Path, limit_bytes: int, keep: int) -> bool:
    """Moves `x.log` to `x.log.1`, that to `x.log.2`, … where it is over the limit; True where it was."""
    try:
        if path.stat().st_size <= limit_bytes:
            return False
    except FileNotFoundError:
        return False
    for number in range(keep, 1, -1):
        older = path.with_name(f"{path.name}.{number - 1}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    with path.open("r+b") as file:
        file.truncate(0)
    return True


def tail(path: Path, lines: int, limit_bytes: int = 64 * 1024) -> list[str]:
    """The last lines of a file, of at most its last `limit_bytes`; none where there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit_bytes))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []
