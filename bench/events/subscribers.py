"""Subscribers in a process of their own: how long after its commit began each event came to each of them.

`python -m bench.events.subscribers DATA_DIR TOKEN COUNT`: prints `ready`, and when its input ends one JSON object. The
times are the store's `recorded_time` (taken before the sync, so that is in them) against this machine's clock. While it
listens it only notes when which positions came: what it does more than a subscriber must is taken from the store, which
has the same two processors.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.events.measure import percentile
from bench.events.serving import Served
from podium.client.connection import Podium
from podium.client.installation import Installation
from podium.events.v1.event_pb2 import Event


@dataclass
class Told:
    """What the subscribers say at the end (seconds)."""

    count: int = 0
    messages: int = 0
    p50: float = 0.0
    p99: float = 0.0


@asynccontextmanager
async def subscribed(served: Served, count: int) -> AsyncIterator[Told]:
    """Subscribers for the time of the block; the result is filled in at its end."""
    told = Told()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.events.subscribers"),
        *(str(served.settings.data_dir), served.podium._caller.token, str(count)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield told
        await asyncio.sleep(0.5)
        process.stdin.close()
        told.__dict__.update(json.loads(await process.stdout.readline()))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


class Notes:
    """When which events came to anybody, and when each was recorded (seconds since the epoch)."""

    def __init__(self) -> None:
        self._recorded: dict[int, float] = {}
        self._newest = 0
        self.messages: list[tuple[float, int, int]] = []

    def take(self, events: Sequence[Event]) -> None:
        """A message has come, with these."""
        now = time.time()
        first, last = events[0].position, events[-1].position
        self.messages.append((now, first, last))
        if last > self._newest:
            self._newest = last
            for event in events:
                stamp = event.recorded_time
                self._recorded[event.position] = stamp.seconds + stamp.nanos / 1e9

    def seconds(self) -> list[float]:
        """How long each event took to each subscriber, in order of length."""
        recorded = self._recorded
        return sorted(
            came - recorded[position]
            for came, first, last in self.messages
            for position in range(first, last + 1)
            if position in recorded
        )


async def _subscribe(podium: Podium, notes: Notes, ready: asyncio.Semaphore) -> None:
    async for item in podium.events.subscribe(prefixes=["bench/", "paced/", "lone/"]):
        if events := item.batch.events:
            notes.take(events)
        elif item.HasField("caught_up"):
            ready.release()


async def main() -> None:
    """Subscribe, say so, listen until the input ends, tell."""
    folder, token, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    notes = Notes()
    ready = asyncio.Semaphore(0)
    async with Podium.connect(installation=Installation(Path(folder)), token=token) as podium:
        tasks = [asyncio.ensure_future(_subscribe(podium, notes, ready)) for _ in range(count)]
        for _ in range(count):
            await ready.acquire()
        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        for task in tasks:
            task.cancel()
    taken = notes.seconds()
    told = {
        "count": len(taken),
        "messages": len(notes.messages),
        "p50": percentile(taken, 0.5),
        "p99": percentile(taken, 0.99),
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    # The pauses of this process' own collector are not the store's.
    gc.disable()
    # The services subscribe on uvloop.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
