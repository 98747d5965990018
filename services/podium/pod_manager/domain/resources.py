"""The pod and its parts, as values; meanings stand in `pod.proto`.

`waiting_on` and `scheduler` are derived (`waiting`), so they are no fields of the state.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from podium.kernel.persistent import Map
from podium.pod_manager.domain.conversation import InboxItem, Message
from podium.pod_manager.domain.kinds import (
    AgentKind,
    AgentStatus,
    ChecklistState,
    ChecksResult,
    DocumentState,
    FailureCause,
    JobKind,
    Phase,
    Priority,
    WorkstreamStatus,
)
from podium.pod_manager.domain.policy import Policy, ToolGrant


@dataclass(frozen=True, slots=True)
class Repository:
    """What the pod works on."""

    location: str = ""
    base_branch: str = ""
    base_commit: str = ""
    branch_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    turns: int = 0
    agent_time: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Spec:
    """What is to be done, in the pod's words."""

    content: str = ""
    version: int = 0
    state: DocumentState = DocumentState.UNSPECIFIED
    approved_by: str = ""
    approved_time: datetime | None = None
    approved_version: int = 0
    failed_attempts: int = 0
    next_retry_time: datetime | None = None
    feedback: str = ""
    requested: bool = False
    last_error: str = ""
    last_cause: FailureCause = FailureCause.UNSPECIFIED
    held: bool = False


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One planned workstream."""

    id: str = ""
    title: str = ""
    description: str = ""
    dependencies: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is to be done."""

    summary: str = ""
    items: tuple[PlanItem, ...] = ()
    version: int = 0
    state: DocumentState = DocumentState.UNSPECIFIED
    approved_by: str = ""
    approved_time: datetime | None = None
    approved_version: int = 0
    failed_attempts: int = 0
    next_retry_time: datetime | None = None
    feedback: str = ""
    requested: bool = False
    last_error: str = ""
    last_cause: FailureCause = FailureCause.UNSPECIFIED
    held: bool = False


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of a checklist."""

    text: str = ""
    state: ChecklistState = ChecklistState.TODO


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a workstream."""

    outcome: AgentStatus
    number: int = 0
    agent_id: str = ""
    started_time: datetime | None = None
    ended_time: datetime | None = None
    cause: FailureCause = FailureCause.UNSPECIFIED
    error: str = ""
    checks_output: str = ""
    branch: str = ""
    conflict_paths: tuple[str, ...] = ()
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Workstream:
    """A part of the work, done by one agent at a time."""

    status: WorkstreamStatus
    id: str = ""
    title: str = ""
    spec: str = ""
    dependencies: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    position: int = 0
    blocked_on: tuple[str, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    branch: str = ""
    integration_commit: str = ""
    result_summary: str = ""
    next_retry_time: datetime | None = None
    profile: str = ""
    progress: str = ""
    feedback: str = ""
    reason: str = ""
    counted_attempts: int = 0
    conflict_branch: str = ""
    start_requested: bool = False


@dataclass(frozen=True, slots=True)
class Agent:
    """A run of a coding agent; its id is also its Maestro session's id."""

    status: AgentStatus
    id: str = ""
    kind: AgentKind = AgentKind.UNSPECIFIED
    workstream_id: str = ""
    profile: str = ""
    runner_id: str = ""
    lease_epoch: int = 0
    process_id: int = 0
    requested_time: datetime | None = None
    started_time: datetime | None = None
    ended_time: datetime | None = None
    exit_reason: str = ""
    cause: FailureCause = FailureCause.UNSPECIFIED
    usage: Usage = field(default_factory=Usage)
    restarted_from: str = ""
    last_report_seq: int = 0
    attempt: int = 0
    job_id: str = ""
    progress: str = ""
    runner_lost_time: datetime | None = None
    awaiting: tuple[str, ...] = ()
    interrupt_requested: bool = False
    registered_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """An open order to a runner, seen from the pod."""

    kind: JobKind
    id: str = ""
    stream: str = ""
    agent_id: str = ""
    workstream_id: str = ""
    issued_time: datetime | None = None
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """The review of the integrated work."""

    integration_commit: str = ""
    checks: ChecksResult = ChecksResult.UNSPECIFIED
    checks_output: str = ""
    files_changed: int = 0
    insertions: int = 0
    deletions: int = 0
    approved_commit: str = ""
    approved_by: str = ""
    approved_time: datetime | None = None
    landed_commit: str = ""
    landing_error: str = ""
    conflict_paths: tuple[str, ...] = ()
    verified: bool = False
    failed_attempts: int = 0
    next_retry_time: datetime | None = None
    verify_error: str = ""
    reviewer_id: str = ""
    proposed_commit: str = ""


@dataclass(frozen=True, slots=True)
class ExternalSync:
    """A pull request or issue elsewhere."""

    provider: str = ""
    kind: str = ""
    number: int = 0
    url: str = ""
    state: str = ""
    synced_time: datetime | None = None
    last_error: str = ""
    branch: str = ""
    title: str = ""
    body: str = ""


@dataclass(frozen=True)  # no slots: every fact copies it, and one dict is copied faster than fifty slots
class Pod:
    """A pod: one task on its way from words to landed commits."""

    phase: Phase
    pod_id: str = ""
    project_id: str = ""
    number: int = 0
    title: str = ""
    request: str = ""
    repository: Repository = field(default_factory=Repository)
    revision: int = 0
    policy: Policy = field(default_factory=Policy)
    spec: Spec = field(default_factory=Spec)
    plan: Plan = field(default_factory=Plan)
    workstreams: Map[str, Workstream] = field(default_factory=Map)
    agents: Map[str, Agent] = field(default_factory=Map)
    jobs: Map[str, Job] = field(default_factory=Map)
    messages: Map[str, Message] = field(default_factory=Map)
    inbox: Map[str, InboxItem] = field(default_factory=Map)
    review: Review = field(default_factory=Review)
    external_sync: ExternalSync | None = None
    usage: Usage = field(default_factory=Usage)
    home_runner: str = ""
    created_time: datetime | None = None
    updated_time: datetime | None = None
    opened_by: str = ""
    closing_reason: str = ""
    agent_counter: int = 0
    job_counter: int = 0
    quick: bool = False
    cooldown_until: datetime | None = None
    cooldown_reason: str = ""
    pool: str = ""
    live_agents: tuple[str, ...] = ()
    tool_grants: tuple[ToolGrant, ...] = ()
    held: bool = False
    release_requested: bool = False
    held_bytes: int = 0
    runner_missing: str = ""
    runner_missing_since: datetime | None = None
