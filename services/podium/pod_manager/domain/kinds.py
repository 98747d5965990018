"""The enumerations of a pod; names and meanings as in `pod.proto`, where each value is explained."""

from enum import Enum


class Phase(Enum):
    """Where a pod stands."""

    SPEC_CLARIFICATION = 1
    PLANNING = 2
    WORKSTREAM_EXECUTION = 3
    REVIEW = 4
    COMPLETED = 5
    CANCELLED = 6


class DocumentState(Enum):
    """The state of a document (spec or plan)."""

    UNSPECIFIED = 0
    DRAFT = 1
    GENERATING = 2
    READY = 3
    APPROVED = 4


class WorkstreamStatus(Enum):
    """The status of a workstream."""

    PENDING = 1
    BLOCKED = 2
    READY = 3
    IN_PROGRESS = 4
    MERGING = 5
    COMPLETED = 6
    FAILED = 7
    SKIPPED = 8
    CANCELLED = 9


class Priority(Enum):
    """How urgent something is."""

    LOW = 1
    NORMAL = 2
    HIGH = 3


class ChecklistState(Enum):
    """The state of one checklist line."""

    TODO = 1
    DOING = 2
    DONE = 3
    BLOCKED = 4


class AgentKind(Enum):
    """What an agent is for."""

    UNSPECIFIED = 0
    SPEC_WRITER = 1
    PLANNER = 2
    WORKER = 3
    REVIEWER = 4
    RESOLVER = 5


class AgentStatus(Enum):
    """The life of an agent."""

    PENDING_START = 1
    REQUESTED = 2
    STARTING = 3
    RUNNING = 4
    AWAITING_INPUT = 5
    COMPLETED = 6
    FAILED = 7
    INTERRUPTED = 8
    LOST = 9


class FailureCause(Enum):
    """Why an attempt or agent ended as it did."""

    UNSPECIFIED = 0
    REPORTED = 1
    NO_RESULT = 2
    NO_CHANGES = 3
    CHECKS_FAILED = 4
    SETUP_FAILED = 5
    START_FAILED = 6
    EXIT_STATUS = 7
    TIME_LIMIT = 8
    OUTPUT_LIMIT = 9
    CONFLICT = 10
    LOST = 11
    INTERRUPTED = 12
    RATE_LIMITED = 13
    LOGIN_FAILED = 14
    PERSON = 15
    WORKSPACE = 16


class MessageKind(Enum):
    """What a message is."""

    QUESTION = 1
    UPDATE = 2
    BLOCKER = 3
    REVIEW_COMMENT = 4


class InboxReason(Enum):
    """Why something stands in the inbox."""

    NEEDS_APPROVAL = 1
    QUESTION_ASKED = 2
    BLOCKER_RAISED = 3
    WORKSTREAM_FAILED = 4
    BUDGET_REACHED = 5
    LANDING_BLOCKED = 6
    CONFLICT = 7
    PERMISSION = 8
    DOCUMENT_FAILED = 9
    RUNNER_MISSING = 10
    LOGIN_FAILED = 11


class JobKind(Enum):
    """What is asked of the runner."""

    LAUNCH = 1
    INTERRUPT = 2
    INPUT = 3
    MERGE = 4
    VERIFY = 5
    LAND = 6
    RELEASE = 7


class JobEnding(Enum):
    """Why an order to a runner is open no longer."""

    CLAIMED = 1
    REPORTED = 2
    CANCELLED = 3


class ChecksResult(Enum):
    """Whether the checks passed."""

    UNSPECIFIED = 0
    PASSED = 1
    FAILED = 2
    NONE = 3


class Autonomy(Enum):
    """Who approves."""

    GUIDED = 1
    AUTONOMOUS = 2


class PermissionMode(Enum):
    """What agents may do without asking."""

    EDITS = 1
    ASK = 2
    ALLOW = 3


class Landing(Enum):
    """How approved work reaches the target branch."""

    UNSPECIFIED = 0
    TARGET = 1
    PULL_REQUEST = 2


class WaitingKind(Enum):
    """What a waiting entry waits for."""

    APPROVAL = 1
    ANSWER = 2
    COOLDOWN = 3
    DEPENDENCY = 4
    RUNNER = 5
    RATE_LIMIT = 6
    LOGIN = 7
    BUDGET = 8
    CHECKS = 9
    DECISION = 10
    START = 11
    LANDING = 12
    DOCUMENT = 13


class JobClosure(Enum):
    """Why a job is open no longer."""

    CLAIMED = 1
    REPORTED = 2
    CANCELLED = 3
    MOVED = 4
