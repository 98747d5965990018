"""Closed loops, percentiles, and what the disk takes."""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 2.0
WARM_SECONDS = 0.4
EVENT_BYTES = 256


@dataclass(frozen=True)
class Load:
    """What a closed loop gave: calls a second, and how long each call took (seconds, sorted)."""

    rate: float
    latencies: Sequence[float]
    calls: int = 0
    """Of all, the warm-up's too."""

    def percentile(self, share: float) -> float:
        """Seconds."""
        return percentile(self.latencies, share)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Of values in order."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


async def closed_loop(calls: Sequence[Callable[[], Awaitable[object]]], seconds: float = SECONDS) -> Load:
    """Each of the callers calls again when it has its answer; a warm-up before is not counted."""
    latencies: list[float] = []
    made = 0
    await calls[0]()  # a process loads some things with its first call
    begin = time.perf_counter() + WARM_SECONDS
    end = begin + seconds

    async def caller(call: Callable[[], Awaitable[object]]) -> None:
        nonlocal made
        while (start := time.perf_counter()) < end:
            made += 1
            await call()
            if start >= begin:
                latencies.append(time.perf_counter() - start)

    await asyncio.gather(*map(caller, calls))
    return Load(len(latencies) / (time.perf_counter() - begin), sorted(latencies), made)


def threads_loop(calls: Sequence[Callable[[], object]], seconds: float = SECONDS) -> Load:
    """The same with a thread for each caller."""
    found: list[list[float]] = [[] for _ in calls]
    begin = time.perf_counter() + WARM_SECONDS
    end = begin + seconds

    def caller(call: Callable[[], object], latencies: list[float]) -> None:
        while (start := time.perf_counter()) < end:
            call()
            if start >= begin:
                latencies.append(time.perf_counter() - start)

    threads = [threading.Thread(target=caller, args=pair) for pair in zip(calls, found, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latencies = sorted(latency for each in found for latency in each)
    return Load(len(latencies) / (time.perf_counter() - begin), latencies)


def sync_p50_seconds(folder: Path, times: int = 1000) -> float:
    """What one fdatasync after a small write takes."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            os.write(file.fileno(), b"x" * 4096)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - start)
    return percentile(sorted(taken), 0.5)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
