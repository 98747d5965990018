"""Processes of ours for the time of a measurement: the event store, and the empty handler beside it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.kernel.identity import CallerKind, Identity, issue_token

STORE = "podium.event_store"
EMPTY = "bench.events.empty"


@dataclass
class Served:
    """A process that serves, and a connection to it."""

    process: asyncio.subprocess.Process
    podium: Podium
    settings: ServiceSettings


async def launch(folder: Path, module: str = STORE, store: str = "") -> asyncio.subprocess.Process:
    """Start the process; it serves a little later."""
    arguments = ["--data-dir", str(folder), "--log-level", "warning", *(["--store", store] if store else [])]
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments)


async def connected(settings: ServiceSettings) -> Podium:
    """A connection, as soon as it serves."""
    while not settings.key_file.exists():
        await asyncio.sleep(0.01)
    token = issue_token(settings.key_file.read_bytes().strip(), Identity(CallerKind.SERVICE, "pod-manager"))
    podium = Podium.connect(installation=settings.installation, token=token)
    while not await podium.serving("event-store"):
        await asyncio.sleep(0.01)
    return podium


@asynccontextmanager
async def serving(folder: Path, module: str = STORE, store: str = "") -> AsyncIterator[Served]:
    """From the start to the orderly end."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = ServiceSettings(service="event-store", data_dir=folder)
    process = await launch(folder, module, store)
    try:
        async with asyncio.timeout(30):
            podium = await connected(settings)
        try:
            yield Served(process, podium, settings)
        finally:
            await podium.close()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()
