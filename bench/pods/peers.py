"""The peers, started and stopped; what is not installed is left out, with a line that says so."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE.parents[1] / ".bench-venv"
PYTHON = PEERS / "bin" / "python"
RESTATE = PEERS / "node_modules" / ".bin" / "restate-server"
QUIET = {"DO_NOT_TRACK": "1", "RESTATE_DISABLE_TELEMETRY": "true"}
STARTED_SECONDS = 30.0


class Peers:
    """`dbos` and `restate` give their figures by name, or nothing and a line on standard error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.missing: set[str] = set()

    def dbos(self) -> Mapping[str, float]:
        """`rate`: workflows with one step a second, 64 at a time."""
        return self._try("DBOS", self._dbos)

    def restate(self) -> Mapping[str, float]:
        """`p50` (seconds) and `lone` (a second) of calls one by one; `rate` of 64 at a time."""
        return self._try("Restate", self._restate)

    def _try(self, name: str, measure: "object") -> Mapping[str, float]:
        if name in self.missing:
            return {}
        try:
            found: Mapping[str, float] = measure()  # type: ignore[operator]
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            self.missing.add(name)
            said = str(getattr(error, "stderr", "") or error).strip().splitlines()
            print(f"left out: {name} ({said[-1] if said else type(error).__name__})", file=sys.stderr)
            return {}
        return found

    def _dbos(self) -> Mapping[str, float]:
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            return _told([str(PYTHON), str(HERE / "peer_dbos.py"), f"{scratch}/dbos.sqlite"])

    def _restate(self) -> Mapping[str, float]:
        if not RESTATE.exists():
            raise OSError(f"no restate-server in {PEERS.name}")
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch, _restate(Path(scratch)) as ingress:
            return _told([str(PYTHON), str(HERE / "peer_restate.py"), "load", ingress])


def _told(command: list[str]) -> Mapping[str, float]:
    done = subprocess.run(command, env=os.environ | QUIET, capture_output=True, text=True, check=True, timeout=120)
    found: Mapping[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def _restate(folder: Path) -> Iterator[str]:
    ingress, admin, node, service = (_free_port() for _ in range(4))
    settings = {
        "RESTATE_BASE_DIR": str(folder),
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
        "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}",
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_LOG_FILTER": "error",
    }
    with (
        _process([str(RESTATE)], folder, settings),
        _process([str(PYTHON), str(HERE / "peer_restate.py"), "serve", str(service)], folder, {}),
    ):
        _wait(service)
        _wait(ingress)
        _deploy(f"http://127.0.0.1:{admin}/deployments", f"http://127.0.0.1:{service}")
        yield f"http://127.0.0.1:{ingress}"


def _deploy(admin: str, uri: str) -> None:
    body = json.dumps({"uri": uri}).encode()
    headers = {"content-type": "application/json"}
    deadline = time.monotonic() + STARTED_SECONDS
    while True:
        try:
            urllib.request.urlopen(urllib.request.Request(admin, body, headers), timeout=10).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


@contextmanager
def _process(command: list[str], folder: Path, settings: Mapping[str, str]) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    environment = os.environ | QUIET | dict(settings)
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        # Restate's server is a child of what npm installs: were that killed alone, the next measurement had company.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + STARTED_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise OSError(f"nothing listens on {port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
