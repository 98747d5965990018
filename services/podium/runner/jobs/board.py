"""The open jobs of one stream, folded from its events; where to resume is kept on disk."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from podium.chassis.telemetry import checked
from podium.events.v1.event_pb2 import Event
from podium.jobs.v1.job_events_pb2 import JobClosed, JobIssued
from podium.jobs.v1.session_job_events_pb2 import SessionJobClosed, SessionJobIssued
from podium.runner.disk import read_json, write_json

_log = logging.getLogger(__name__)

ISSUED = JobIssued.DESCRIPTOR.full_name
_STEP = 20

CLOSED = JobClosed.DESCRIPTOR.full_name
_SESSION_ISSUED = SessionJobIssued.DESCRIPTOR.full_name
_SESSION_CLOSED = SessionJobClosed.DESCRIPTOR.full_name


@dataclass(frozen=True, slots=True)
class OpenJob:
    """An open job and its place in the stream."""

    job: JobIssued
    revision: int
    traceparent: str = ""
    """The trace of the call that led to it: what is done for the job belongs to it."""

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Runners claim by priority, then by the pod's age, then in order."""
        opened = self.job.pod_created_time
        return (-self.job.priority, opened.seconds, opened.nanos, self.revision)


@dataclass(frozen=True, slots=True)
class OpenSessionJob:
    """An open order about a person's session, and its place in the stream."""

    job: SessionJobIssued
    revision: int

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """By priority, then by age, then in order."""
        issued = self.job.created_time
        return (-self.job.priority, issued.seconds, issued.nanos, self.revision)


class Board:
    """One stream's open jobs. `synced` once everything that was there at the start has been folded."""

    def __init__(self, stream: str, resume_after: int = 0) -> None:
        self.stream = stream
        self.synced = False
        self._jobs: dict[str, OpenJob] = {}
        self._session_jobs: dict[str, OpenSessionJob] = {}
        self._last = resume_after

    def fold(self, event: Event) -> None:
        """Take an event; what is no fact about jobs is passed over."""
        self._last = max(self._last, event.revision)
        if event.type == ISSUED:
            job = JobIssued.FromString(event.data)
            self._jobs[job.job_id] = OpenJob(job, event.revision, checked(event.metadata.get("traceparent", "")))
        elif event.type == CLOSED:
            self._jobs.pop(JobClosed.FromString(event.data).job_id, None)
        elif event.type == _SESSION_ISSUED:
            order = SessionJobIssued.FromString(event.data)
            self._session_jobs[order.job_id] = OpenSessionJob(order, event.revision)
        elif event.type == _SESSION_CLOSED:
            self._session_jobs.pop(SessionJobClosed.FromString(event.data).job_id, None)

    def passed(self, revision: int) -> None:
        """Everything up to a revision was seen."""
        self._last = max(self._last, revision)

    def __iter__(self) -> Iterator[OpenJob]:
        return iter(list(self._jobs.values()))

    @property
    def session_jobs(self) -> list[OpenSessionJob]:
        """The open orders about people's sessions."""
        return list(self._session_jobs.values())

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._jobs

    @property
    def resume_after(self) -> int:
        """Where a restart begins: before the oldest open job."""
        revisions = [each.revision for each in self._jobs.values()]
        revisions += [each.revision for each in self._session_jobs.values()]
        return min(revisions, default=self._last + 1) - 1


class Positions:
    """Where to resume each stream. It is a hint: an older one costs time, not correctness."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, int] = read_json(path) or {}

    def of(self, stream: str) -> int:
        """The revision after which to begin."""
        return int(self._known.get(stream, 0))

    def save(self, stream: str, revision: int) -> None:
        """Keep a position, where it has moved far enough to be worth a write."""
        if revision - self._known.get(stream, 0) >= _STEP:
            try:
                write_json(self._path, {**self._known, stream: revision})
            except OSError as error:
                _log.warning("%s: %s", self._path, error)
                return
            self._known[stream] = revision
