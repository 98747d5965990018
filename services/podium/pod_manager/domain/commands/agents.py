"""Commands: agents (requests of the same names in `pod_service.proto`, without pod and request id)."""

from dataclasses import dataclass

from podium.pod_manager.domain.reports import AgentReport


@dataclass(frozen=True, slots=True)
class RegisterAgent:
    """A runner's claim on a requested agent (first wins), or its word that an agent of its own still lives."""

    agent_id: str = ""
    job_id: str = ""
    lease_epoch: int = 0


@dataclass(frozen=True, slots=True)
class UnregisterAgent:
    """Gives a claimed agent back before it started: it is requested again."""

    agent_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReportAgent:
    """Reports of an agent, numbered per agent from 1; each is applied once for ever, a repeat answers as the first."""

    report: AgentReport
    agent_id: str = ""
    report_seq: int = 0


@dataclass(frozen=True, slots=True)
class StartAgent:
    """Starts an agent in PENDING_START."""

    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class SendAgentMessage:
    """Gives text to an agent that waits or works."""

    agent_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class MarkAgentDone:
    """Says that an agent is done: its work counts as completed."""

    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class RestartAgent:
    """Makes a new agent in the place of one that ended."""

    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class InterruptAgent:
    """Ends an agent; its workstream waits for Retry or Skip."""

    agent_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunnerLeaseChanged:
    """A runner's lease ended (`live` false), or lives under a new epoch: what it held under older ones is in doubt.

    No RPC: the manager's own follower of `$leases` puts it into the mailboxes of the pods concerned.
    """

    runner_id: str
    lease_epoch: int
    live: bool


@dataclass(frozen=True, slots=True)
class RunnersLooked:
    """Why no living runner can do what the pod waits for; empty: one can. No RPC, as above."""

    missing: str = ""


AgentCommand = (
    RegisterAgent
    | UnregisterAgent
    | ReportAgent
    | StartAgent
    | SendAgentMessage
    | MarkAgentDone
    | RestartAgent
    | InterruptAgent
    | RunnerLeaseChanged
    | RunnersLooked
)
