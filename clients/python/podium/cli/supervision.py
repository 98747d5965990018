"""The supervisor seen from outside: whether it runs, what it says, starting and stopping it."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from podium.cli import exits
from podium.cli.exits import CliError
from podium.client.installation import Installation

READY_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 60.0
_LOOK_SECONDS = 0.03
_GIVES_UP_AFTER = 3
_ALREADY_RUNNING = 3


def is_running(installation: Installation) -> bool:
    """Whether a supervisor holds the data directory's lock."""
    try:
        with (installation.run_dir / "supervisor.lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def read_state(installation: Installation) -> dict[str, Any]:
    """What the supervisor last wrote (`podium.supervisor.state` has the shape); empty where there is nothing."""
    try:
        state = json.loads((installation.run_dir / "supervisor.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def start(installation: Installation, *, with_caller: bool = False) -> bool:
    """Starts the supervisor in the background and waits until every service is ready; False where it was already.

    `with_caller` makes it stop when this process is gone, however that ends (Linux).
    Raises `CliError` with the end of the log that tells why, and leaves nothing running that was not before.
    """
    if read_state(installation).get("phase") == "stopping":
        _wait_until_gone(installation)
    if is_running(installation):
        wait_until_ready(installation, None)
        return False
    installation.ensure()
    errors = installation.logs_dir / "supervisor.log"
    with errors.open("ab") as file:
        process = subprocess.Popen(
            [*supervisor_command(installation), *(["--with-parent"] if with_caller else [])],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            cwd="/",
        )
    try:
        wait_until_ready(installation, process)
    except BaseException:
        if process.poll() is None:
            process.terminate()
            _wait_until_gone(installation)
        raise
    return process.poll() is None


def supervisor_command(installation: Installation) -> list[str]:
    """The command line of the supervisor."""
    return [sys.executable, "-m", "podium.supervisor", "--data-dir", str(installation.data_dir)]


def wait_until_ready(installation: Installation, process: "subprocess.Popen[bytes] | None") -> None:
    """Returns when the supervisor says `ready`: this one, or (None) whichever runs."""
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        state = read_state(installation)
        pid = state.get("pid", 0)
        if pid and (pid == process.pid if process is not None else _is_alive(pid)):
            if state.get("phase") == "ready":
                return
            _refuse_crash_loop(state)
        if process is not None and process.poll() == _ALREADY_RUNNING:  # somebody else started one just now
            process = None
        elif process is not None and process.poll() is not None:
            log = installation.logs_dir / "supervisor.log"
            raise CliError("the supervisor could not start", last_lines(log), exits.FAILED)
        time.sleep(_LOOK_SECONDS)
    services = read_state(installation).get("services", [])
    late = [service["name"] for service in services if service.get("awaited", True) and service["state"] != "ready"]
    raise CliError(
        f"not ready after {READY_TIMEOUT_SECONDS:.0f} s: {', '.join(late) or 'the supervisor'}",
        "see `podium logs SERVICE`",
        exits.UNAVAILABLE,
    )


def _is_alive(pid: int) -> bool:
    """Whether there is such a process: what a killed supervisor wrote is there until the next one writes."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _refuse_crash_loop(state: dict[str, Any]) -> None:
    for service in state.get("services", []):
        if (
            service.get("awaited", True)
            and service["restarts"] >= _GIVES_UP_AFTER
            and service["state"] in {"starting", "pausing"}
        ):
            raise CliError(
                f"{service['name']} does not start: it ended {service['restarts']} times ({service['last_exit']})",
                last_lines(Path(service["log"])),
                exits.FAILED,
            )


def failing(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The services that ended by themselves and are not back; those that nobody waits for do not stop `podium up`."""
    return [
        service
        for service in state.get("services", [])
        if service["state"] == "pausing" or (service["restarts"] and service["state"] != "ready")
    ]


def stop(installation: Installation) -> bool:
    """Stops the supervisor and all services; False where none ran. Raises `CliError` when it does not end."""
    if not is_running(installation):
        return False
    pid = read_state(installation).get("pid", 0)
    if not pid:
        raise CliError("a supervisor runs but has not said who it is; try again in a moment", code=exits.UNAVAILABLE)
    os.kill(pid, signal.SIGTERM)
    if not _wait_until_gone(installation):
        log = installation.logs_dir / "supervisor.log"
        raise CliError(f"the supervisor (process {pid}) does not end", f"see {log}")
    return True


def _wait_until_gone(installation: Installation) -> bool:
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if not is_running(installation):
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, to show beside an error."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return f"{log} has nothing to say"
    return "\n  ".join([f"the end of {log}:", *lines])
