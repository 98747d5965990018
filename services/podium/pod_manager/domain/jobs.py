"""Orders to runners, written to `jobs/…` in the same append as the pod's own facts (see `job_events.proto`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from podium.pod_manager.domain.kinds import AgentKind, JobClosure, JobKind


@dataclass(frozen=True, slots=True)
class JobWorkspace:
    """Where the work happens; the same in every job of a pod."""

    repository: str = ""
    base_branch: str = ""
    branch_prefix: str = ""
    base_commit: str = ""


@dataclass(frozen=True, slots=True)
class LaunchOrder:
    """Start one agent."""

    agent_id: str = ""
    kind: AgentKind = AgentKind.UNSPECIFIED
    profile: str = ""
    workstream_id: str = ""
    attempt: int = 0
    time_limit: timedelta | None = None
    conflict_branch: str = ""


@dataclass(frozen=True, slots=True)
class InterruptOrder:
    """End one agent."""

    agent_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class InputOrder:
    """Text for one agent."""

    agent_id: str = ""
    text: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class MergeOrder:
    """Merge one workstream."""

    workstream_id: str = ""
    attempt: int = 0
    branch: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class VerifyOrder:
    """Verify the integrated work."""


@dataclass(frozen=True, slots=True)
class LandOrder:
    """Land the integrated work."""

    integration_commit: str = ""
    title: str = ""
    pull_request: bool = False
    body: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """Give the workspaces back."""

    keep_failed: bool = False


@dataclass(frozen=True, slots=True)
class JobIssued:
    """A job is open."""

    kind: JobKind
    job_id: str = ""
    pod_id: str = ""
    priority: int = 0
    pod_created_time: datetime | None = None
    workspace: JobWorkspace | None = None
    launch: LaunchOrder | None = None
    interrupt: InterruptOrder | None = None
    input: InputOrder | None = None
    merge: MergeOrder | None = None
    verify: VerifyOrder | None = None
    land: LandOrder | None = None
    release: ReleaseOrder | None = None


@dataclass(frozen=True, slots=True)
class JobClosed:
    """A job is no longer open."""

    closure: JobClosure
    job_id: str = ""
    pod_id: str = ""
