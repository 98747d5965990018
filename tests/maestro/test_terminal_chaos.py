"""A terminal through a bad network and over restarts of Maestro: whatever was written is seen, once and in order.

And whatever was typed arrives, once and in order, but for what Maestro itself still held when it was stopped.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.client.terminals import Terminal
from podium.client.watches import Resuming
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.maestro.servers import Servers, servers
from tests.maestro.terminals import Offer, living, start
from tests.support.chaos_proxy import ChaosProxy

LIMIT_SECONDS = 60.0
HASTY = Resuming(sleep=lambda _: asyncio.sleep(0.02), silence_seconds=20)


@dataclass
class Network:
    """The servers, and the bad way to Maestro."""

    servers: Servers
    proxy: ChaosProxy
    stack: AsyncExitStack
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def through(self, kind: CallerKind, name: str) -> Podium:
        """A connection through the proxy."""
        settings = self.servers.settings("maestro")
        token = issue_token(settings.key_file.read_bytes().strip(), Identity(kind, name))
        addresses = {"maestro": self.proxy.address}
        client = Podium.connect(installation=settings.installation, token=token, addresses=addresses)
        self.stack.push_async_callback(client.close)
        return client


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    """Session s of project p runs; Maestro's lease outlasts the pauses of a busy machine, over so many rounds."""
    async with servers(tmp_path, lease_ttl_seconds=30.0) as running, AsyncExitStack() as stack:
        installation = running.settings("maestro").installation
        proxy = ChaosProxy(installation.run_dir / "chaos.sock", installation.socket("maestro"))
        await stack.enter_async_context(proxy)
        anna, runner = running.connect(), running.connect(CallerKind.RUNNER, "r1")
        await anna.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/shop"))
        await living(runner)
        await start(anna, runner)
        yield Network(running, proxy, stack)


class Runner:
    """Serves s for ever: a line of output every moment, until told to end; counts what is typed."""

    def __init__(self, client: Podium) -> None:
        self.offer = Offer(client, "p", "s")
        self.lines = 0
        self.ending = False

    async def run(self) -> None:
        while not self.ending:
            try:
                await self.offer.open()
                async with asyncio.TaskGroup() as both:
                    hearing = both.create_task(self._hear())
                    both.create_task(self._write(hearing))
            except* (PodiumError, asyncio.InvalidStateError):
                await asyncio.sleep(0.02)

    async def typed(self, more: int) -> None:
        """Returns when so many more bytes were typed."""
        size = len(self.offer.typed) + more
        while len(self.offer.typed) < size:
            await asyncio.sleep(0.01)

    async def has(self, number: int) -> None:
        """Returns when a number was typed."""
        while number not in self.numbers()[-10:]:
            await asyncio.sleep(0.01)

    def numbers(self) -> list[int]:
        """The whole ones that were typed."""
        return [int(word) for word in self.offer.typed.split(b" ")[:-1]]

    async def _hear(self) -> None:
        while await self.offer.hear() != "end":
            pass

    async def _write(self, hearing: "asyncio.Task[None]") -> None:
        while not hearing.done():
            self.lines += 1
            await self.offer.send(f"line {self.lines}\n".encode())
            await asyncio.sleep(0.005)


class Watcher:
    """A viewer by the client; `types` numbers all the while."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.seen = bytearray()
        self.opened = 0
        self.gap = 0
        self.typing = asyncio.Lock()
        """Held while a number is typed."""
        self.answered: list[int] = []
        """The numbers of which it was said that they are on their way."""

    async def run(self) -> None:
        async for item in self.terminal:
            self.opened += item.WhichOneof("item") == "opened"
            if item.WhichOneof("item") == "output":
                output = item.output
                assert output.offset - output.gap_bytes == len(self.seen) + self.gap
                self.gap += output.gap_bytes
                self.seen += output.data

    async def types(self) -> None:
        number = 0
        while True:
            number += 1
            async with self.typing:
                try:
                    await self.terminal.write(f"{number} ".encode())
                    self.answered.append(number)
                except PodiumError:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.01)

    async def until(self, size: int) -> None:
        while len(self.seen) < size:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("rounds", [20, pytest.param(500, marks=pytest.mark.soak)])
async def test_cuts_and_restarts(network: Network, rounds: int):
    """Cuts, stalls and black holes of all connections, and restarts: output and input end equal on both sides."""
    runner = Runner(network.through(CallerKind.RUNNER, "r1"))
    anna, ben = (network.through(CallerKind.PERSON, name) for name in ("anna", "ben"))
    watchers = [Watcher(anna.attach("p", "s", how=HASTY, take_input=True)), Watcher(ben.attach("p", "s", how=HASTY))]
    async with asyncio.timeout(LIMIT_SECONDS + 4 * rounds), asyncio.TaskGroup() as group:
        tasks = [group.create_task(each.run()) for each in (runner, *watchers)]
        tasks.append(group.create_task(watchers[0].types()))
        for round_ in range(rounds):
            await watchers[1].until(len(watchers[1].seen) + 50)
            await runner.typed(2)
            if round_ % 7 == 3:
                async with watchers[0].typing:
                    await runner.has(watchers[0].answered[-1])
                    await network.servers.stop_maestro()
                await network.servers.start_maestro()
            elif network.chance.random() < 0.3:
                network.proxy.stall()
                await asyncio.sleep(0.05)
                network.proxy.flow()
            elif network.chance.random() < 0.3:
                network.proxy.black_hole()
                await asyncio.sleep(0.05)
                network.proxy.flow()
            else:
                network.proxy.cut()
        await watchers[0].typing.acquire()  # nothing more
        await runner.has(watchers[0].answered[-1])
        size = len(runner.offer.output)
        for watcher in watchers:
            await watcher.until(size)
        for task in tasks:
            task.cancel()
    for watcher in watchers:
        assert watcher.opened > 3 and watcher.gap == 0
        assert runner.offer.output.startswith(watcher.seen)
    typed = runner.numbers()
    assert typed == sorted(set(typed)), "typed once, and in order"
    assert not set(watchers[0].answered).difference(typed), "and nothing of what was on its way is lost"
