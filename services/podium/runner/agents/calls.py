"""The calls of one agent's outbox: reports as the runner, everything else under the agent's own token."""

from typing import Any

from google.protobuf.message import Message

from podium.client.connection import Podium
from podium.runner.reports.outbox import Caller

_METHODS = {
    "spec": "UpdateSpec",
    "plan": "UpdatePlan",
    "checklist": "UpdateChecklist",
    "question": "AskQuestion",
    "message": "PostMessage",
    "resolve": "ResolveThread",
}


def calls_of(client: Podium) -> Caller:
    """What sends an outbox' entries."""
    acting: dict[str, Podium] = {}

    async def call(kind: str, request: Message, token: str, timeout_seconds: float) -> Any:
        if kind == "report":
            return await client.pods.ReportAgent(request, timeout=timeout_seconds)  # type: ignore[arg-type]
        if token not in acting:
            acting[token] = client.acting_as(token)
        method = getattr(acting[token].pods, _METHODS[kind])
        return await method(request, timeout=timeout_seconds)

    return call
