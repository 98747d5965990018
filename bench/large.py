"""A project of 100,000 tasks: what a page of its tasks takes, and a restart of Maestro after a kill.

`bench/maestro.py` shows the rows. The project is written straight into the store, as Maestro would have written it.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bench.events.measure import percentile
from bench.pods.house import House, house
from bench.report import Row
from podium.chassis.clock import SystemClock
from podium.chassis.engine.model import Folded
from podium.chassis.engine.records import encode_step
from podium.chassis.engine.step import run_step
from podium.client.connection import Podium
from podium.events.v1.event_pb2 import Fence, NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest, ClaimShardsRequest, ReleaseLeaseRequest
from podium.kernel.entity import Context
from podium.kernel.identity import CallerKind, Identity
from podium.kernel.ids import SHARDS, shard_of
from podium.maestro.adapters.codec import BoardCodec, make_codec
from podium.maestro.domain.commands import CreateProject, CreateTask
from podium.maestro.domain.domain import ProjectDomain
from podium.maestro.domain.state import Board
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2

TASKS = 100_000
PROJECT = "large"
EVENTS_AN_APPEND = 1000
PAGES = 200
MAESTRO, SERVICE = "podium.maestro", "maestro"
READY_SECONDS = 120.0


def _events() -> Iterator[NewEvent]:
    """The project's stream: its creation, then its tasks."""
    domain, codec = ProjectDomain(), BoardCodec(make_codec())
    folded: Folded[Board] = Folded(domain.initial(PROJECT))
    anna, now = Identity(CallerKind.PERSON, "anna"), SystemClock().now()
    tasks = (
        CreateTask(task_id=f"t{number}", title=f"Task {number}", description="What to do. " * 8)
        for number in range(TASKS)
    )
    for number, command in enumerate(itertools.chain([CreateProject(repository="/src/large")], tasks)):
        context = Context(now, anna, f"request-{number}")
        step = run_step(domain, folded, command, context, "hash", 100)
        folded = step.after
        for _, record in encode_step(domain, codec, PROJECT, step, context, "hash", "")[0]:
            yield NewEvent(
                event_id=os.urandom(16),
                type=record.type,
                content_type="application/protobuf",
                data=record.data,
                metadata=record.metadata,
            )


async def _fill(client: Podium) -> None:
    """Under Maestro's own fence, which it takes over when it starts."""
    acquire = AcquireLeaseRequest(name="bench-filler", ttl_seconds=60, metadata={"service": "bench"})
    lease = (await client.event_store.AcquireLease(acquire)).lease
    claim = ClaimShardsRequest(service=SERVICE, shards=range(SHARDS), owner=lease.name, owner_epoch=lease.epoch)
    shards = {shard.shard: shard for shard in (await client.event_store.ClaimShards(claim)).shards}
    shard = shard_of(PROJECT)
    fence = Fence(service=SERVICE, shard=shard, epoch=shards[shard].epoch)
    events, revision = _events(), 0
    while batch := list(itertools.islice(events, EVENTS_AN_APPEND)):
        append = StreamAppend(stream=f"projects/{PROJECT}", events=batch, expected_revision=revision)
        await client.events.append([append], fence, timeout_seconds=60)
        revision += len(batch)
    await client.event_store.ReleaseLease(ReleaseLeaseRequest(name=lease.name, epoch=lease.epoch))


async def _first_answer(found: House) -> float:
    """Seconds from the start of the process to the answer of the first call."""
    begin = time.perf_counter()
    await found.start(MAESTRO, SERVICE)
    await found.connect().maestro.GetProject(pb.GetProjectRequest(project_id=PROJECT))
    return time.perf_counter() - begin


async def _snapshot_kept(client: Podium) -> None:
    """Wait until the project's state is in the store."""
    async with asyncio.timeout(READY_SECONDS):
        while await client.events.load_snapshot(f"projects/{PROJECT}") is None:
            await asyncio.sleep(0.1)


async def _pages(client: Podium) -> tuple[float, float]:
    """p95 in seconds of (pages one after another from the newest, pages filtered by a status and words)."""

    async def p95(**query: object) -> float:
        taken, token = [], ""
        for _ in range(PAGES):
            begin = time.perf_counter()
            request = pb.ListTasksRequest(project_id=PROJECT, page_token=token, **query)  # type: ignore[arg-type]
            token = (await client.maestro.ListTasks(request)).next_page_token
            taken.append(time.perf_counter() - begin)
        return percentile(sorted(taken), 0.95)

    return await p95(), await p95(text="task 7", statuses=[task_pb2.TASK_STATUS_PENDING])


async def measure(folder: Path) -> list[Row]:
    """The rows."""
    async with house(folder, manager=None) as found:
        client = found.connect(CallerKind.SERVICE, SERVICE)
        await _fill(client)
        maestro = await found.start(MAESTRO, SERVICE)
        await _snapshot_kept(client)
        page, filtered = (1000 * seconds for seconds in await _pages(found.connect()))
        maestro.kill()
        await maestro.wait()
        restart = await _first_answer(found)
    of = f"of {TASKS:,} tasks"
    return [
        Row(f"a page {of}, p95", page, "ms", target="<= 20", met=page <= 20),
        Row(f"a filtered page {of}, p95", filtered, "ms", target="<= 20", met=filtered <= 20),
        Row(f"restart after kill -9, project {of}", restart, "s", target="<= 3", met=restart <= 3),
    ]
