"""Facts: agents (see `pod_events.proto`)."""

from dataclasses import dataclass, field

from podium.pod_manager.domain.kinds import AgentStatus, ChecksResult, FailureCause
from podium.pod_manager.domain.resources import Agent, Usage


@dataclass(frozen=True, slots=True)
class AgentRequested:
    """An agent is wanted; an attempt begins with it. REQUESTED, or PENDING_START while auto-start is off."""

    agent: Agent


@dataclass(frozen=True, slots=True)
class AgentStartApproved:
    """A person said: start it."""

    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class AgentRegistered:
    """A runner claimed an agent."""

    agent_id: str = ""
    runner_id: str = ""
    lease_epoch: int = 0


@dataclass(frozen=True, slots=True)
class AgentUnregistered:
    """A runner gave an agent back before it started; it is REQUESTED again."""

    agent_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentReported:
    """A report of an agent was applied; the facts in it follow."""

    agent_id: str = ""
    report_seq: int = 0
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class AgentProcessStarted:
    """An agent's process runs."""

    agent_id: str = ""
    process_id: int = 0
    branch: str = ""
    base_commit: str = ""
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class AgentProgressed:
    """An agent said how it goes."""

    agent_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class AgentAwaitedInput:
    """An agent waits for the answer to a question."""

    agent_id: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class AgentContinued:
    """A question that an agent waited for is answered; waiting for no other, it works on."""

    agent_id: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class AgentInterruptRequested:
    """A person wants an agent ended."""

    agent_id: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class AgentRunnerLost:
    """The lease of an agent's runner ended or was renewed under another epoch: a grace begins."""

    agent_id: str = ""
    runner_id: str = ""


@dataclass(frozen=True, slots=True)
class AgentResumed:
    """Its runner said that the agent still lives."""

    agent_id: str = ""
    lease_epoch: int = 0


@dataclass(frozen=True, slots=True)
class AgentEnded:
    """An agent ended: COMPLETED, FAILED, INTERRUPTED or LOST. Never twice for one agent."""

    status: AgentStatus
    agent_id: str = ""
    cause: FailureCause = FailureCause.UNSPECIFIED
    exit_reason: str = ""
    commit: str = ""
    checks: ChecksResult = ChecksResult.UNSPECIFIED


AgentEvent = (
    AgentRequested
    | AgentStartApproved
    | AgentRegistered
    | AgentUnregistered
    | AgentReported
    | AgentProcessStarted
    | AgentProgressed
    | AgentAwaitedInput
    | AgentContinued
    | AgentInterruptRequested
    | AgentRunnerLost
    | AgentResumed
    | AgentEnded
)
