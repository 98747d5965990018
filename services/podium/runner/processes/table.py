"""The system's process table: who belongs to a session, and is a process still the one that was meant.

A process id is reused, so a process is known by its id *and* its start; a session's id is not reused while it has a
member. Descendants that left the session are found by a marker in their environment (Linux only; elsewhere the
process group is all that can be seen).
"""

import functools
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

_PROC = "/proc"
MARKER = "PODIUM_PROCESS"
"""The environment variable that marks every process of a group, wherever it went."""


@dataclass(frozen=True, slots=True)
class Row:
    """A living process: ids, and its start in words that are unique for this id and boot."""

    pid: int
    group: int
    session: int
    start: str


@functools.cache
def has_proc() -> bool:
    """Whether the table is read from /proc (Linux)."""
    return os.access(f"{_PROC}/self/stat", os.R_OK)


def boot_id() -> str:
    """Names this boot of the machine, where the system does."""
    try:
        return _read(f"{_PROC}/sys/kernel/random/boot_id").decode().strip()
    except OSError:
        return ""


def _read(path: str) -> bytes:
    """A file of /proc. Plain calls: all of the table is read at each end of a group."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(descriptor, 65536):
            parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts)


def _parse(stat: bytes) -> Row | None:
    pid, _, rest = stat.partition(b" (")
    fields = rest.rpartition(b") ")[2].split()
    if not fields or fields[0] in (b"Z", b"X"):
        return None  # a zombie does nothing any more
    return Row(int(pid), int(fields[2]), int(fields[3]), fields[19].decode())


def row(pid: int) -> Row | None:
    """The process of an id, or None where there is none."""
    if not has_proc():
        return next((each for each in rows() if each.pid == pid), None)
    try:
        return _parse(_read(f"{_PROC}/{pid}/stat"))
    except (OSError, ValueError):
        return None


def rows() -> Iterator[Row]:
    """Every living process."""
    if not has_proc():
        yield from _rows_of_ps()
        return
    for name in os.listdir(_PROC):  # noqa: PTH208 - a name is all that is needed
        if name.isdigit() and (found := row(int(name))) is not None:
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
    return [each for each in rows() if _is_marked(each, key)] if has_proc() else []


def kin(session: int, key: str) -> list[Row]:
    """The living processes of a session, and those with its marker that left it; reads the whole table, once."""
    if not has_proc():
        return members(session)
    return [each for each in rows() if session in (each.session, each.group) or _is_marked(each, key)]


def _is_marked(each: Row, key: str) -> bool:
    try:
        environment = _read(f"{_PROC}/{each.pid}/environ")
    except OSError:
        return False  # gone, or another user's
    needle = f"{MARKER}={key}".encode()
    return needle in environment and needle in environment.split(b"\0")


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
