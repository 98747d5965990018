"""Small files that must survive a crash: written whole or not at all."""

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes, mode: int = 0o600, *, durable: bool = True) -> None:
    """Replace a file; a crash leaves the old content or the new one, and after the return the new one.

    Not `durable`: that holds for a crash of the process, not for one of the machine, and costs no wait for the disk.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    if durable:
        sync_directory(path.parent)


def write_json(path: Path, value: Mapping[str, Any], *, durable: bool = True) -> None:
    """`write_atomic` of a JSON object."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=1).encode(), durable=durable)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object of a file, or None where there is none or it cannot be read."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def known_fields(kind: type, value: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a dataclass knows: a newer program's file can be read by an older one."""
    names = {each.name for each in fields(kind)}
    return {name: each for name, each in value.items() if name in names}


def remove_file(path: Path) -> None:
    """Remove a file that may be gone already, durably."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    sync_directory(path.parent)
