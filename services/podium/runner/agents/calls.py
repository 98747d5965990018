"""The calls of one agent's outbox: reports as the runner, everything else under the agent's own token."""

from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf.message import Message

from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.pods.v1.pod_pb2 import Pod
from podium.pods.v1.pod_service_pb2 import GetPodRequest
from podium.runner.agents.live import LiveAgent
from podium.runner.reports.outbox import Caller

_READ_SECONDS = 5.0
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


def pod_reader(client: Podium) -> Callable[[LiveAgent], Awaitable[Pod | None]]:
    """What reads an agent's pod as it stands, under the agent's token; None where it cannot be reached."""

    async def read(agent: LiveAgent) -> Pod | None:
        request = GetPodRequest(pod_id=agent.record.pod_id)
        try:
            return (await client.acting_as(agent.record.token).pods.GetPod(request, timeout=_READ_SECONDS)).pod
        except PodiumError:
            return None

    return read
