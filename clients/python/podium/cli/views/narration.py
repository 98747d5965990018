"""A pod's events as sentences: what `run`, `watch` and the demo print line by line."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from podium.cli.views.plain import word
from podium.cli.views.words import count, cut, lower, request_line, short

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from podium.pods.v1 import pod_pb2, pod_service_pb2

Teller = Callable[[Any, "pod_pb2.Pod"], str]
"""(fact, pod after it) → a sentence."""

_TEXT = 96


def _agent(pod: "pod_pb2.Pod", agent_id: str) -> str:
    for agent in pod.agents:
        if agent.id == agent_id:
            kind = lower(word(agent, "kind"))
            return f"{kind} of {agent.workstream_id}" if agent.workstream_id else kind
    return agent_id


def _title(pod: "pod_pb2.Pod", workstream_id: str) -> str:
    for workstream in pod.workstreams:
        if workstream.id == workstream_id:
            return f"{workstream_id} ({cut(workstream.title, 40)})"
    return workstream_id


def _because(reason: str) -> str:
    return f": {cut(reason, _TEXT)}" if reason else ""


def _verified(fact: Any, _pod: "pod_pb2.Pod") -> str:
    verdict = {"PASSED": "checks pass", "FAILED": "checks FAIL", "NONE": "NOT VERIFIED: there are no checks"}
    lines = f"{count(fact.files_changed, 'file')}, +{fact.insertions} -{fact.deletions}"
    return f"verified {short(fact.integration_commit)}: {verdict.get(word(fact, 'checks'), 'checks unknown')}, {lines}"


def _attempt_ended(fact: Any, pod: "pod_pb2.Pod") -> str:
    outcome = lower(word(fact, "outcome"))
    cause = lower(word(fact, "cause")) if fact.cause else ""
    why = ", ".join(text for text in (cause, cut(fact.error, _TEXT)) if text)
    return f"{_title(pod, fact.workstream_id)}: attempt {fact.number} {outcome}{_because(why)}"


def _agent_ended(fact: Any, pod: "pod_pb2.Pod") -> str:
    return f"{_agent(pod, fact.agent_id)} {lower(word(fact, 'status'))}{_because(fact.exit_reason)}"


def _message(fact: Any, _pod: "pod_pb2.Pod") -> str:
    message = fact.message
    return f"{lower(word(message, 'kind'))} from {message.author}: {cut(message.content, _TEXT)}"


def _phase(fact: Any, _pod: "pod_pb2.Pod") -> str:
    reason = "" if fact.reason.startswith("landed as") else fact.reason  # was told just before
    return f"phase: {lower(word(fact, 'to_phase'))}{_because(reason)}"


def _gated(fact: Any, pod: "pod_pb2.Pod") -> str:
    status = word(fact, "status")
    if status not in {"READY", "BLOCKED"}:
        return ""
    return f"{_title(pod, fact.workstream_id)} is {lower(status)}" + _because(", ".join(fact.blocked_on))


_TELLERS: Mapping[str, Teller] = {
    "PodOpened": lambda fact, _: f"opened: {cut(fact.title, _TEXT)}",
    "PhaseChanged": _phase,
    "SpecUpdated": lambda fact, _: f"spec v{fact.version} {'drafted' if fact.draft else 'ready'}",
    "SpecApproved": lambda fact, _: f"spec v{fact.version} approved by {fact.by}",
    "SpecReopened": lambda fact, _: f"spec reopened{_because(fact.reason)}",
    "SpecRequested": lambda fact, _: f"spec sent back{_because(fact.feedback)}",
    "PlanUpdated": lambda fact, _: f"plan v{fact.version} ready: {count(len(fact.items), 'workstream')}",
    "PlanApproved": lambda fact, _: f"plan v{fact.version} approved by {fact.by}",
    "PlanReopened": lambda fact, _: f"plan reopened{_because(fact.reason)}",
    "PlanRequested": lambda fact, _: f"plan sent back{_because(fact.feedback)}",
    "DocumentAttemptEnded": lambda fact, _: f"{lower(word(fact, 'kind'))} ended{_because(fact.error)}",
    "WorkstreamGated": _gated,
    "AttemptEnded": _attempt_ended,
    "MergeRequested": lambda fact, pod: f"{_title(pod, fact.workstream_id)} done, merging",
    "WorkstreamCompleted": lambda fact, pod: (
        f"{_title(pod, fact.workstream_id)} merged as {short(fact.integration_commit)}"
    ),
    "WorkstreamFailed": lambda fact, pod: f"{_title(pod, fact.workstream_id)} FAILED{_because(fact.reason)}",
    "WorkstreamRetried": lambda fact, pod: f"{_title(pod, fact.workstream_id)} tries again{_because(fact.feedback)}",
    "WorkstreamSkipped": lambda fact, pod: f"{_title(pod, fact.workstream_id)} skipped{_because(fact.reason)}",
    "WorkstreamCancelled": lambda fact, pod: f"{_title(pod, fact.workstream_id)} cancelled{_because(fact.reason)}",
    "AgentProcessStarted": lambda fact, pod: f"{_agent(pod, fact.agent_id)} runs (process {fact.process_id})",
    "AgentProgressed": lambda fact, pod: f"{_agent(pod, fact.agent_id)}: {cut(fact.text, _TEXT)}",
    "AgentInterruptRequested": lambda fact, pod: f"{_agent(pod, fact.agent_id)} is being interrupted by {fact.by}",
    "AgentRunnerLost": lambda fact, pod: f"{_agent(pod, fact.agent_id)}: its runner {fact.runner_id} is gone",
    "AgentResumed": lambda fact, pod: f"{_agent(pod, fact.agent_id)} goes on",
    "AgentEnded": _agent_ended,
    "CooldownStarted": lambda fact, _: f"pauses{_because(fact.reason)}",
    "MessagePosted": _message,
    "QuestionAnswered": lambda fact, _: f"answered by {fact.by}: {cut(fact.choice or fact.text, _TEXT)}",
    "WorkVerified": _verified,
    "VerificationFailed": lambda fact, _: f"verification failed{_because(fact.error)}",
    "ReviewApproved": lambda fact, _: f"review of {short(fact.integration_commit)} approved by {fact.by}",
    "LandingRequested": lambda _fact, _: "landing",
    "WorkLanded": lambda fact, _: f"landed as {short(fact.commit)}",
    "WorkProposed": lambda fact, pod: f"{short(fact.commit)} is pushed; waiting for {request_line(pod.external_sync)}",
    "LandingBlocked": lambda fact, _: f"landing BLOCKED{_because(fact.error)}",
    "LandingConflicted": lambda fact, _: f"landing CONFLICTS in {cut(', '.join(fact.paths), _TEXT)}",
}
"""What is not here (bookkeeping such as jobs and claims) is not told."""


def unpack(event: "pod_service_pb2.PodEvent") -> "Message | None":
    """The fact inside an event; None for a kind that this program does not know."""
    from google.protobuf import symbol_database

    from podium.pods.v1 import pod_events_pb2  # noqa: F401 - its import makes the kinds known

    try:
        kind = symbol_database.Default().GetSymbol(event.fact.TypeName())
    except KeyError:
        return None
    fact: Message = kind()
    return fact if event.fact.Unpack(fact) else None


def name_of(event: "pod_service_pb2.PodEvent") -> str:
    """`SpecApproved`."""
    return str(event.fact.TypeName()).rpartition(".")[2]


def tell(event: "pod_service_pb2.PodEvent", pod: "pod_pb2.Pod") -> str:
    """The event as a sentence; empty for what people need not hear. `pod` is the state after it."""
    teller = _TELLERS.get(name_of(event))
    fact = unpack(event)
    return teller(fact, pod) if teller is not None and fact is not None else ""
