"""A lock for each repository, held against other runners and against a git that outlived its runner.

It is a `flock` on `<git common dir>/podium.lock`. git inherits the descriptor, so the lock lasts as long as the last
git that works under it, even where the runner is killed; a restarted runner waits for that git and never ends it.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from podium.runner.workspaces.errors import WorkspaceError

LOCK_FILE = "podium.lock"
WAIT_SECONDS = 600.0


class Locks:
    """The locks of one runner: its own tasks queue in order, then one of them waits for the file."""

    def __init__(self, wait_seconds: float = WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds
        self._queues: dict[Path, asyncio.Lock] = {}

    @asynccontextmanager
    async def held(self, common_dir: Path) -> AsyncIterator[int]:
        """Hold the lock of a repository; gives the descriptor for git to inherit. Raises WorkspaceError."""
        queue = self._queues.setdefault(common_dir, asyncio.Lock())
        async with queue:
            descriptor = os.open(common_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                await self._lock(descriptor, common_dir)
                yield descriptor
            finally:
                # Closing is enough: every git that ran under it has ended, and where one has not, it keeps the lock.
                os.close(descriptor)

    async def _lock(self, descriptor: int, common_dir: Path) -> None:
        loop = asyncio.get_running_loop()
        end, pause = loop.time() + self._wait_seconds, 0.005
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if loop.time() >= end:
                    raise WorkspaceError(
                        f"{common_dir / LOCK_FILE} was held by another process for {self._wait_seconds:.0f} s"
                    ) from None
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.1)
            else:
                return
