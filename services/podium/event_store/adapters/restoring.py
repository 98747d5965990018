"""From a copy back to a store."""

import os
import shutil
from pathlib import Path
from typing import Any

import apsw

from podium.event_store.adapters.sqlite import schema, upkeep
from podium.event_store.adapters.sqlite.connection import FileLock
from podium.event_store.adapters.sqlite.sql import one


def verify_copy(path: Path) -> dict[str, Any]:
    """Look at every row of a copy, without writing to it: rows that are whole, and the first damage in words.

    Raises RuntimeError where it is no store at all.
    """
    checked = last = 0
    try:
        db = _open(path)
        try:
            while True:
                rows, last, end, damage = upkeep.verify(db, last + 1)
                checked += rows
                if end:
                    return {"checked": checked, "damage": damage, "damaged_position": last if damage else 0}
        finally:
            db.close()
    except (apsw.CorruptError, apsw.NotADBError) as error:
        damage = f"behind position {last} the file itself cannot be read ({error})"
        return {"checked": checked, "damage": damage, "damaged_position": last + 1}


def _open(path: Path) -> apsw.Connection:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        version = schema.current_version(db)
    except apsw.NotADBError:
        raise RuntimeError(f"{path} is not a copy of an event store") from None
    if version is None:
        raise RuntimeError(f"{path} is not a copy of an event store")
    return db


def restore_file(copy: Path, target: Path, *, replace: bool) -> tuple[int, str]:
    """Put a copy where a store's file belongs: (last position, where the old file is kept; empty: there was none).

    Raises RuntimeError where the store is in use, or has events and `replace` is not given.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(target.with_name(target.name + ".lock"))
    lock.take()
    try:
        if target.exists() and not replace and _last_position(target):
            raise RuntimeError(f"{target} has events: --replace puts it aside")
        fresh = target.with_name(target.name + ".restoring")
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        shutil.copyfile(copy, fresh)
        _sync(fresh)
        aside = _put_aside(target) if target.exists() else ""
        # A write-ahead log without its file would be taken for the new file's.
        for suffix in ("-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        fresh.replace(target)
        _sync(target.parent)
        return _last_position(target), aside
    finally:
        lock.release()


def _last_position(path: Path) -> int:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        return int(one(db, "SELECT coalesce(max(position), 0) FROM events")[0])
    except apsw.SQLError:
        return 0  # an empty file
    finally:
        db.close()


def _put_aside(target: Path) -> str:
    number = 1
    while (aside := target.with_name(f"{target.name}.before-restore-{number}")).exists():
        number += 1
    # With its write-ahead log: whatever was not yet moved into the file is part of it.
    for suffix in ("-wal", "-shm", ""):
        source = target.with_name(target.name + suffix)
        if source.exists():
            source.rename(aside.with_name(aside.name + suffix))
    return str(aside)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
