"""What can be asked of sessions whose process a runner starts; each is named as its RPC."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SpawnSession:
    """Make a session, and order a runner to start its process."""

    session_id: str = ""
    name: str = ""
    task_ids: tuple[str, ...] = ()
    agent: str = ""
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = ""
    rows: int = 0
    columns: int = 0
    pool: str = ""


@dataclass(frozen=True, slots=True)
class ClaimSession:
    """A runner takes the order."""

    session_id: str
    job_id: str
    lease_epoch: int = 0


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """The process runs."""

    process_id: int = 0


@dataclass(frozen=True, slots=True)
class SessionExited:
    """The process has ended."""

    status: int = 0
    signal: int = 0
    cause: str = ""


@dataclass(frozen=True, slots=True)
class SessionRefused:
    """The process cannot be started."""

    cause: str


@dataclass(frozen=True, slots=True)
class SessionActive:
    """The process still runs."""


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """What a CloseOrder asked for is done."""


@dataclass(frozen=True, slots=True)
class ReportSession:
    """A runner reports on an order; exactly one of the last five is set."""

    session_id: str
    job_id: str
    lease_epoch: int = 0
    started: SessionStarted | None = None
    exited: SessionExited | None = None
    refused: SessionRefused | None = None
    active: SessionActive | None = None
    closed: SessionClosed | None = None


@dataclass(frozen=True, slots=True)
class CloseSession:
    """End a session's process, complete and remove it."""

    session_id: str


@dataclass(frozen=True, slots=True)
class RunnerLeaseChanged:
    """A runner's lease ended, or (`live`) is there under a newer epoch; told by the follower of leases."""

    runner_id: str
    lease_epoch: int
    live: bool = False


ProcessCommand = SpawnSession | ClaimSession | ReportSession | CloseSession | RunnerLeaseChanged
