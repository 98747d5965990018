"""What a restart takes, what idle pods hold, what time travel costs."""

import asyncio
import time
from pathlib import Path

from bench.events.measure import memory_mb, percentile
from bench.pods.commands import open_pods, pod_name, posting
from bench.pods.filling import fill
from bench.pods.house import MANAGER, House, house
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb

UNFINISHED, EVENTS_EACH = 1000, 100
IDLE, IDLE_EVENTS = 10_000, 8
LONG = 10_000
ASKED_AT_ONCE = 64
LOOKS = 60


async def _all_served(found: House, pods: int) -> None:
    client = found.connect()
    gate = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(name: str) -> None:
        async with gate:
            await client.pods.EvaluateNow(pb.EvaluateNowRequest(pod_id=name), timeout=60)

    await asyncio.gather(*(ask(pod_name(number)) for number in range(1, pods + 1)))


async def restart_seconds(folder: Path) -> tuple[float, float]:
    """(from the start of the process until each of 1,000 unfinished pods has answered; the same of an empty one)."""
    async with house(folder / "empty", manager=None) as found:
        begin = time.perf_counter()
        await found.start_manager()
        bare = time.perf_counter() - begin
    async with house(folder / "full", manager=None) as found:
        await fill(found, UNFINISHED, EVENTS_EACH)
        begin = time.perf_counter()
        await found.start_manager(MANAGER)
        await _all_served(found, UNFINISHED)
        return time.perf_counter() - begin, bare


async def idle_mb(folder: Path) -> float:
    """What a manager of 10,000 idle pods holds."""
    async with house(folder, manager=None) as found:
        await fill(found, IDLE, IDLE_EVENTS)
        process = await found.start_manager()
        await _all_served(found, IDLE)
        return memory_mb(process.pid)


async def travel_p95(folder: Path) -> float:
    """Seconds of GetPod at some revision of a pod of 10,000 events; a tenth of them are messages."""
    async with house(folder) as found:
        client = found.connect()
        (name,) = await open_pods(client, 1)
        post = posting(client, name)
        gate = asyncio.Semaphore(ASKED_AT_ONCE)

        async def one(number: int) -> None:
            async with gate:
                if number % 10 == 0:
                    await post()
                    return
                rules = pod_pb2.Policy(max_attempts=3 + number % 2)
                request = pb.UpdatePolicyRequest(pod_id=name, policy=rules)
                request.update_mask.paths.append("max_attempts")
                await client.pods.UpdatePolicy(request)

        revision = 0
        while revision < LONG:
            await asyncio.gather(*(one(number) for number in range(1000)))
            revision = (await client.pods.EvaluateNow(pb.EvaluateNowRequest(pod_id=name))).revision
        taken = []
        for number in range(LOOKS):
            begin = time.perf_counter()
            at = 1 + number * (LONG - 1) // LOOKS
            await client.pods.GetPod(pb.GetPodRequest(pod_id=name, at_revision=at))
            taken.append(time.perf_counter() - begin)
        return percentile(sorted(taken), 0.95)
