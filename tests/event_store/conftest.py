"""A real server on a socket of its own, and connections to it under any identity."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from podium.chassis.server import Registration, Shell, running
from podium.chassis.settings import ServiceSettings
from podium.client.connection import Podium
from podium.event_store.__main__ import start
from podium.event_store.adapters.servicer import EventStoreServicer
from podium.kernel.identity import CallerKind, Identity, issue_token

Connect = Callable[[CallerKind, str], Podium]


class Server:
    """An event store that can be stopped and started on the same files."""

    def __init__(self, folder: Path) -> None:
        self.settings = ServiceSettings(service="event-store", data_dir=folder, shutdown_grace_seconds=0.5)
        self._life = AsyncExitStack()
        self._connections: list[Podium] = []

    async def start(self) -> None:
        await self._life.enter_async_context(running(self.settings, self._build))

    async def _build(self, shell: Shell) -> Sequence[Registration]:
        registrations = await start(shell)
        (servicer,) = (each.servicer for each in registrations)
        assert isinstance(servicer, EventStoreServicer)
        self.store = servicer._store
        return registrations

    async def stop(self) -> None:
        await self._life.aclose()

    def connect(self, kind: CallerKind = CallerKind.SERVICE, name: str = "pod-manager") -> Podium:
        key = self.settings.key_file.read_bytes().strip()
        token = issue_token(key, Identity(kind, name))
        podium = Podium.connect(installation=self.settings.installation, token=token)
        self._connections.append(podium)
        return podium

    async def close(self) -> None:
        for podium in self._connections:
            await podium.close()
        await self.stop()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def podium(server: Server) -> Podium:
    return server.connect()
