"""Processes of ours for the time of a measurement: an event store, and a pod-manager on it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.pods.v1 import pod_service_pb2 as pb

STORE, MANAGER, EMPTY = "podium.event_store", "podium.pod_manager", "bench.pods.empty"
READY_SECONDS = 120.0


@dataclass
class House:
    """A data directory and the processes that serve it."""

    folder: Path
    stack: AsyncExitStack
    manager: asyncio.subprocess.Process | None = None

    @property
    def settings(self) -> ServiceSettings:
        """Where things are."""
        return ServiceSettings(service="pod-manager", data_dir=self.folder)

    def token(self, kind: CallerKind = CallerKind.PERSON, name: str = "anna") -> str:
        """Of a caller."""
        return issue_token(self.settings.key_file.read_bytes().strip(), Identity(kind, name))

    def connect(self, kind: CallerKind = CallerKind.PERSON, name: str = "anna") -> Podium:
        """A connection; closed with the house."""
        client = Podium.connect(installation=self.settings.installation, token=self.token(kind, name))
        self.stack.push_async_callback(client.close)
        return client

    async def start(self, module: str, service: str) -> asyncio.subprocess.Process:
        """Start a process and wait until it serves."""
        arguments = ("-m", module, "--data-dir", str(self.folder), "--log-level", "warning")
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        self.stack.push_async_callback(stop, process)
        async with asyncio.timeout(READY_SECONDS):
            while not self.settings.key_file.exists():
                await asyncio.sleep(0.01)
            client = self.connect()
            while not await client.serving(service):
                await asyncio.sleep(0.01)
        return process

    async def start_manager(self, module: str = MANAGER) -> asyncio.subprocess.Process:
        """The pod-manager, or what stands in for it."""
        self.manager = await self.start(module, "pod-manager")
        return self.manager


async def stop(process: asyncio.subprocess.Process) -> None:
    """An orderly end."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        await process.wait()


@asynccontextmanager
async def house(folder: Path, manager: str | None = MANAGER) -> AsyncIterator[House]:
    """From the start to the orderly end; `manager` None: only the store."""
    folder.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        found = House(folder, stack)
        await found.start(STORE, "event-store")
        if manager is not None:
            await found.start_manager(manager)
        yield found


def open_request(pod_id: str, number: int = 1, repository: str = "/repo") -> pb.OpenPodRequest:
    """A QUICK pod: its agent waits for a runner at once."""
    return pb.OpenPodRequest(
        pod_id=pod_id,
        project_id="bench",
        number=number,
        title="Fix the sums",
        request="Please fix the sums.",
        repository=repository,
        base_branch="main",
        quick=True,
    )
