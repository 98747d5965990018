"""Pods as the pod manager stores them: facts in fenced streams, with the metadata that followers rely on."""

import time

from google.protobuf.message import Message

from podium.client.connection import Podium
from podium.events.v1.event_pb2 import Fence, NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest, ClaimShardsRequest
from podium.kernel.ids import SHARDS, shard_of
from podium.pods.v1 import pod_events_pb2 as pods
from podium.pods.v1 import pod_pb2


class PodWriter:
    """Holds all shards of the pod manager and writes pods' streams."""

    def __init__(self, client: Podium) -> None:
        self._client = client
        self._epochs: dict[int, int] = {}

    async def claim(self) -> None:
        lease = await self._client.event_store.AcquireLease(
            AcquireLeaseRequest(name="pod-manager-1", metadata={"service": "pod-manager"}, ttl_seconds=600)
        )
        claimed = await self._client.event_store.ClaimShards(
            ClaimShardsRequest(
                service="pod-manager",
                shards=range(SHARDS),
                owner="pod-manager-1",
                owner_epoch=lease.lease.epoch,
            )
        )
        self._epochs = {shard.shard: shard.epoch for shard in claimed.shards}

    async def write(self, pod_id: str, *facts: Message, project_id: str = "p") -> None:
        """Append facts, in one append."""
        metadata = {
            "project_id": project_id,
            "time": str(time.time_ns() // 1000),
            "actor": "service:pod-manager",
        }
        events = [
            NewEvent(type=fact.DESCRIPTOR.full_name, data=fact.SerializeToString(), metadata=metadata) for fact in facts
        ]
        shard = shard_of(pod_id)
        fence = Fence(service="pod-manager", shard=shard, epoch=self._epochs[shard])
        await self._client.events.append([StreamAppend(stream=f"pods/{pod_id}", events=events)], fence)


def opened(title: str = "Fix the shop", number: int = 0) -> pods.PodOpened:
    repository = pod_pb2.Repository(location="/src/shop")
    return pods.PodOpened(project_id="p", title=title, number=number, request="please", repository=repository)


def phase(to: "pod_pb2.Phase") -> pods.PhaseChanged:
    return pods.PhaseChanged(to_phase=to)


def requested(agent_id: str, workstream_id: str = "ws", attempt: int = 1) -> pods.AgentRequested:
    agent = pod_pb2.Agent(
        id=agent_id,
        kind=pod_pb2.AGENT_KIND_WORKER,
        workstream_id=workstream_id,
        profile="scripted",
        attempt=attempt,
    )
    return pods.AgentRequested(agent=agent)


def ended(agent_id: str, status: "pod_pb2.AgentStatus", reason: str = "", cause: int = 0) -> pods.AgentEnded:
    return pods.AgentEnded(agent_id=agent_id, status=status, exit_reason=reason, cause=cause)  # type: ignore[arg-type]


def asked(message_id: str, content: str) -> pods.MessagePosted:
    return pods.MessagePosted(
        message=pod_pb2.Message(id=message_id, kind=pod_pb2.MESSAGE_KIND_QUESTION, content=content)
    )
