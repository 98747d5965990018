"""Processes by id and start time: an id alone may have been given to somebody else meanwhile."""

import os
import signal
import subprocess
import time
from pathlib import Path

_HAS_PROC = Path("/proc/self/stat").exists()


def start_time(pid: int) -> str:
    """When the process started, in the system's own words; empty where there is none (a zombie counts as none)."""
    if _HAS_PROC:
        try:
            # The name in parentheses may hold anything; what follows the last one is regular.
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] in {"Z", "X"} else fields[19]
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def end(pid: int, started: str, grace_seconds: float) -> bool:
    """Ends the process if it is still the one that started then: SIGTERM, and SIGKILL after the grace.

    True where there was something to end.
    """
    if not started or start_time(pid) != started:
        return False
    _send(pid, signal.SIGTERM)
    if not _gone_within(pid, started, grace_seconds):
        _send(pid, signal.SIGKILL)
        _gone_within(pid, started, grace_seconds)
    return True


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _gone_within(pid: int, started: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if start_time(pid) != started:
            return True
        time.sleep(0.02)
    return start_time(pid) != started
