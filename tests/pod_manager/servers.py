"""Real servers in this process: an event store and the pod-manager on it, and callers of every kind."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from podium.chassis.server import Start, running
from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.event_store.__main__ import start as start_event_store
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest, ReleaseLeaseRequest
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.pod_manager.adapters.wiring import build as start_pod_manager
from podium.pods.v1 import pod_service_pb2 as pb


@dataclass
class Servers:
    """A data directory with its servers; the pod-manager can be stopped and started again."""

    data_dir: Path
    stack: AsyncExitStack
    manager: AsyncExitStack = field(default_factory=AsyncExitStack)

    def settings(self, service: str) -> ServiceSettings:
        return ServiceSettings(service=service, data_dir=self.data_dir, shutdown_grace_seconds=0.5)

    async def start(self, service: str, start: Start) -> AsyncExitStack:
        """Start a server; close what is returned to stop it."""
        stack = await self.stack.enter_async_context(AsyncExitStack())
        await stack.enter_async_context(running(self.settings(service), start))
        return stack

    async def start_manager(self) -> None:
        self.manager = await self.start("pod-manager", start_pod_manager)

    async def stop_manager(self) -> None:
        await self.manager.aclose()

    def connect(self, kind: CallerKind = CallerKind.PERSON, name: str = "anna", pod_id: str = "") -> Podium:
        """A connection under an identity, closed with the servers."""
        return self.connect_with(self.token(kind, name, pod_id))

    def token(self, kind: CallerKind = CallerKind.PERSON, name: str = "anna", pod_id: str = "") -> str:
        """Of an identity."""
        key = self.settings("pod-manager").key_file.read_bytes().strip()
        return issue_token(key, Identity(kind, name, pod_id))

    def connect_with(self, token: str) -> Podium:
        """A connection with a token, closed with the servers."""
        client = Podium.connect(installation=self.settings("pod-manager").installation, token=token)
        self.stack.push_async_callback(client.close)
        return client

    async def runner(self, name: str = "runner-1") -> tuple[Podium, int]:
        """A runner's connection and the epoch of the lease that it takes."""
        client = self.connect(CallerKind.RUNNER, name)
        request = AcquireLeaseRequest(name=name, address="", ttl_seconds=60, metadata={"service": "runner"})
        return client, (await client.event_store.AcquireLease(request)).lease.epoch

    async def release(self, name: str, epoch: int) -> None:
        """The runner gives its lease up."""
        client = self.connect(CallerKind.RUNNER, name)
        await client.event_store.ReleaseLease(ReleaseLeaseRequest(name=name, epoch=epoch))


@asynccontextmanager
async def servers(data_dir: Path) -> AsyncIterator[Servers]:
    """Event store and pod-manager, running."""
    async with AsyncExitStack() as stack:
        found = Servers(data_dir, stack)
        await found.start("event-store", start_event_store)
        await found.start_manager()
        yield found


def open_request(pod_id: str = "task_0123456789abcdef", **values: object) -> pb.OpenPodRequest:
    """A QUICK pod."""
    given: dict[str, object] = {
        "pod_id": pod_id,
        "project_id": "project",
        "number": 1,
        "title": "Fix the sums",
        "request": "Please fix the sums.",
        "repository": "/repo",
        "base_branch": "main",
        "quick": True,
    }
    return pb.OpenPodRequest(**(given | values))  # type: ignore[arg-type]
