"""From an agent's request to its running process: a whole installation, scripted agents, the real clock."""

import asyncio
import subprocess
import tempfile
from pathlib import Path

from bench.events.measure import percentile
from bench.pods.commands import pod_name
from bench.pods.house import open_request
from podium.client import Podium
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from tests.support.installation import LocalInstallation

PODS = 20


def repository(folder: Path) -> Path:
    """A git repository with one commit."""
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("Sums.\n")
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("-c", "user.name=Bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "-m", "As it was"),
    ):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return folder


async def started_p95(folder: Path) -> float:
    """Seconds from the request of an agent to the report that its process runs (the report's way is in it)."""
    where = repository(folder / "repository")
    profiles = {"default": {"command": ["sh", "-c", "true"], "result": "exit"}}
    with tempfile.TemporaryDirectory() as scratch:
        installation = LocalInstallation(Path(scratch), profiles=profiles, services={"log_level": "warning"})
        async with installation, installation.client() as podium:
            taken = [await _one(podium, pod_name(number), number, where) for number in range(1, PODS + 1)]
    return percentile(sorted(taken), 0.95)


async def _one(podium: Podium, name: str, number: int, where: Path) -> float:
    request = open_request(name, number, str(where))
    request.policy.profiles.add(profile="default")
    await podium.pods.OpenPod(request)
    async with asyncio.timeout(30):
        async for item in podium.pods.WatchPod(pb.WatchPodRequest(pod_id=name, start=pb.WATCH_START_SNAPSHOT)):
            agents = item.snapshot.agents or item.change.agents
            for agent in agents:
                if agent.HasField("started_time"):
                    return _seconds(agent)
    raise RuntimeError(f"no agent of {name} started")


def _seconds(agent: pod_pb2.Agent) -> float:
    return (agent.started_time.ToNanoseconds() - agent.requested_time.ToNanoseconds()) / 1e9
