"""Moving the write-ahead log into the file, beside the commits.

That copies some thousand pages and syncs the file, and no commit should wait for it. So most of it is done on a thread
and a connection of its own while commits go on; then the writer moves the little that came meanwhile, and the log,
empty now, is written from its beginning again. (SQLite itself syncs the file only when nothing came meanwhile: then the
writer would have everything to sync.)
"""

import logging
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

import apsw

_log = logging.getLogger(__name__)

CHECKPOINT_PAGES = 2_000
"""Pages (4 KiB) in the write-ahead log at which it is moved."""
MAX_PAGES = 16_000
"""Pages at which commits wait for the disk to move them: it is slower than they are."""
WAIT_SECONDS = 10.0


class Checkpoints:
    """`consider` is called on the writer's thread, the rest by whoever starts and stops that."""

    def __init__(self, path: Path, connect: Callable[[], apsw.Connection]) -> None:
        self._path, self._connect = path, connect
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._handle = -1
        self._asked = False
        self._moved = threading.Event()

    def start(self) -> None:
        """Begin; the file is there."""
        self._handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="podium-checkpoints", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after what is under way."""
        if self._thread is not None:
            self._wanted.put(False)
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Let go of the file: after its last connection, since this takes away all locks that the process has on it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def consider(self, db: apsw.Connection, pages: int) -> None:
        """After a commit, its answers given: the log has so many pages."""
        if pages < CHECKPOINT_PAGES:
            if self._moved.is_set():  # nothing came meanwhile: the log began anew by itself
                self._moved.clear()
                self._asked = False
            return
        if not self._asked:
            self._asked = True
            self._wanted.put(True)
        elif self._moved.is_set() or (pages >= MAX_PAGES and self._moved.wait(WAIT_SECONDS)):
            self._moved.clear()
            self._asked = False
            _move(db)

    def _run(self) -> None:
        db = None
        while self._wanted.get():
            try:
                db = db or self._connect()
                _move(db)
                _sync(self._handle)
            except (apsw.Error, RuntimeError, OSError):
                _log.exception("a checkpoint beside the commits failed; the writer moves the pages itself")
            self._moved.set()
        if db is not None:
            db.close()


def _move(db: apsw.Connection) -> None:
    try:
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    except apsw.Error:
        _log.exception("a checkpoint failed; the write-ahead log keeps everything")


def _sync(handle: int) -> None:
    os.fdatasync(handle)
