"""The journal of running process groups: written before a process may begin, so that none can be forgotten.

A runner that was killed cannot speak to its processes any more (their pipes are gone); the next one reads the
journal and ends them before it does anything else.
"""

import asyncio
import hashlib
import logging
import os
import signal
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from podium.runner.disk import known_fields, read_json, write_json
from podium.runner.layout import file_name
from podium.runner.processes import table
from podium.runner.processes.ending import end_group

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """A process group: its leader's id and start, the boot they hold for, its key, and what asks it to end."""

    key: str
    pid: int
    start: str
    boot: str
    signals: Sequence[int] = (signal.SIGTERM,)


class Journal:
    """One file for each running group."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._name = hashlib.sha256(os.fspath(directory.absolute()).encode(errors="surrogateescape")).hexdigest()[:8]

    def mark(self, key: str) -> str:
        """What marks the processes of a group: other runners of this user may have groups of the same key."""
        return f"{key}@{self._name}"

    def add(self, key: str, pid: int, signals: Sequence[int] = (signal.SIGTERM,)) -> None:
        """Note a process that was started but waits for leave to begin, and what asks its group to end."""
        found = table.row(pid)
        entry = Entry(key, pid, found.start if found else "", table.boot_id(), [int(number) for number in signals])
        # Not durable: where the machine itself goes down, the process does too.
        write_json(self._directory / f"{file_name(key)}.json", asdict(entry), durable=False)

    def remove(self, key: str) -> None:
        """The group is gone."""
        (self._directory / f"{file_name(key)}.json").unlink(missing_ok=True)

    def entries(self) -> list[Entry]:
        """What is noted; unreadable files are skipped (a crash in the middle of their writing)."""
        found = []
        for path in sorted(self._directory.glob("*.json")):
            value = read_json(path)
            if value is not None:
                found.append(Entry(**known_fields(Entry, value)))
        return found

    async def end_leftovers(self, grace_seconds: float) -> list[str]:
        """End the groups of a runner that died; returns the keys of those of which something was still alive."""
        entries = self.entries()
        alive = [entry for entry in entries if self._is_alive(entry)]
        for entry in alive:
            _log.warning("ending the process group %d that an earlier run left (%s)", entry.pid, entry.key)
        # All at once: each may take the whole grace.
        await asyncio.gather(*(self._end(entry, grace_seconds) for entry in alive))
        for entry in entries:
            self.remove(entry.key)
        return [entry.key for entry in alive]

    async def _end(self, entry: Entry, grace_seconds: float) -> None:
        signals = [signal.Signals(number) for number in entry.signals]
        await end_group(entry.pid, self.mark(entry.key), grace_seconds, signals)

    def _is_alive(self, entry: Entry) -> bool:
        if entry.boot != table.boot_id():
            return False
        if entry.pid == os.getpid():
            return False
        leader = table.row(entry.pid)
        if leader is not None and entry.start and leader.start != entry.start:
            # The id was given to another process, so the old group was empty; strays may carry the marker.
            return bool(table.marked(self.mark(entry.key)))
        return bool(table.members(entry.pid)) or bool(table.marked(self.mark(entry.key)))
