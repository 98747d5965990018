"""From an agent's request to its running process: a whole installation, command agents, the real clock.

The process itself notes when it began; the request's time is that of its event. In between: the commit of the pod's
facts and of the job with them, the runner's claim, the worktree, the journal, the start.
"""

import asyncio
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.report import Row
from bench.runner.terminals import percentile
from bench.start import cpu_seconds
from podium.client import Podium
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from tests.support.installation import LocalInstallation

LAUNCHES = 40
AT_ONCE = 4
TARGET_MS = 150.0
PROFILE = "bench"


def profile(folder: Path) -> dict[str, object]:
    """A command that notes its start under its agent's id, and ends."""
    return {"command": ["sh", "-c", f"date +%s%N > '{folder}'/$PODIUM_AGENT_ID"], "result": "exit"}


def repository(folder: Path, files: int = 20) -> Path:
    """A git repository with some files and one commit."""
    folder.mkdir(parents=True)
    for number in range(files):
        (folder / f"file{number}.txt").write_text(f"{number}\n" * 50)
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("-c", "user.name=Bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "-m", "As it was"),
    ):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return folder


@dataclass(frozen=True)
class Started:
    """Milliseconds from requests to processes, and the runner's processor time for each (its children's too)."""

    delays_ms: list[float]
    processor_ms: float


async def measure(installation: LocalInstallation, folder: Path, where: Path, at_once: int) -> Started:
    """`LAUNCHES` agents, `at_once` of them at a time."""
    pid = int(installation.service("runner")["pid"])
    before = cpu_seconds(pid)
    delays: list[float] = []
    async with installation.client() as podium:
        for first in range(0, LAUNCHES, at_once):
            names = [f"task_{at_once * LAUNCHES + number:016x}" for number in range(first, first + at_once)]
            delays += await asyncio.gather(*(_one(podium, name, folder, where) for name in names))
    return Started(delays, (cpu_seconds(pid) - before) / len(delays) * 1e3)


async def _one(podium: Podium, name: str, folder: Path, where: Path) -> float:
    """Opens a pod whose agent is wanted at once; waits until that has ended, so that launches do not pile up."""
    request = pb.OpenPodRequest(
        pod_id=name,
        project_id="bench",
        number=1,
        title="Fix the sums",
        request="Please fix the sums.",
        repository=str(where),
        base_branch="main",
        quick=True,
    )
    request.policy.profiles.add(profile=PROFILE)
    request.policy.max_attempts = 1
    await podium.pods.OpenPod(request)
    async with asyncio.timeout(60):
        async for item in podium.pods.WatchPod(pb.WatchPodRequest(pod_id=name, start=pb.WATCH_START_SNAPSHOT)):
            agents: Sequence[pod_pb2.Agent] = item.snapshot.agents or item.change.agents
            for agent in agents:
                if agent.HasField("ended_time"):
                    began = int((folder / agent.id).read_text())
                    return (began - agent.requested_time.ToNanoseconds()) / 1e6
    raise RuntimeError(f"the agent of {name} never ended")


async def rows(installation: LocalInstallation, folder: Path, where: Path) -> list[Row]:
    """The figures, of an installation whose runner has the profile."""
    lone = await measure(installation, folder, where, 1)
    many = await measure(installation, folder, where, AT_ONCE)
    found = []
    for what, started in (("one at a time", lone), (f"{AT_ONCE} at a time", many)):
        p95 = percentile(started.delays_ms, 0.95)
        found += [
            Row(f"LAUNCH → process started, {what}, p50", percentile(started.delays_ms, 0.5), "ms"),
            Row(f"LAUNCH → process started, {what}, p95", p95, "ms", target="≤ 150", met=p95 <= TARGET_MS),
            Row(f"processor time of the runner a launch, {what}", started.processor_ms, "ms"),
        ]
    return found
