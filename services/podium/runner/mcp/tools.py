"""The tools, one for each verb: what they are for, and what their answers say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from podium.agents.v1 import agent_service_pb2 as pb
from podium.kernel.errors import Kind, Rejection
from podium.pods.v1.pod_pb2 import ChecklistState
from podium.runner.mcp import arguments
from podium.runner.mcp.arguments import Arguments

PENDING = (
    "Nobody has answered yet; the question stays open. End your turn now, without complete or fail: you are started "
    "again with the answer. Do not guess it."
)


@dataclass(frozen=True, slots=True)
class Said:
    """The answer of a tool: for the model in words, for programs as values."""

    text: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: what the model reads about it, its arguments, and how the RPC's response is told."""

    description: str
    arguments: type[Arguments]
    answer: Callable[[Any], Said]
    read_only: bool = False


def _version(response: Any) -> Said:
    return Said(f"Version {response.version} is handed in.", {"version": response.version})


def _noted(_: Any) -> Said:
    return Said("Noted.", {})


def _over(_: Any) -> Said:
    return Said("Noted. End your turn now; nothing that you do after this counts.", {})


def _answered(response: pb.AskHumanResponse) -> Said:
    if response.pending:
        return Said(PENDING, {"pending": True, "message_id": response.message_id})
    words = "\n".join(part for part in (response.answer.choice, response.answer.text) if part)
    values = {"pending": False, "message_id": response.message_id, "answer": words, "by": response.answer.by}
    return Said(words, values)


def _posted(response: pb.PostMessageResponse) -> Said:
    kept = "Kept: the pod gets it when it can be reached again."
    return Said("Posted." if response.message_id else kept, {"message_id": response.message_id})


def _context(response: pb.ListContextResponse) -> Said:
    parts = [response.instructions.strip()]
    if response.messages:
        parts.append("## What people said since you last looked\n\n" + "\n\n".join(response.messages))
    steps = [f"- {_state(item.state)}: {item.text}" for item in response.workstream.checklist]
    if steps:
        parts.append("## Your checklist\n\n" + "\n".join(steps))
    values = {"workstream_id": response.workstream_id, "attempt": response.attempt, "messages": [*response.messages]}
    return Said("\n\n".join(parts), values)


def _state(state: "ChecklistState.ValueType") -> str:
    return ChecklistState.Name(state).removeprefix("CHECKLIST_STATE_").lower()


TOOLS: dict[str, Tool] = {
    "report_progress": Tool(
        "Say in one line what you are doing, at each larger step. People watch it live.",
        arguments.ReportProgress,
        _noted,
    ),
    "update_checklist": Tool(
        "Set your checklist, whole, whenever it changes.",
        arguments.UpdateChecklist,
        _noted,
    ),
    "submit_spec": Tool(
        "Hand in the spec. Each call makes the next version; what is wrong with it is said, and you can mend it.",
        arguments.SubmitSpec,
        _version,
    ),
    "submit_plan": Tool(
        "Hand in the plan. Each call makes the next version; unknown dependencies and cycles are refused with their "
        "names, and you can mend them.",
        arguments.SubmitPlan,
        _version,
    ),
    "ask_human": Tool(
        "Ask the people and wait for their answer, at most 25 seconds. Where the result is pending, end your turn: you "
        "are started again with the answer. For what you cannot decide yourself, not for what you can find out.",
        arguments.AskHuman,
        _answered,
    ),
    "post_message": Tool(
        "Say something that stays: an update, a blocker, or a comment of a review with the file and lines it is about.",
        arguments.PostMessage,
        _posted,
    ),
    "complete": Tool(
        "Say that you are done, with a summary; then end your turn. The checks run after that, and decide whether the "
        "work counts.",
        arguments.Complete,
        _over,
    ),
    "fail": Tool(
        "Say that it cannot be done, and why; then end your turn.",
        arguments.Fail,
        _over,
    ),
    "list_context": Tool(
        "Your instructions again, your checklist, and what people said to you since you last looked.",
        arguments.ListContext,
        _context,
        read_only=True,
    ),
}
"""By name; `podium.runner.verbs` says whom each is for."""

_REMEDIES = {
    "AGENT_ALREADY_TERMINAL": "End your turn now.",
    "AGENT_NOT_FOUND": "End your turn now: this session is over.",
    "POD_ALREADY_TERMINAL": "End your turn now: the task is over.",
    "SPEC_MISSING": "Hand the spec in with submit_spec, then call complete.",
    "PLAN_MISSING": "Hand the plan in with submit_plan, then call complete.",
}
_REMEDIES_OF_KINDS = {
    Kind.INVALID_ARGUMENT: "Correct the arguments and call the tool again.",
    Kind.UNAVAILABLE: "Call the tool again with the same arguments.",
    Kind.DEADLINE_EXCEEDED: "Call the tool again with the same arguments.",
    Kind.RESOURCE_EXHAUSTED: "Wait some seconds, then call the tool again; say less often what you do.",
    Kind.ALREADY_EXISTS: "It is there already; go on.",
}


def remedy(rejection: Rejection) -> str:
    """What an agent does about a refusal."""
    fallback = "Do not repeat the call as it is; go on without it, or call fail with this text."
    return _REMEDIES.get(rejection.reason) or _REMEDIES_OF_KINDS.get(rejection.kind, fallback)


def refusal(rejection: Rejection) -> Said:
    """A refusal as an agent reads it."""
    details = [f"- {each.field}: {each.description}" for each in rejection.violations]
    text = "\n".join([f"{rejection.reason}: {rejection.message}", *details, remedy(rejection)])
    return Said(text, {"reason": rejection.reason, "message": rejection.message, "remedy": remedy(rejection)})
