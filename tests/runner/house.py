"""A runner in a house: a real event store and a real runner in this process, pods from a fake."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podium.chassis.server import Registration, Shell, running
from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.event_store.__main__ import start as start_event_store
from podium.jobs.v1.job_events_pb2 import JobIssued
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.pods.v1 import pod_pb2 as pods
from podium.pods.v1.pod_service_pb2_grpc import add_PodServiceServicer_to_server
from podium.runner.settings import RunnerSettings, parse
from podium.runner.wiring import build
from tests.fakes.pods import FakePods
from tests.runner.repo import Repo

POD = "task_0123456789abcdef"
PREFIX = "podium/89abcdef-title"
KINDS = {
    "spec_writer": pods.AGENT_KIND_SPEC_WRITER,
    "planner": pods.AGENT_KIND_PLANNER,
    "worker": pods.AGENT_KIND_WORKER,
    "reviewer": pods.AGENT_KIND_REVIEWER,
    "resolver": pods.AGENT_KIND_RESOLVER,
}


@dataclass
class House:
    data_dir: Path
    repo: Repo
    stack: AsyncExitStack
    runner: AsyncExitStack = field(default_factory=AsyncExitStack)
    pods: FakePods = field(init=False)
    client: Podium = field(init=False)
    _jobs: int = 0

    def settings(self, service: str) -> ServiceSettings:
        return ServiceSettings(
            service=service, data_dir=self.data_dir, shutdown_grace_seconds=3.0, lease_renew_seconds=0.1
        )

    def connect(self, identity: Identity) -> Podium:
        key = self.settings("runner").key_file.read_bytes().strip()
        client = Podium.connect(installation=self.settings("runner").installation, token=issue_token(key, identity))
        self.stack.push_async_callback(client.close)
        return client

    async def serve(self) -> None:
        await self.stack.enter_async_context(running(self.settings("event-store"), start_event_store))
        self.client = self.connect(Identity(CallerKind.SERVICE, "pod-manager"))

        async def start(shell: Shell) -> Sequence[Registration]:
            self.pods = FakePods(shell.key, self.client)
            return [Registration(add_PodServiceServicer_to_server, self.pods, "podium.pods.v1.PodService")]

        await self.stack.enter_async_context(running(self.settings("pod-manager"), start))
        self.pods.pods[POD] = pods.Pod(pod_id=POD, title="Title", request="Do it")

    async def start_runner(self, profiles: dict[str, Any], **more: Any) -> None:
        settings = make_settings(profiles, **more)

        async def start(shell: Shell) -> Sequence[Registration]:
            return await build(shell, settings)

        self.runner = AsyncExitStack()
        await self.runner.enter_async_context(running(self.settings("runner"), start))
        self.stack.push_async_callback(self.runner.aclose)

    async def stop_runner(self) -> None:
        await self.runner.aclose()

    def job(self, kind: "pods.JobKind.ValueType", **order: Any) -> JobIssued:
        self._jobs += 1
        job = JobIssued(job_id=f"job_{self._jobs}", pod_id=POD, kind=kind, priority=2, **order)
        job.workspace.repository = str(self.repo.path)
        job.workspace.base_branch = "main"
        job.workspace.branch_prefix = PREFIX
        return job

    async def launch(
        self, agent_id: str, kind: str = "worker", workstream: str = "ws", attempt: int = 1, **more: Any
    ) -> JobIssued:
        """Ask for an agent of the profile `it`."""
        job = self.job(pods.JOB_KIND_LAUNCH)
        has_branch = kind in ("worker", "resolver")
        job.launch.agent_id = agent_id
        job.launch.kind = KINDS[kind]
        job.launch.profile = more.pop("profile", "it")
        job.launch.attempt = attempt
        if has_branch:
            job.launch.workstream_id = workstream
        for name, value in more.items():
            setattr(job.launch, name, value)
        await self.pods.issue(job)
        return job

    async def order(self, kind: "pods.JobKind.ValueType", **order: Any) -> JobIssued:
        """Ask the home runner for something."""
        job = self.job(kind, **order)
        await self.pods.issue(job, "jobs/runner-1")
        return job

    async def transcript(self, agent_id: str) -> bytes:
        """What was kept of an agent's output."""
        from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk

        data = b""
        async for batch in self.client.events.read_stream(f"transcripts/{agent_id}"):
            data += b"".join(TranscriptChunk.FromString(e.data).data for e in batch)
        return data

    async def shown(self, agent_id: str, text: bytes) -> bytes:
        """The transcript, once it holds a text."""
        async with asyncio.timeout(20):
            while text not in (data := await self.transcript(agent_id)):
                await asyncio.sleep(0.02)
        return data


def make_settings(profiles: dict[str, Any], **more: Any) -> RunnerSettings:
    runner = {"grace_seconds": 1.0, **more}
    return parse(runner, profiles).model_copy(
        update={"profiles": {k: v for k, v in parse(runner, profiles).profiles.items() if k in profiles}}
    )


@asynccontextmanager
async def house(tmp_path: Path, repo: Repo) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        made = House(tmp_path / "data", repo, stack)
        await made.serve()
        yield made
