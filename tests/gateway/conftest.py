"""A gateway over the real event store, pod manager and Maestro, all in this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest_asyncio

from podium.chassis.server import Start, running
from podium.chassis.settings import ServiceSettings
from podium.client import signin
from podium.client.connection import Podium
from podium.event_store.__main__ import start as start_event_store
from podium.gateway.settings import GatewaySettings
from podium.gateway.wiring import build as start_gateway
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.maestro.adapters.wiring import build as start_maestro
from podium.pod_manager.adapters.wiring import build as start_pod_manager
from tests.gateway.browser import Browser

STARTS: dict[str, Start] = {
    "event-store": start_event_store,
    "pod-manager": start_pod_manager,
    "maestro": start_maestro,
}


@dataclass
class House:
    """A data directory with its servers, each of which can be stopped and started again."""

    data_dir: Path
    stack: AsyncExitStack
    gateway: GatewaySettings
    running: dict[str, AsyncExitStack] = field(default_factory=dict)

    def settings(self, service: str) -> ServiceSettings:
        return ServiceSettings(service=service, data_dir=self.data_dir, shutdown_grace_seconds=2)

    async def start(self, service: str) -> None:
        start = STARTS.get(service) or partial(start_gateway, settings=self.gateway)
        self.running[service] = stack = await self.stack.enter_async_context(AsyncExitStack())
        await stack.enter_async_context(running(self.settings(service), start))

    async def stop(self, service: str) -> None:
        await self.running.pop(service).aclose()

    def token(self, kind: CallerKind = CallerKind.PERSON, name: str = "anna", pod_id: str = "") -> str:
        key = self.settings("gateway").key_file.read_bytes().strip()
        return issue_token(key, Identity(kind, name, pod_id))

    def client(self, kind: CallerKind = CallerKind.PERSON, name: str = "anna") -> Podium:
        """A connection without the gateway, closed with the servers."""
        podium = Podium.connect(installation=self.settings("gateway").installation, token=self.token(kind, name))
        self.stack.push_async_callback(podium.close)
        return podium

    @property
    def url(self) -> str:
        found = signin.find_gateway(self.settings("gateway").installation)
        assert found is not None
        return found.url

    def stranger(self) -> Browser:
        """A browser that is not signed in."""
        return Browser(self.url)

    def browser(self, name: str = "anna") -> Browser:
        """One whose every request carries a person's token."""
        return Browser(self.url, {"authorization": f"Bearer {self.token(name=name)}"})

    async def signed_in(self, name: str = "anna") -> Browser:
        """One with a cookie."""
        browser = self.stranger()
        answer = await browser.call("/auth/session", {"token": signin.make_one_time(self.token(name=name))})
        assert answer.status == 200, answer.body
        return browser


async def open_house(data_dir: Path, stack: AsyncExitStack, **settings: object) -> House:
    """Everything running."""
    given = GatewaySettings(**({"port": 0} | settings))  # type: ignore[arg-type]
    house = House(data_dir, stack, given)
    for service in (*STARTS, "gateway"):
        await house.start(service)
    return house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: "object") -> AsyncIterator[House]:
    """One for all tests of a module that break nothing."""
    make: Callable[[str], Path] = tmp_path_factory.mktemp  # type: ignore[attr-defined]
    async with AsyncExitStack() as stack:
        yield await open_house(make("house"), stack, streams_per_session=3, heartbeat_seconds=0.2)


@pytest_asyncio.fixture(loop_scope="module")
async def own_house(tmp_path: Path) -> AsyncIterator[House]:
    """One that the test may break."""
    async with AsyncExitStack() as stack:
        yield await open_house(tmp_path, stack)
