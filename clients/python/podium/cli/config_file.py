"""Changing one value in podium.toml, and nothing else in it: people's comments and order stay as they are."""

import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from podium.cli import exits
from podium.cli.exits import CliError

_TABLE = re.compile(r"^\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(#.*)?$")


def read(path: Path) -> dict[str, Any]:
    """What the file says; empty where there is none. Raises `CliError`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CliError(f"{path}: {error}", "correct the file first", exits.USAGE) from error


def set_number(path: Path, table: str, name: str, value: int) -> None:
    """Set `name = value` in `[table]`, in place of what stands there; the file is replaced at once or not at all.

    Raises `CliError` where the file is written in a way that this does not understand.
    """
    before = read(path)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = _with(text, table, name, value)
    wanted = {**before, table: {**before.get(table, {}), name: value}}
    try:
        understood = tomllib.loads(changed) == wanted
    except tomllib.TOMLDecodeError:
        understood = False
    if not understood:
        hint = f"write `{name} = {value}` under [{table}] yourself; it takes effect as soon as the file is saved"
        raise CliError(f"{path} cannot be changed from here", hint, exits.REFUSED)
    _replace(path, changed)


def _with(text: str, table: str, name: str, value: int) -> str:
    lines = text.splitlines()
    entry = re.compile(rf"^(\s*{re.escape(name)}\s*=\s*)([^#]*?)(\s*#.*)?$")
    current, header = "", -1
    for number, line in enumerate(lines):
        found = _TABLE.match(line)
        if found is not None:
            current = found[1].strip()
            if current == table:
                header = number
            continue
        match = entry.match(line)
        if match is not None and current == table:
            lines[number] = f"{match[1]}{value}{match[3] or ''}"
            return "\n".join(lines) + "\n"
    if header >= 0:
        lines.insert(header + 1, f"{name} = {value}")
    else:
        lines += [*([""] if lines and lines[-1].strip() else []), f"[{table}]", f"{name} = {value}"]
    return "\n".join(lines) + "\n"


def _replace(path: Path, text: str) -> None:
    path = path.resolve()  # a link goes on to point at the file
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".podium.toml.")
    written = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        written.chmod(mode)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
