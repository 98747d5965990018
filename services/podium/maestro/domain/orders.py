"""Maestro's orders to runners, written to `jobs/…` in the same append as the change; as in `podium.jobs.v1`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

PRIORITY = 2
"""Of every order: NORMAL, as the pods' jobs count it."""


class JobClosure(Enum):
    """Why an order is open no longer; as in `podium.jobs.v1`."""

    UNSPECIFIED = 0
    CLAIMED = auto()
    REPORTED = auto()
    CANCELLED = auto()
    MOVED = auto()


@dataclass(frozen=True, slots=True)
class SpawnTask:
    """A task that a session holds, as its process is told of it."""

    id: str
    number: int = 0
    title: str = ""
    description: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class SpawnOrder:
    """Start a process in a terminal."""

    name: str = ""
    agent: str = ""
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = ""
    repository: str = ""
    rows: int = 0
    columns: int = 0
    tasks: tuple[SpawnTask, ...] = ()
    requested_by: str = ""


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """End the process of a session."""

    reason: str = ""
    spawn_job_id: str = ""


@dataclass(frozen=True, slots=True)
class SessionJobIssued:
    """A session's job is open."""

    job_id: str
    project_id: str
    session_id: str
    priority: int = PRIORITY
    created_time: datetime | None = None
    spawn: SpawnOrder | None = None
    close: CloseOrder | None = None


@dataclass(frozen=True, slots=True)
class SessionJobClosed:
    """A session's job is no longer open."""

    job_id: str
    project_id: str
    session_id: str
    closure: JobClosure = JobClosure.UNSPECIFIED
