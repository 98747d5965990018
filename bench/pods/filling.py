"""A store full of pods, written as a pod-manager would have written them, but all at once."""

import asyncio
import os
from collections.abc import Iterator

from bench.pods.commands import WORDS, pod_name
from bench.pods.house import House
from podium.chassis.clock import SystemClock
from podium.chassis.engine.model import Folded
from podium.chassis.engine.records import encode_step
from podium.chassis.engine.step import run_step
from podium.client.connection import Podium
from podium.events.v1.event_pb2 import Fence, NewEvent, Shard, StreamAppend
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest, ClaimShardsRequest, ReleaseLeaseRequest
from podium.kernel.entity import Context
from podium.kernel.identity import CallerKind, Identity
from podium.kernel.ids import SHARDS, shard_of
from podium.pod_manager.adapters.codec import entity_codec, make_codec
from podium.pod_manager.domain.commands.lifecycle import OpenPod
from podium.pod_manager.domain.commands.messages import PostMessage
from podium.pod_manager.domain.domain import PodDomain
from podium.pod_manager.domain.kinds import MessageKind
from podium.pod_manager.domain.resources import Pod

TEMPLATE = pod_name(0)
DOMAIN = PodDomain()
APPENDS_AT_ONCE = 20


def template(events: int) -> list[NewEvent]:
    """The first events of one pod: opened, then talked about."""
    codec = entity_codec(make_codec())
    folded: Folded[Pod] = Folded(DOMAIN.initial(TEMPLATE))
    anna = Identity(CallerKind.PERSON, "anna")
    found: list[NewEvent] = []
    number = 0
    while len(found) < events:
        number += 1
        opened = OpenPod(project_id="bench", number=1, title="Fix", request="Fix it.", repository="/r", quick=True)
        command = PostMessage(kind=MessageKind.UPDATE, content=WORDS) if number > 1 else opened
        context = Context(SystemClock().now(), anna, f"request-{number}")
        step = run_step(DOMAIN, folded, command, context, "hash", 100)
        rows, _ = encode_step(DOMAIN, codec, TEMPLATE, step, context, "hash", "")
        folded = step.after
        for stream, record in rows:
            if stream == f"pods/{TEMPLATE}":
                found.append(NewEvent(type=record.type, data=record.data, metadata=record.metadata))
    return found


def appends(events: list[NewEvent], pods: int, shards: dict[int, Shard]) -> Iterator[tuple[StreamAppend, Fence]]:
    """The same events for each pod, under its own id (all ids are equally long)."""
    old = TEMPLATE.encode()
    for number in range(1, pods + 1):
        name = pod_name(number)
        made = []
        for event in events:
            metadata = {**event.metadata, "correlation_id": name}
            data = event.data.replace(old, name.encode()).replace(old[5:], name[5:].encode())
            made.append(
                NewEvent(
                    event_id=os.urandom(16),
                    type=event.type,
                    content_type="application/protobuf",
                    data=data,
                    metadata=metadata,
                )
            )
        shard = shard_of(name)
        fence = Fence(service="pod-manager", shard=shard, epoch=shards[shard].epoch)
        yield StreamAppend(stream=f"pods/{name}", events=made, expected_revision=0), fence


async def fill(found: House, pods: int, events: int) -> None:
    """So many pods with so many events each; no pod-manager may run meanwhile."""
    client = found.connect(CallerKind.SERVICE, "pod-manager")
    lease = (
        await client.event_store.AcquireLease(
            AcquireLeaseRequest(name="bench-filler", ttl_seconds=60, metadata={"service": "bench"})
        )
    ).lease
    claim = ClaimShardsRequest(service="pod-manager", shards=range(SHARDS), owner=lease.name, owner_epoch=lease.epoch)
    shards = {shard.shard: shard for shard in (await client.event_store.ClaimShards(claim)).shards}
    gate = asyncio.Semaphore(APPENDS_AT_ONCE)

    async def one(append: StreamAppend, fence: Fence, via: Podium) -> None:
        async with gate:
            await via.events.append([append], fence, timeout_seconds=60)

    made = template(events)
    await asyncio.gather(*(one(append, fence, client) for append, fence in appends(made, pods, shards)))
    await client.event_store.ReleaseLease(ReleaseLeaseRequest(name=lease.name, epoch=lease.epoch))
