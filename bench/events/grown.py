"""What a million events change: the start after a kill, and the time of an append."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path

from bench.events import bare, ours
from bench.events.serving import connected, launch, serving
from podium.chassis.settings import ServiceSettings
from podium.client.installation import Installation

SMALL, LARGE = 10_000, 1_000_000
TURNS = 3


async def measure(folder: Path, note: Callable[[str, float | None], None]) -> None:
    """Append p50 on a small and a large store in turn, then kill the large one and wait for the next to serve."""
    for name, events in (("small", SMALL), ("large", LARGE)):
        place = Installation(folder / name)
        place.ensure()
        await asyncio.to_thread(bare.grow, place.store_path, events)
    async with serving(folder / "small") as small, serving(folder / "large") as large:
        for _ in range(TURNS):
            note("append p50, 10 k", await ours.lone_p50(small.podium, 800))
            note("append p50, 1 M", await ours.lone_p50(large.podium, 800))
    for _ in range(TURNS):
        note("restart", await _restart(folder / "large"))


async def _restart(folder: Path) -> float:
    """Seconds from the start of a process, after the one before was killed in mid-load, until it serves."""
    settings = ServiceSettings(service="event-store", data_dir=folder)
    process = await launch(folder)
    podium = await connected(settings)
    load = asyncio.ensure_future(ours.shared_stream(podium))
    await asyncio.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    load.cancel()
    await asyncio.gather(load, return_exceptions=True)
    await podium.close()
    begin = time.perf_counter()
    process = await launch(folder)
    podium = await connected(settings)
    seconds = time.perf_counter() - begin
    await podium.close()
    process.terminate()
    await process.wait()
    return seconds
