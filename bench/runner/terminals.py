"""Terminals: how long output takes to 20 viewers, a key to its echo, and what a flood costs.

`rows(installation)` needs services that run; alone: `python -m bench.runner.terminals`. Times are CLOCK_MONOTONIC,
which all processes of a machine share: the process in the terminal writes when it wrote.
"""

import asyncio
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from bench.report import Row, report
from bench.start import cpu_seconds
from bench.start import podium as command_line
from podium.client import Podium
from podium.client.installation import Installation
from podium.tasks.v1 import maestro_service_pb2 as pb

VIEWERS = 20
CHUNKS = 200
PAUSE_SECONDS = 0.03
KEYS = 100
FLOOD_SECONDS = 5.0
TARGET_MS = 100.0
PROJECT = "bench-terminals"

_CLOCK = f"""
import sys, time, tty
tty.setraw(0)
print("ready", flush=True)
sys.stdin.buffer.raw.read(1)
for number in range({CHUNKS}):
    print("=%d;" % time.monotonic_ns(), end="", flush=True)
    time.sleep({PAUSE_SECONDS})
"""
_ECHO = "import os, tty\ntty.setraw(0)\nos.write(1, b'ready')\nwhile data := os.read(0, 100): os.write(1, data)"
_FLOOD = ["/bin/sh", "-c", "stty raw; exec yes 0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop"]


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which that part of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)]


class Viewer:
    """A viewer on a connection of its own: when which output came."""

    def __init__(self, installation: Installation, session_id: str, *, read_only: bool = True) -> None:
        self._podium = Podium.connect(installation=installation)
        self.remote = self._podium.attach(PROJECT, session_id, read_only=read_only)
        self.delays_ms: list[float] = []
        self.received = 0
        self.tail = b""
        self.changed = asyncio.Event()

    async def follow(self) -> None:
        """Until the terminal's end."""
        rest = b""
        async with self._podium, aclosing(aiter(self.remote)) as items:
            async for item in items:
                now = time.monotonic_ns()
                if item.HasField("output"):
                    output = item.output
                    self.received += len(output.data) + output.gap_bytes
                    self.tail = (self.tail + output.data)[-4096:]
                    *whole, rest = (rest + output.data)[-65536:].split(b";")
                    for part in whole:
                        stamp = part.rpartition(b"=")[2]
                        if stamp.isdigit():
                            self.delays_ms.append((now - int(stamp)) / 1e6)
                self.changed.set()

    async def sees(self, text: bytes) -> None:
        """Returns when the text is the last that came."""
        async with asyncio.timeout(60):
            while not self.tail.endswith(text):
                self.changed.clear()
                await self.changed.wait()


async def spawn(podium: Podium, command: Sequence[str]) -> str:
    """A session that runs a command; its id."""
    request = pb.SpawnSessionRequest(project_id=PROJECT, command=command)
    return (await podium.maestro.SpawnSession(request)).session.id


async def to_many(podium: Podium, installation: Installation) -> list[float]:
    """Milliseconds from each write to each of the viewers."""
    session_id = await spawn(podium, [sys.executable, "-c", _CLOCK])
    viewers = [Viewer(installation, session_id, read_only=bool(index)) for index in range(VIEWERS)]
    following = [asyncio.ensure_future(viewer.follow()) for viewer in viewers]
    await asyncio.gather(*(viewer.sees(b"ready\n") for viewer in viewers))
    await viewers[0].remote.write(b"!")
    async with asyncio.timeout(120):
        await asyncio.gather(*following)
    return [delay for viewer in viewers for delay in viewer.delays_ms]


async def keys(viewer: Viewer) -> list[float]:
    """Milliseconds from typing a key to seeing it."""
    found = []
    for number in range(KEYS):
        key = b"abcdefghijklmnopqrstuvwxyz"[number % 26 : number % 26 + 1]
        begin = time.monotonic()
        await viewer.remote.write(key)
        await viewer.sees(key)
        found.append((time.monotonic() - begin) * 1000)
    return found


async def beside_a_flood(
    podium: Podium, installation: Installation, pids: dict[str, int]
) -> tuple[list[float], list[float], float, float]:
    """Keys on a quiet machine, keys beside a watched flood; the flood's MB/s, and the cores that all services took."""
    quiet = Viewer(installation, await spawn(podium, [sys.executable, "-c", _ECHO]), read_only=False)
    async with AsyncExitStack() as stack:
        following = [asyncio.ensure_future(quiet.follow())]
        stack.callback(lambda: [each.cancel() for each in following])
        await quiet.sees(b"ready")
        alone = await keys(quiet)
        flood = Viewer(installation, await spawn(podium, _FLOOD))
        following.append(asyncio.ensure_future(flood.follow()))
        await flood.changed.wait()
        before, received, clock = sum(map(cpu_seconds, pids.values())), flood.received, time.monotonic()
        beside = await keys(quiet)
        await asyncio.sleep(max(0.0, FLOOD_SECONDS - (time.monotonic() - clock)))
        seconds = time.monotonic() - clock
        cores = (sum(map(cpu_seconds, pids.values())) - before) / seconds
        return alone, beside, (flood.received - received) / seconds / 1e6, cores


async def rows(installation: Installation) -> list[Row]:
    """The figures, of services that run. Closes what it began."""
    state = json.loads((installation.run_dir / "supervisor.json").read_text())
    pids = {each["name"]: int(each["pid"]) for each in state["services"] if each["pid"]}
    with tempfile.TemporaryDirectory(prefix="podium-bench-") as folder:
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        async with Podium.connect(installation=installation) as podium:
            await podium.maestro.CreateProject(pb.CreateProjectRequest(project_id=PROJECT, repository=folder))
            delays = await to_many(podium, installation)
            alone, beside, rate, cores = await beside_a_flood(podium, installation, pids)
            page = await podium.maestro.ListSessions(pb.ListSessionsRequest(project_id=PROJECT))
            for session in page.sessions:
                request = pb.CloseSessionRequest(project_id=PROJECT, session_id=session.id)
                await podium.maestro.CloseSession(request)
    p95 = percentile(delays, 0.95)
    whole = len(delays) == CHUNKS * VIEWERS
    return [
        Row(f"output → {VIEWERS} viewers, p50", percentile(delays, 0.5), "ms"),
        Row(f"output → {VIEWERS} viewers, p95", p95, "ms", target="≤ 100", met=whole and p95 <= TARGET_MS),
        Row("key → its echo, p95", percentile(alone, 0.95), "ms"),
        Row("key → its echo beside a flood, p95", percentile(beside, 0.95), "ms"),
        Row("that flood, watched", rate, "MB/s"),
        Row("what it takes of all services", cores, "cores"),
    ]


async def _alone() -> None:
    with tempfile.TemporaryDirectory(prefix="podium-bench-") as folder:
        data_dir = Path(folder)
        (data_dir / "podium.toml").write_text("[gateway]\nport = 0\n")
        command_line(data_dir, "up")
        try:
            report(await rows(Installation(data_dir)))
        finally:
            command_line(data_dir, "down")


if __name__ == "__main__":
    os.environ.setdefault("TERM", "dumb")
    asyncio.run(_alone())
