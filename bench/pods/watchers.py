"""Watchers of one pod in a process of their own: how many changes came, and how long after they were decided.

`python -m bench.pods.watchers ADDRESS TOKEN POD COUNT`: prints `ready`, and when its input ends one JSON object. Only
the first watcher of each process decodes its changes: what counts here is what the server sends. A change's time is
when it was decided, so the latency holds the commit too.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from bench.events.measure import percentile
from bench.pods.house import House
from podium.client.options import CHANNEL_OPTIONS
from podium.pods.v1 import pod_service_pb2 as pb

WATCHERS_A_CHANNEL = 100
METHOD = "/podium.pods.v1.PodService/WatchPod"


@dataclass
class Told:
    """What the watchers say at the end."""

    messages: int = 0
    bytes: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


@asynccontextmanager
async def watched(found: House, pod_id: str, count: int) -> AsyncIterator[Told]:
    """Watchers for the time of the block; the result is filled in at its end."""
    told = Told()
    address = found.settings.installation.address("pod-manager")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.pods.watchers", address, found.token(), pod_id, str(count)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 << 20,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield told
        process.stdin.close()
        told.__dict__.update(json.loads(await process.stdout.readline()))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


class Counter:
    """What came to all watchers of this process."""

    def __init__(self) -> None:
        self.told = Told()
        self.begin = 0.0

    def take(self, data: bytes) -> None:
        """A message."""
        now = time.time()
        told = self.told
        if not told.messages:
            self.begin = now
        told.messages += 1
        told.bytes += len(data)
        told.seconds = now - self.begin
        change = pb.WatchPodResponse.FromString(data).change if told.messages % 10 == 0 else None
        for event in change.events if change is not None else ():
            told.latencies.append(now - event.time.seconds - event.time.nanos / 1e9)


async def _watch(call: Any, counter: Counter, ready: asyncio.Semaphore) -> None:
    first = True
    async for data in call:
        if first:
            first = False
            ready.release()
        else:
            counter.take(data)


async def main() -> None:
    """Watch, say so, listen until the input ends, tell."""
    address, token, pod_id, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    metadata = (("authorization", f"Bearer {token}"),)
    counter, ready = Counter(), asyncio.Semaphore(0)
    channels = []
    tasks = []
    for number in range(count):
        if number % WATCHERS_A_CHANNEL == 0:
            # gRPC shares connections of equal options; these are to be as many as there are clients.
            options = [*CHANNEL_OPTIONS, ("bench.channel", number)]
            channels.append(grpc.aio.insecure_channel(address, options=options))
        method: Any = channels[-1].unary_stream(METHOD, request_serializer=pb.WatchPodRequest.SerializeToString)
        call: Any = method(pb.WatchPodRequest(pod_id=pod_id), metadata=metadata)
        tasks.append(asyncio.ensure_future(_watch(call, counter, ready)))
    for _ in range(count):
        await ready.acquire()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()
    counter.told.latencies.sort()
    print(json.dumps(counter.told.__dict__), flush=True)
    for channel in channels:
        await channel.close()


def p99(told: Told) -> float:
    """Seconds."""
    return percentile(told.latencies, 0.99)


if __name__ == "__main__":
    asyncio.run(main())
