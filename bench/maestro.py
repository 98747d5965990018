"""Maestro and its clients: mutations, a cache's full sync, and the way of a change to 100 watching clients.

`make bench-maestro`: a fresh installation, real processes, less than a minute. The watching clients live in processes
of their own, each on a connection of its own; times are CLOCK_MONOTONIC, which all processes of a machine share.
"""

import asyncio
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from bench import large
from bench.report import Row, median, report
from bench.start import podium as command_line
from podium.client import MaestroCache, Podium
from podium.client import connection as podium_connection
from podium.client.installation import Installation
from podium.tasks.v1 import maestro_service_pb2 as pb

SECONDS = 4.0
IN_FLIGHT = 64
TASKS = 10_000
SYNCS = 5
WATCHERS = 100
WORKERS = 2
UPDATES = 150
PAUSE_SECONDS = 0.06
BURSTS = 6
BURST = 20
WINDOW_SECONDS = 0.5
"""Within which the last value of a burst must be everywhere."""


async def mutations(podium: Podium, in_flight: int) -> float:
    """Updates a second, each answered after it is durable."""
    end, done = time.monotonic() + SECONDS, 0

    async def one(number: int) -> None:
        nonlocal done
        while time.monotonic() < end:
            await podium.maestro.UpdateTask(_rename(f"t{number}", str(done)))
            done += 1

    begin = time.monotonic()
    await asyncio.gather(*map(one, range(in_flight)))
    return done / (time.monotonic() - begin)


async def fill(podium: Podium) -> None:
    """Tasks up to TASKS."""
    numbers = iter(range(IN_FLIGHT, TASKS))

    async def some() -> None:
        for number in numbers:
            await podium.maestro.CreateTask(_create(f"t{number}"))

    await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))


async def full_sync(podium: Podium) -> float:
    """Seconds until a fresh cache shows every task."""
    async with MaestroCache(podium) as cache:
        begin = time.monotonic()
        shown = await cache.project("p").load_tasks()
        seconds = time.monotonic() - begin
    assert len(shown) == TASKS, len(shown)
    return seconds


async def watch(data_dir: str, count: int) -> None:
    """A worker: so many watches; prints when all are ready, and at the end what each saw when."""
    options = (*podium_connection.CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1))
    podium_connection.CHANNEL_OPTIONS = options  # connections of a process share nothing
    ready, everybody = 0, asyncio.Event()

    async def one() -> dict[str, float]:
        nonlocal ready
        seen: dict[str, float] = {}
        installation = Installation(Path(data_dir))
        async with Podium.connect(installation=installation) as podium, aclosing(podium.watch_project("p")) as items:
            async for item in items:
                now = time.monotonic()
                if item.WhichOneof("item") == "bookmark":
                    ready += 1
                    if ready == count:
                        everybody.set()
                    continue
                for task in item.change.tasks:
                    seen[task.title] = now
                    if task.title == "end":
                        return seen
        raise AssertionError("a watch ended")

    async def tell() -> None:
        await everybody.wait()
        print("ready", flush=True)

    *found, _ = await asyncio.gather(*(one() for _ in range(count)), tell())
    print(json.dumps(found), flush=True)


async def fan_out(podium: Podium, data_dir: Path) -> tuple[list[float], int, int]:
    """(seconds from each call to each watcher, last values of bursts that came in time, all of these)."""
    command = (sys.executable, "-m", "bench.maestro", str(data_dir), str(WATCHERS // WORKERS))
    workers = [
        await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, limit=64 << 20)
        for _ in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None and await worker.stdout.readline() == b"ready\n"
    sent: dict[str, float] = {}

    async def update(title: str) -> None:
        sent[title] = time.monotonic()
        await podium.maestro.UpdateTask(_rename("t0", title))

    for number in range(UPDATES):
        await update(f"paced {number}")
        await asyncio.sleep(PAUSE_SECONDS)
    for burst in range(BURSTS):
        for number in range(BURST):
            await update(f"burst {burst}.{number}")
        await asyncio.sleep(WINDOW_SECONDS)
    await update("end")
    seen: list[dict[str, float]] = []
    for worker in workers:
        assert worker.stdout is not None
        seen += json.loads(await worker.stdout.readline())
        await worker.wait()
    paced = [f"paced {number}" for number in range(UPDATES)]
    last = [f"burst {burst}.{BURST - 1}" for burst in range(BURSTS)]
    latencies = [each[title] - sent[title] for each in seen for title in paced if title in each]
    in_time = sum(each.get(title, math.inf) - sent[title] <= WINDOW_SECONDS for each in seen for title in last)
    return latencies, in_time, len(seen) * len(last)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def measure(data_dir: Path) -> list[Row]:
    async with Podium.connect(installation=Installation(data_dir)) as podium:
        await podium.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/p"))
        await asyncio.gather(*(podium.maestro.CreateTask(_create(f"t{i}")) for i in range(IN_FLIGHT)))
        one, many = await mutations(podium, 1), await mutations(podium, IN_FLIGHT)
        latencies, in_time, wanted = await fan_out(podium, data_dir)
        await fill(podium)
        sync = median([await full_sync(podium) for _ in range(SYNCS)])
    p50, p99 = (percentile(latencies, share) * 1000 for share in (0.5, 0.99))
    to_all, all_in = f"update to {WATCHERS} watching clients", in_time == wanted
    return [
        Row("mutations, one in flight", one, "1/s"),
        Row(f"mutations, {IN_FLIGHT} in flight", many, "1/s"),
        Row(f"full cache sync of {TASKS:,} tasks", sync, "s", target="<= 1", met=sync <= 1),
        Row(f"{to_all}, p50", p50, "ms"),
        Row(f"{to_all}, p99", p99, "ms", target="<= 20", met=p99 <= 20),
        Row("last values of bursts in 500 ms", in_time, f"of {wanted}", target="all", met=all_in),
    ]


def main() -> None:
    """One installation; with arguments a worker of it."""
    if len(sys.argv) == 3:
        asyncio.run(watch(sys.argv[1], int(sys.argv[2])))
        return
    with tempfile.TemporaryDirectory(prefix="podium-bench-") as folder:
        data_dir = Path(folder) / "data"
        os.environ.pop("PODIUM_DATA_DIR", None)
        command_line(data_dir, "up")
        try:
            rows = asyncio.run(measure(data_dir))
        finally:
            command_line(data_dir, "down")
        rows += asyncio.run(large.measure(Path(folder) / "large"))
    report(rows)


def _create(task_id: str) -> pb.CreateTaskRequest:
    text = "What to do. " * 8
    return pb.CreateTaskRequest(project_id="p", task_id=task_id, title=f"Task {task_id}", description=text)


def _rename(task_id: str, title: str) -> pb.UpdateTaskRequest:
    request = pb.UpdateTaskRequest(project_id="p", task_id=task_id, title=title)
    request.update_mask.paths.append("title")
    return request


if __name__ == "__main__":
    main()
