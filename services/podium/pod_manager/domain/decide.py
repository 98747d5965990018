"""`decide`: what a command leads to; first, who may act on which pod at all."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, get_args

from podium.kernel.entity import Context
from podium.kernel.errors import denied, not_found, precondition
from podium.kernel.identity import CallerKind, Identity
from podium.pod_manager.domain.commands import (
    AgentCommand,
    Command,
    DocumentCommand,
    LifecycleCommand,
    MessageCommand,
    ReviewCommand,
    WorkstreamCommand,
)
from podium.pod_manager.domain.commands.agents import (
    RegisterAgent,
    ReportAgent,
    RunnerLeaseChanged,
    RunnersLooked,
    SendAgentMessage,
    UnregisterAgent,
)
from podium.pod_manager.domain.commands.lifecycle import EvaluateNow, OpenPod, ReportExternalSync
from podium.pod_manager.domain.commands.messages import (
    AnswerQuestion,
    AskQuestion,
    MarkInboxRead,
    PostMessage,
    ReopenThread,
    ResolveThread,
)
from podium.pod_manager.domain.commands.review import ReportJob, RequestChanges
from podium.pod_manager.domain.commands.workstreams import (
    CreateWorkstream,
    RetryWorkstream,
    UpdateChecklist,
    UpdateWorkstream,
)
from podium.pod_manager.domain.deciding import agents, documents, lifecycle, messages, review, workstreams
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.limits import ANSWER_CHARACTERS, HELD_BYTES
from podium.pod_manager.domain.queries import ENDED, is_terminal
from podium.pod_manager.domain.resources import Pod

_AREAS: tuple[tuple[Any, ModuleType], ...] = (
    (LifecycleCommand, lifecycle),
    (DocumentCommand, documents),
    (WorkstreamCommand, workstreams),
    (AgentCommand, agents),
    (MessageCommand, messages),
    (ReviewCommand, review),
)
# Each area's `decide` is a `match` closed by `assert_never`; this only finds the area.
_DECIDERS: dict[type, Callable[[Draft, Any], None]] = {
    kind: module.decide for union, module in _AREAS for kind in get_args(union)
}

AFTER_THE_END = frozenset(
    {
        OpenPod,
        EvaluateNow,
        ReportExternalSync,
        RegisterAgent,
        UnregisterAgent,
        ReportAgent,
        RunnerLeaseChanged,
        RunnersLooked,
        ReportJob,
        PostMessage,
        ResolveThread,
        ReopenThread,
        MarkInboxRead,
    }
)
"""Commands that a COMPLETED or CANCELLED pod still takes: its agents are being ended, and people may talk about it."""


ADDING_TEXTS = frozenset(
    {
        PostMessage,
        AskQuestion,
        AnswerQuestion,
        SendAgentMessage,
        CreateWorkstream,
        UpdateWorkstream,
        UpdateChecklist,
        RetryWorkstream,
        RequestChanges,
    }
)
"""Commands that a full pod refuses; what runners report is shortened instead."""


def decide(pod: Pod, command: Command, context: Context) -> Sequence[object]:
    """Facts and orders; none is a no-op. Raises `Rejection` with one of the documented reasons."""
    if not pod.revision and not isinstance(command, OpenPod):
        raise not_found("POD_NOT_FOUND", f"no pod {pod.pod_id}", pod_id=pod.pod_id)
    check_agent(pod, context.actor)
    if is_terminal(pod) and type(command) not in AFTER_THE_END:
        raise precondition("POD_ALREADY_TERMINAL", f"the pod is {pod.phase.name}", phase=pod.phase.name)
    draft = Draft(pod, context)
    _DECIDERS[type(command)](draft, command)
    check_size(draft.pod, pod, command)
    return draft.items


def check_size(after: Pod, before: Pod, command: Command) -> None:
    """Raises POD_FULL where somebody would add texts to a pod that holds too many; a short answer is always taken."""
    grows = after.held_bytes > max(before.held_bytes, HELD_BYTES)
    if not grows or type(command) not in ADDING_TEXTS:
        return
    if isinstance(command, AnswerQuestion) and len(command.text) <= ANSWER_CHARACTERS:
        return
    text = "the pod holds as many texts as a pod can; finish it, and open another one for the rest"
    raise precondition("POD_FULL", text, held_bytes=str(before.held_bytes), limit=str(HELD_BYTES))


def check_agent(pod: Pod, caller: Identity) -> None:
    """An agent may see and touch its own pod only, and only while it lives; raises CALLER_NOT_ALLOWED."""
    if caller.kind is not CallerKind.AGENT:
        return
    agent = pod.agents.get(caller.name)
    if caller.pod_id != pod.pod_id or agent is None:
        raise denied(f"{caller} has no part in pod {pod.pod_id}", caller=str(caller))
    if agent.status in ENDED:
        raise denied(f"{caller} has ended, and its token with it", caller=str(caller))
