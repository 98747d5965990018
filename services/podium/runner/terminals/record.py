"""What the runner remembers of a person's session, on disk: enough for the next runner to say what became of it."""

import base64
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from podium.jobs.v1.session_job_events_pb2 import SessionJobIssued
from podium.runner.disk import known_fields, read_json, write_json
from podium.runner.layout import file_name
from podium.runner.terminals.terminal import TerminalEnd

RECORD = "record.json"


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session of this runner, from before its claim until its end is acknowledged."""

    session_id: str
    job: str
    """The order, encoded."""
    claimed: bool = False
    process_id: int = 0
    ended: bool = False
    refused: str = ""
    """Why it could not be started."""
    status: int = 0
    signal: int = 0
    cause: str = ""

    @classmethod
    def of(cls, job: SessionJobIssued) -> "SessionRecord":
        """Of a session that is about to be claimed."""
        return cls(job.session_id, base64.b64encode(job.SerializeToString()).decode())

    @property
    def order(self) -> SessionJobIssued:
        """The order."""
        return SessionJobIssued.FromString(base64.b64decode(self.job))


class SessionRecords:
    """The records of all sessions, each in the session's folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, record: SessionRecord) -> None:
        """Keep a record. Raises OSError."""
        self._save(record)

    def change(self, record: SessionRecord, **values: Any) -> SessionRecord:
        """Keep a changed record."""
        return self._save(replace(record, **values))

    def ended(self, record: SessionRecord, end: TerminalEnd, cause: str) -> SessionRecord:
        """Keep how it ended."""
        return self.change(record, ended=True, status=end.status, signal=end.signal, cause=cause)

    def _save(self, record: SessionRecord) -> SessionRecord:
        # Not durable: where the machine itself goes down the processes do too, and Maestro misses what is not here.
        write_json(self.folder(record.session_id) / RECORD, asdict(record), durable=False)
        return record

    def all(self) -> list[SessionRecord]:
        """Every record."""
        values = [read_json(path) for path in sorted(self._directory.glob(f"*/{RECORD}"))]
        return [SessionRecord(**known_fields(SessionRecord, value)) for value in values if value is not None]

    def folder(self, session_id: str) -> Path:
        """The session's folder."""
        return self._directory / file_name(session_id)

    def remove(self, session_id: str) -> None:
        """Forget a session."""
        shutil.rmtree(self.folder(session_id), ignore_errors=True)
