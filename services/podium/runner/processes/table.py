"""The system's process table: who belongs to a session, and is a process still the one that was meant.

A process id is reused, so a process is known by its id *and* its start; a session's id is not reused while it has a
member. Descendants that left the session are found by a marker in their environment (Linux only; elsewhere the
process group is all that can be seen).
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
MARKER = "PODIUM_PROCESS"
"""The environment variable that marks every process of a group, wherever it went."""


@dataclass(frozen=True, slots=True)
class Row:
    """A living process: ids, and its start in words that are unique for this id and boot."""

    pid: int
    group: int
    session: int
    start: str


def has_proc() -> bool:
    """Whether the table is read from /proc (Linux)."""
    return (_PROC / "self" / "stat").exists()


def boot_id() -> str:
    """Names this boot of the machine, where the system does."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _parse(text: str) -> Row | None:
    pid, _, rest = text.partition(" (")
    fields = rest.rpartition(") ")[2].split()
    if not fields or fields[0] in ("Z", "X"):
        return None  # a zombie does nothing any more
    return Row(int(pid), int(fields[2]), int(fields[3]), fields[19])


def row(pid: int) -> Row | None:
    """The process of an id, or None where there is none."""
    if not has_proc():
        return next((each for each in rows() if each.pid == pid), None)
    try:
        return _parse((_PROC / str(pid) / "stat").read_text())
    except (OSError, ValueError):
        return None


def rows() -> Iterator[Row]:
    """Every living process."""
    if not has_proc():
        yield from _rows_of_ps()
        return
    for entry in os.scandir(_PROC):
        if entry.name.isdigit() and (found := row(int(entry.name))) is not None:
            yield found


def _rows_of_ps() -> Iterator[Row]:
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat=,lstart="],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    ).stdout
    for line in listing.splitlines():
        pid, group, state, start = line.split(None, 3)
        if not state.startswith("Z"):
            # Without /proc the session is not shown; our groups lead their own session.
            yield Row(int(pid), int(group), int(group), start)


def members(session: int) -> list[Row]:
    """The living processes of a session."""
    return [each for each in rows() if session in (each.session, each.group)]


def marked(key: str) -> list[Row]:
    """The living processes of this user that carry a marker, whatever session they went to."""
    if not has_proc():
        return []
    needle = f"{MARKER}={key}".encode()
    found = []
    for each in rows():
        try:
            environment = (_PROC / str(each.pid) / "environ").read_bytes()
        except OSError:
            continue  # gone, or another user's
        if needle in environment.split(b"\0"):
            found.append(each)
    return found


def send(targets: list[Row], number: signal.Signals) -> None:
    """Signal each process; those that are gone meanwhile are skipped."""
    for target in targets:
        current = row(target.pid)
        if current is None or current.start != target.start:
            continue
        try:
            os.kill(target.pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def send_group(group: int, number: signal.Signals) -> None:
    """Signal a process group, at once and whole."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return
