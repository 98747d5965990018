"""What the parts of a pod weigh: about their bytes in a message, never less. A pod that weighs too much is full.

The state of a pod travels whole (GetPod, the snapshot of a watch, a runner's claim), so it must fit into one message of
the wire. The weight is folded with the state, part by part; nothing is ever summed up anew.
"""

from podium.pod_manager.domain.conversation import Message
from podium.pod_manager.domain.kinds import MessageKind
from podium.pod_manager.domain.resources import Agent, Attempt, Workstream

MESSAGE, AGENT, WORKSTREAM, ATTEMPT, ENTRY = 300, 400, 300, 200, 40
"""Beside the texts: ids, times, numbers, field keys."""
INBOX_ITEM = 400
"""What a question or a blocker has in the inbox."""


def of_text(*texts: str) -> int:
    """Bytes."""
    size = 0
    for text in texts:
        size += len(text) if text.isascii() else len(text.encode())
    return size


def of_message(message: Message | None) -> int:
    """With its answer."""
    if message is None:
        return 0
    weight = MESSAGE + of_text(message.content, message.author, *message.options)
    if message.kind in (MessageKind.QUESTION, MessageKind.BLOCKER):
        weight += INBOX_ITEM
    if message.answer is not None:
        weight += of_text(message.answer.text, message.answer.choice)
    if message.anchor is not None:
        weight += of_text(message.anchor.document, message.anchor.quoted_text)
    return weight


def of_agent(agent: Agent | None) -> int:
    """One run."""
    return AGENT + of_text(agent.exit_reason, agent.progress, agent.workstream_id) if agent is not None else 0


def of_workstream(ws: Workstream | None) -> int:
    """With its attempts."""
    if ws is None:
        return 0
    weight = WORKSTREAM + of_text(ws.spec, ws.title, ws.branch, ws.result_summary, ws.progress, ws.feedback, ws.reason)
    weight += sum(ENTRY + of_text(name) for name in (*ws.dependencies, *ws.blocked_on))
    weight += sum(ENTRY + of_text(item.text) for item in ws.checklist)
    return weight + sum(map(_of_attempt, ws.attempts))


def _of_attempt(attempt: Attempt) -> int:
    texts = of_text(attempt.error, attempt.checks_output, attempt.branch, *attempt.conflict_paths)
    return ATTEMPT + texts + ENTRY * len(attempt.conflict_paths)
