"""The event store and several pod-managers as processes of their own on one data directory."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.kernel.identity import CallerKind, Identity, issue_token

READY_SECONDS = 60.0
LEASE = ("--lease-ttl-seconds", "4", "--lease-renew-seconds", "0.5", "--shutdown-grace-seconds", "0.5")
"""As long as in earnest: nobody starts a process again here that lost its lease on a busy machine."""


@dataclass
class Processes:
    """Started ones by name; what still runs at the end is killed."""

    data_dir: Path
    stack: AsyncExitStack
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @property
    def settings(self) -> ServiceSettings:
        """Where things are."""
        return ServiceSettings(service="pod-manager", data_dir=self.data_dir)

    def address(self, name: str) -> str:
        """Where a process listens."""
        return f"unix:{self.data_dir}/{name}.sock"

    def token(self, kind: CallerKind = CallerKind.PERSON, name: str = "anna") -> str:
        """Of an identity."""
        return issue_token(self.settings.key_file.read_bytes().strip(), Identity(kind, name))

    def connect(self, manager: str, kind: CallerKind = CallerKind.PERSON, name: str = "anna") -> Podium:
        """A connection whose pod-manager is this process; closed at the end."""
        addresses = {
            "pod-manager": self.address(manager),
            "maestro": self.address(manager),
            "event-store": self.address("store"),
        }
        client = Podium.connect(
            installation=self.settings.installation, token=self.token(kind, name), addresses=addresses
        )
        self.stack.push_async_callback(client.close)
        return client

    async def start(self, name: str, module: str, *arguments: str) -> None:
        """Start a process and wait until it serves."""
        command = (
            *("-m", module, "--data-dir", str(self.data_dir), "--log-level", "warning", "--instance", name),
            *("--listen", self.address(name), "--event-store", self.address("store"), *LEASE, *arguments),
        )
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PODIUM_")}
        self.running[name] = await asyncio.create_subprocess_exec(sys.executable, *command, env=environment)
        service = "event-store" if name == "store" else "pod-manager"
        async with asyncio.timeout(READY_SECONDS):
            while not self.settings.key_file.exists():
                await asyncio.sleep(0.02)
            client = self.connect(name)
            while not await client.serving(service):
                assert self.running[name].returncode is None, f"{name} has ended"
                await asyncio.sleep(0.02)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal."""
        self.running[name].send_signal(number)

    async def kill(self, name: str) -> None:
        """SIGKILL, and wait for the end."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def close(self) -> None:
        """Nothing is left."""
        for name in list(self.running):
            await self.kill(name)


@asynccontextmanager
async def processes(data_dir: Path) -> AsyncIterator[Processes]:
    """With the event store started."""
    async with AsyncExitStack() as stack:
        found = Processes(data_dir, stack)
        stack.push_async_callback(found.close)
        await found.start("store", "podium.event_store")
        yield found
