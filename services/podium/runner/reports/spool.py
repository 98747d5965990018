"""The spool of one agent: a file of lines, each durable before it counts as said.

A line is an entry (`{"n": 3, "kind": "report", "seq": 2, "id": "…", "data": "<base 64>"}`) or the acknowledgement of
one (`{"ack": 3}`). Entries are acknowledged in order. A torn last line is a crash in the middle of its writing: what it
was to say was never promised. An acknowledgement may be lost: the entry is then sent again, and the pod, which knows
its number or request id, answers as the first time.
"""

import base64
import json
import logging
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from podium.runner.disk import sync_directory

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something said. `seq` numbers reports from 1 (0 for what is no report); `data` is the encoded request."""

    number: int
    kind: str
    seq: int
    request_id: str
    data: bytes


class Spool:
    """The entries of one agent that wait for their acknowledgement."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: deque[Entry] = deque()
        self._number = 0
        self._seq = 0
        self._descriptor = -1
        self._torn = False
        """The file ends in half a line, which would take the next one with it."""
        self._load()

    @property
    def head(self) -> Entry | None:
        """The next to be sent."""
        return self._pending[0] if self._pending else None

    @property
    def last_seq(self) -> int:
        """The number of the last report."""
        return self._seq

    def __len__(self) -> int:
        return len(self._pending)

    def next_seq(self) -> int:
        """The number that the next report will have."""
        return self._seq + 1

    def put(self, kind: str, request_id: str, data: bytes, *, is_report: bool) -> Entry:
        """Keep an entry, durably. Raises OSError where the disk does not take it; nothing is kept then."""
        seq = self._seq + 1 if is_report else 0
        entry = Entry(self._number + 1, kind, seq, request_id, data)
        line = {
            "n": entry.number,
            "kind": kind,
            "seq": seq,
            "id": request_id,
            "data": base64.b64encode(data).decode(),
        }
        self._write(line, durable=True)
        self._take(entry)
        return entry

    def acknowledge(self, entry: Entry) -> None:
        """The pod has it, or has refused it for good."""
        try:
            self._write({"ack": entry.number}, durable=False)
        except OSError as error:  # a lost acknowledgement is a repeat, no harm
            _log.warning("%s: %s", self._path, error)
        if self._pending and self._pending[0].number == entry.number:
            self._pending.popleft()

    def remove(self) -> None:
        """Forget everything; the agent has ended and all is acknowledged."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _take(self, entry: Entry) -> None:
        self._number = max(self._number, entry.number)
        self._seq = max(self._seq, entry.seq)
        self._pending.append(entry)

    def _write(self, line: dict[str, object], *, durable: bool) -> None:
        if self._descriptor < 0:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o600)
            sync_directory(self._path.parent)
        before = os.fstat(self._descriptor).st_size
        start = b"\n" if self._torn else b""
        rest = memoryview(start + json.dumps(line).encode() + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            if durable:
                os.fsync(self._descriptor)
        except OSError:
            self._torn = True
            with suppress(OSError):
                os.ftruncate(self._descriptor, before)
                self._torn = False
            raise
        self._torn = False

    def _load(self) -> None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        whole = content.rpartition(b"\n")[0]
        if len(whole) + 1 != len(content) and content:
            os.truncate(self._path, len(whole) + 1 if whole else 0)
        acknowledged = 0
        for line in whole.splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                _log.error("%s: a line cannot be read and is passed over", self._path)
                continue
            if "ack" in value:
                acknowledged = max(acknowledged, value["ack"])
            else:
                data = base64.b64decode(value["data"])
                self._take(Entry(value["n"], value["kind"], value["seq"], value["id"], data))
        while self._pending and self._pending[0].number <= acknowledged:
            self._pending.popleft()
