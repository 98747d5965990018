"""Changes to many watchers of one pod."""

import asyncio
import time
from pathlib import Path

from bench.pods.commands import open_pods, posting
from bench.pods.house import house
from bench.pods.watchers import BARE, CLIENT, p99, watched
from bench.report import median

LATENCY_WATCHERS, LATENCY_RATE, LATENCY_SECONDS, LATENCY_ROUNDS = 100, 20, 5.0, 3
RATE_WATCHERS, SECONDS = 1000, 4.0
KILOBYTE = "All sums are right now; here is what they were. " * 8
"""With the pod's own fields a change of about 1 KB."""


async def latencies_p99(folder: Path) -> tuple[float, float]:
    """Seconds from deciding a change (so before its commit) to 100 watchers; where all are Python clients here.

    Medians of some rounds: of so few changes one or two make the p99, and so does whatever else the machine did then.
    """
    found: dict[str, list[float]] = {BARE: [], CLIENT: []}
    for number in range(LATENCY_ROUNDS):
        for kind, values in found.items():
            values.append(await _latency_p99(folder / f"{kind}-{number}", kind))
    return median(found[BARE]), median(found[CLIENT])


async def _latency_p99(folder: Path, kind: str) -> float:
    async with house(folder) as found:
        client = found.connect()
        (name,) = await open_pods(client, 1)
        post = posting(client, name)
        async with watched(found, name, LATENCY_WATCHERS, kind) as told:
            begin = time.perf_counter()
            for number in range(int(LATENCY_SECONDS * LATENCY_RATE)):
                await asyncio.sleep(max(0.0, begin + number / LATENCY_RATE - time.perf_counter()))
                await post()
            await asyncio.sleep(0.3)
        return p99(told)


async def rates(folder: Path) -> tuple[float, float, float]:
    """(changes a second to 1,000 watchers, the same where all are Python clients on these cores, bytes of each)."""
    told, size = await _rate(folder / BARE, BARE)
    return told, (await _rate(folder / CLIENT, CLIENT))[0], size


async def _rate(folder: Path, kind: str) -> tuple[float, float]:
    """(changes a second that came, bytes of each), under as many commands as it takes."""
    async with house(folder) as found:
        client = found.connect()
        (name,) = await open_pods(client, 1)
        post = posting(client, name, KILOBYTE)
        async with watched(found, name, RATE_WATCHERS, kind) as told:
            end = time.perf_counter() + SECONDS
            while time.perf_counter() < end:
                await post()
            await asyncio.sleep(0.5)
        return told.messages / max(told.seconds, 1e-9), told.bytes / max(1, told.messages)
