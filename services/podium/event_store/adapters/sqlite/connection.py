"""Connections to the file, and what its errors mean."""

import asyncio
import fcntl
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw

from podium.kernel.errors import Kind, Rejection, exhausted, unavailable

T = TypeVar("T")

BUSY_MILLISECONDS = 2000
STATEMENTS_KEPT = 200
"""Prepared ones, at the writer: one insert for each number of rows, and the few others."""


class FileLock:
    """Keeps a second process off the file, also when the first was killed (the kernel lets go with the process)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self) -> None:
        """Raises RuntimeError where another process holds it."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
            os.close(handle)
            who = f"process {holder}" if holder else "another process"
            raise RuntimeError(f"{self._path.with_suffix('')} is in use by {who}") from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Let others in; nothing where it was not taken."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


OLDEST_SQLITE = (3, 51, 3)
"""Before it, a log on which one connection commits and another one checkpoints could be damaged."""


def open_writer(path: Path, vfs: str | None = None) -> apsw.Connection:
    """A connection that writes: one commits, one checkpoints. Raises RuntimeError where SQLite or the disk is unfit."""
    version = apsw.sqlite_lib_version()
    if tuple(map(int, version.split("."))) < OLDEST_SQLITE:
        raise RuntimeError(f"SQLite 3.51.3 or newer is needed, this is {version}: apsw's wheel brings its own")
    db = apsw.Connection(str(path), vfs=vfs, statementcachesize=STATEMENTS_KEPT)
    db.set_busy_timeout(BUSY_MILLISECONDS)
    mode = db.pragma("journal_mode", "wal")
    if mode != "wal":
        raise RuntimeError(f"{path} cannot be kept in WAL mode (it is {mode}): is it on a network drive?")
    # FULL: every commit syncs the log before it returns, and so before anybody is told.
    db.pragma("synchronous", "full")
    db.pragma("cache_size", -32_000)
    db.pragma("wal_autocheckpoint", 0)
    db.pragma("journal_size_limit", 64 << 20)
    return db


def keep_room(path: Path, size: int) -> None:
    """Give the write-ahead log so many bytes on disk, written once.

    A sync of a file that grows waits for the file system's journal, and so for everybody else's writing; one that is
    written over does not. What is beyond the last commit in the log is no commit to SQLite: its checksums say so.
    Raises OSError where there is no room, and takes none then.
    """
    handle = os.open(path.with_name(path.name + "-wal"), os.O_WRONLY)
    try:
        begin = at = os.fstat(handle).st_size
        try:
            while at < size:
                at += os.pwrite(handle, bytes(min(1 << 20, size - at)), at)
            os.fdatasync(handle)
        except OSError:
            os.ftruncate(handle, begin)
            raise
    finally:
        os.close(handle)


def open_reader(path: Path) -> apsw.Connection:
    """A connection that never writes; it does not checkpoint either, since it never commits."""
    db = apsw.Connection(str(path))
    db.set_busy_timeout(BUSY_MILLISECONDS)
    db.pragma("query_only", 1)
    db.pragma("wal_autocheckpoint", 0)
    db.pragma("cache_size", -8_000)
    return db


def storage_error(error: apsw.Error) -> Rejection:
    """What the caller is told when the database fails; the cause is in the log of the service."""
    if isinstance(error, apsw.FullError):
        return exhausted("STORAGE_FULL", "the event store's disk is full", 1.0)
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return Rejection(Kind.UNAVAILABLE, "STORAGE_DAMAGED", "the event store's file is damaged")
    return unavailable("STORAGE_UNAVAILABLE", "the event store's file cannot be used now", 0.5)


class Readers:
    """A few threads with a connection each; work waits its turn in front of them."""

    def __init__(self, path: Path, threads: int = 4) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: list[apsw.Connection] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="podium-reader")
        self._closed = False

    async def run(self, work: Callable[[apsw.Connection], T]) -> T:
        """The work's result, from one of the threads. Raises the Rejection that a failure means."""
        if self._closed:
            raise unavailable("NOT_READY", "the event store is closing")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._call, work)

    def _call(self, work: Callable[[apsw.Connection], T]) -> T:
        try:
            db: apsw.Connection | None = getattr(self._local, "db", None)
            if db is None:
                db = self._local.db = open_reader(self._path)
                self._connections.append(db)
            return work(db)
        except apsw.Error as error:
            raise storage_error(error) from error

    def close(self) -> None:
        """Wait for what runs; drop what waits."""
        self._closed = True
        self._pool.shutdown(cancel_futures=True)
        for db in self._connections:
            db.close()
        self._connections.clear()
