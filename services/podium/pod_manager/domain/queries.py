"""Questions about a pod that several rules ask; all pure functions of the state."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from podium.kernel.errors import not_found
from podium.pod_manager.domain import naming
from podium.pod_manager.domain.conversation import Message
from podium.pod_manager.domain.kinds import AgentKind, AgentStatus, InboxReason, JobKind, Phase, WorkstreamStatus
from podium.pod_manager.domain.limits import FULL_BYTES
from podium.pod_manager.domain.resources import Agent, Attempt, Job, Pod, Workstream

TERMINAL_PHASES = frozenset({Phase.COMPLETED, Phase.CANCELLED})
ENDED = frozenset({AgentStatus.COMPLETED, AgentStatus.FAILED, AgentStatus.INTERRUPTED, AgentStatus.LOST})
UNCLAIMED = frozenset({AgentStatus.PENDING_START, AgentStatus.REQUESTED})
CLAIMED = frozenset({AgentStatus.STARTING, AgentStatus.RUNNING, AgentStatus.AWAITING_INPUT})
DOCUMENT_KINDS = frozenset({AgentKind.SPEC_WRITER, AgentKind.PLANNER})
FINAL = frozenset(
    {
        WorkstreamStatus.COMPLETED,
        WorkstreamStatus.FAILED,
        WorkstreamStatus.SKIPPED,
        WorkstreamStatus.CANCELLED,
    }
)
"""Nothing comes of it by itself any more."""


def is_terminal(pod: Pod) -> bool:
    """COMPLETED or CANCELLED."""
    return pod.phase in TERMINAL_PHASES


def live_agents(pod: Pod) -> Iterator[Agent]:
    """Agents that have not ended, oldest first; each holds a slot."""
    return (pod.agents[name] for name in pod.live_agents)


def live_agent_of(pod: Pod, kind: AgentKind) -> Agent | None:
    """The live agent of a kind, where there is one."""
    return next((agent for agent in live_agents(pod) if agent.kind is kind), None)


def live_agent_on(pod: Pod, workstream_id: str) -> Agent | None:
    """The live agent at work on a workstream; not one that is merely being ended."""
    ws = pod.workstreams[workstream_id]
    if not ws.attempts:
        return None
    agent = pod.agents.get(ws.attempts[-1].agent_id)
    return agent if agent is not None and agent.status not in ENDED else None


def find_agent(pod: Pod, agent_id: str) -> Agent:
    """The agent; raises AGENT_NOT_FOUND."""
    agent = pod.agents.get(agent_id)
    if agent is None:
        raise not_found("AGENT_NOT_FOUND", f"the pod has no agent {agent_id}", agent_id=agent_id)
    return agent


def find_workstream(pod: Pod, workstream_id: str) -> Workstream:
    """The workstream; raises WORKSTREAM_NOT_FOUND."""
    ws = pod.workstreams.get(workstream_id)
    if ws is None:
        message = f"the pod has no workstream {workstream_id}"
        raise not_found("WORKSTREAM_NOT_FOUND", message, workstream_id=workstream_id)
    return ws


def find_message(pod: Pod, message_id: str) -> Message:
    """The message; raises MESSAGE_NOT_FOUND."""
    message = pod.messages.get(message_id)
    if message is None:
        raise not_found("MESSAGE_NOT_FOUND", f"the pod has no message {message_id}", message_id=message_id)
    return message


def in_plan_order(pod: Pod) -> list[Workstream]:
    """All workstreams, as the plan lists them."""
    return plan_order(pod.workstreams.values())


def plan_order(workstreams: Iterable[Workstream]) -> list[Workstream]:
    """Some workstreams, as the plan lists them."""
    return sorted(workstreams, key=lambda ws: (ws.position, ws.id))


def is_held(pod: Pod, ws: Workstream) -> bool:
    """Its last attempt was interrupted: it waits for a person."""
    return ws.status is WorkstreamStatus.IN_PROGRESS and live_agent_on(pod, ws.id) is None


def last_attempt(ws: Workstream) -> Attempt | None:
    """The newest attempt."""
    return ws.attempts[-1] if ws.attempts else None


def branch_of(pod: Pod, ws: Workstream) -> str:
    """The branch of the newest attempt: as its runner said, else by the rule that names it."""
    attempt = ws.attempts[-1]
    return attempt.branch or naming.attempt_branch(pod.repository.branch_prefix, ws.id, attempt.number)


def open_jobs(pod: Pod, kind: JobKind) -> list[Job]:
    """The open jobs of a kind."""
    return [job for job in pod.jobs.values() if job.kind is kind]


def budget_reached(pod: Pod) -> bool:
    """Whether any part of the budget is used up; agents' time counts when they end."""
    budget, usage = pod.policy.budget, pod.usage
    tokens = usage.input_tokens + usage.output_tokens
    return (
        0 < budget.tokens <= tokens
        or 0 < budget.cost_micros <= usage.cost_micros
        or timedelta() < budget.agent_time <= usage.agent_time
    )


def is_full(pod: Pod) -> bool:
    """Whether it holds so much that nothing new may start."""
    return pod.held_bytes > FULL_BYTES


def open_questions(pod: Pod) -> list[Message]:
    """Unanswered questions; the inbox is the index, so that long conversations cost nothing."""
    asked = (InboxReason.QUESTION_ASKED, InboxReason.PERMISSION)
    return [pod.messages[item.subject] for item in pod.inbox.values() if item.reason in asked]


def workstreams_in_question(pod: Pod) -> frozenset[str]:
    """Workstreams whose agent's blocking question has no answer yet."""
    return frozenset(q.workstream_id for q in open_questions(pod) if q.blocking and q.author.startswith("agent:"))
