"""Watchers of one pod in a process of their own: how many changes came, and how long after they were decided.

`python -m bench.pods.watchers KIND ADDRESS TOKEN POD COUNT`: prints `ready`, and when its input ends one JSON object.
`client` watches through gRPC's Python client, `bare` by `frames`. Only each tenth change is decoded: what counts here
is what the server sends. A change's time is when it was decided, so the latency holds the commit too.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from bench.events.measure import percentile
from bench.pods.frames import Subscriber, call_headers
from bench.pods.house import House
from podium.client.options import CHANNEL_OPTIONS
from podium.pods.v1 import pod_service_pb2 as pb

WATCHERS_A_CHANNEL = 100
METHOD = "/podium.pods.v1.PodService/WatchPod"
CLIENT, BARE = "client", "bare"


@dataclass
class Told:
    """What the watchers say at the end."""

    messages: int = 0
    bytes: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


@asynccontextmanager
async def watched(found: House, pod_id: str, count: int, kind: str = CLIENT) -> AsyncIterator[Told]:
    """Watchers for the time of the block; the result is filled in at its end."""
    told = Told()
    address = found.settings.installation.address("pod-manager")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.pods.watchers", kind, address, found.token(), pod_id, str(count)),
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


@dataclass
class Wanted:
    """What to watch, and who says what came."""

    address: str
    token: str
    pod_id: str
    count: int
    counter: Counter
    ready: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    @property
    def request(self) -> pb.WatchPodRequest:
        """The same for all."""
        return pb.WatchPodRequest(pod_id=self.pod_id)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Who asks."""
        return (("authorization", f"Bearer {self.token}"),)


async def _watch(call: Any, wanted: Wanted) -> None:
    first = True
    async for data in call:
        if first:
            first = False
            wanted.ready.release()
        else:
            wanted.counter.take(data)


Close = Callable[[], Awaitable[object]]


async def by_client(wanted: Wanted) -> Close:
    """Through gRPC's Python client."""
    channels, tasks = [], []
    for number in range(wanted.count):
        if number % WATCHERS_A_CHANNEL == 0:
            # gRPC shares connections of equal options; these are to be as many as there are clients.
            options = [*CHANNEL_OPTIONS, ("bench.channel", number)]
            channels.append(grpc.aio.insecure_channel(wanted.address, options=options))
        method: Any = channels[-1].unary_stream(METHOD, request_serializer=pb.WatchPodRequest.SerializeToString)
        tasks.append(asyncio.ensure_future(_watch(method(wanted.request, metadata=wanted.metadata), wanted)))

    async def close() -> None:
        for task in tasks:
            task.cancel()
        for channel in channels:
            await channel.close()

    return close


async def bare(wanted: Wanted) -> Close:
    """By bare connections."""
    loop, found = asyncio.get_running_loop(), []
    headers, request = call_headers(METHOD, wanted.metadata), wanted.request.SerializeToString()

    def subscriber() -> Subscriber:
        begun: set[int] = set()

        def take(stream: int, data: bytes) -> None:
            if stream in begun:
                wanted.counter.take(data)
            else:
                begun.add(stream)
                wanted.ready.release()

        return Subscriber(take)

    for number in range(wanted.count):
        if number % WATCHERS_A_CHANNEL == 0:
            path = wanted.address.removeprefix("unix:")
            found.append((await loop.create_unix_connection(subscriber, path))[1])
        found[-1].open(headers, request)

    async def close() -> None:
        for connection in found:
            connection.close()

    return close


KINDS: Mapping[str, Callable[[Wanted], Awaitable[Close]]] = {CLIENT: by_client, BARE: bare}


async def main() -> None:
    """Watch, say so, listen until the input ends, tell."""
    kind, address, token, pod_id, count = sys.argv[1:]
    counter = Counter()
    wanted = Wanted(address, token, pod_id, int(count), counter)
    close = await KINDS[kind](wanted)
    for _ in range(wanted.count):
        await wanted.ready.acquire()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await close()
    counter.told.latencies.sort()
    print(json.dumps(counter.told.__dict__), flush=True)


def p99(told: Told) -> float:
    """Seconds."""
    return percentile(told.latencies, 0.99)


if __name__ == "__main__":
    # The pauses of this process' own collector are not the server's.
    gc.disable()
    asyncio.run(main())
