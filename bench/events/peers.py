"""The peers' servers, started and stopped; what is not installed is left out, with a line that says so."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(__file__).parents[2] / ".bench-venv" / "bin"
PROGRAM = Path(__file__).with_name("peer_program.py")


class Peers:
    """Measured one after another; `missing` says who is not here, and why."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.missing: dict[str, str] = {}

    async def rate(self, name: str, postgres: str = "") -> float | None:
        """Appends a second; None where the peer is not here."""
        if name in self.missing:
            return None
        try:
            return await asyncio.to_thread(self._rate, name, postgres)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            self.missing[name] = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1]
            print(f"left out: {name} ({self.missing[name]})", file=sys.stderr)
            return None

    def _rate(self, name: str, postgres: str) -> float:
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            if name == "UmaDB":
                with _umadb(Path(scratch)) as port:
                    return self._run("umadb", str(port))
            if name.startswith("Redis"):
                with _redis(Path(scratch)) as port:
                    return self._run("redis", str(port))
            if name == "eventsourcing, SQLite":
                return self._run("eventsourcing", "sqlite", f"{scratch}/events.db")
            return self._run("eventsourcing", "postgres", postgres)

    def _run(self, *arguments: str) -> float:
        # Only UmaDB and eventsourcing need the peers' environment.
        python = sys.executable if arguments[0] == "redis" else str(BIN / "python")
        done = subprocess.run([python, PROGRAM, *arguments], capture_output=True, text=True, check=True, timeout=60)
        return float(json.loads(done.stdout.splitlines()[-1])["rate"])


@contextmanager
def _umadb(folder: Path) -> Iterator[int]:
    port = _free_port()
    with _process([str(BIN / "umadb"), "--listen", f"127.0.0.1:{port}", "--db-path", str(folder / "uma")], port):
        yield port


@contextmanager
def _redis(folder: Path) -> Iterator[int]:
    program = shutil.which("redis-server")
    if program is None:
        raise OSError("no redis-server on PATH")
    port = _free_port()
    settings = {"bind": "127.0.0.1", "appendonly": "yes", "appendfsync": "always", "save": "", "dir": str(folder)}
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    with _process([program, "--port", str(port), *words], port):
        yield port


@contextmanager
def _process(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise OSError(f"{process.args} did not listen")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
