"""Facts: lifecycle (see `pod_events.proto`)."""

from dataclasses import dataclass
from datetime import datetime

from podium.pod_manager.domain.kinds import JobEnding, Phase
from podium.pod_manager.domain.policy import Policy
from podium.pod_manager.domain.resources import ExternalSync, Job, Repository


@dataclass(frozen=True, slots=True)
class PodOpened:
    """The pod was opened. Spec, plan and approvals that came with it follow as facts of their own."""

    repository: Repository
    policy: Policy
    project_id: str = ""
    number: int = 0
    title: str = ""
    request: str = ""
    quick: bool = False
    pool: str = ""


@dataclass(frozen=True, slots=True)
class PolicyUpdated:
    """Rules were changed."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The pod moved to another phase. Leaving REVIEW backwards forgets the review."""

    from_phase: Phase
    to_phase: Phase
    reason: str = ""
    by: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class HomeRunnerSet:
    """The first claim made a runner the pod's home."""

    runner_id: str = ""


@dataclass(frozen=True, slots=True)
class BaseCommitResolved:
    """The commit that the pod's work starts from is known."""

    base_commit: str = ""


@dataclass(frozen=True, slots=True)
class CooldownStarted:
    """No agent starts before a time."""

    until_time: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunnerMissed:
    """No living runner can do what the pod waits for; an empty reason: one can again."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class JobOpened:
    """An order to a runner is open; the same append holds its JobIssued."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobMoved:
    """An order was issued again in another stream."""

    job_id: str = ""
    stream: str = ""


@dataclass(frozen=True, slots=True)
class JobEnded:
    """An order is closed; the same append holds its JobClosed."""

    ending: JobEnding
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class ExternalSyncReported:
    """What is known of a pull request or issue elsewhere."""

    external_sync: ExternalSync


LifecycleEvent = (
    PodOpened
    | PolicyUpdated
    | PhaseChanged
    | HomeRunnerSet
    | BaseCommitResolved
    | CooldownStarted
    | RunnerMissed
    | JobOpened
    | JobMoved
    | JobEnded
    | ExternalSyncReported
)
