"""A small proxy between a client and a server that makes the network bad: cuts, stalls, black holes, slow links."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

CHUNK_BYTES = 64 << 10


@dataclass(eq=False)
class _Link:
    """One connection through the proxy."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class ChaosProxy:
    """Listens on a Unix socket and passes bytes to another one, as well or badly as it is told.

    `cut()` tears every connection; `stall()` holds all bytes back until `flow()`, `hold_answers()` only what the server
    says; `black_hole()` swallows them, also
    those of new connections, until `flow()`, which cuts what had bytes lost; `slow(bytes_per_second)` limits each link;
    `refuse()` cuts new connections at once until `flow()`.
    """

    def __init__(self, listen: Path, target: Path) -> None:
        self._listen = listen
        self._target = target
        self._links: set[_Link] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._answers = asyncio.Event()
        self._answers.set()
        self._swallow = False
        self._refuse = False
        self._rate: float | None = None
        self._server: asyncio.Server
        self.connections = 0

    @property
    def address(self) -> str:
        """For gRPC."""
        return f"unix:{self._listen}"

    async def __aenter__(self) -> "ChaosProxy":
        self._server = await asyncio.start_unix_server(self._accept, self._listen)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        while self._links:
            self.cut()  # each time: one may just have been let in
            await asyncio.sleep(0)

    def cut(self) -> None:
        """Tear every connection, as a router that forgets them does."""
        for link in tuple(self._links):
            link.cut()

    def stall(self) -> None:
        """Hold all bytes back."""
        self._open.clear()

    def hold_answers(self) -> None:
        """Let requests through and hold back what comes to them: it is done, and nobody hears of it."""
        self._answers.clear()

    def black_hole(self) -> None:
        """Take bytes and pass none on; nobody is told."""
        self._swallow = True

    def slow(self, bytes_per_second: float | None) -> None:
        """Limit each direction of each connection; None: no limit."""
        self._rate = bytes_per_second

    def refuse(self) -> None:
        """Let nobody in."""
        self._refuse = True
        self.cut()

    def flow(self) -> None:
        """All is well again; streams with a hole in them are cut, since they cannot go on."""
        if self._swallow:
            self.cut()
        self._swallow = self._refuse = False
        self._rate = None
        self._open.set()
        self._answers.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        link = _Link([writer])
        self._links.add(link)
        try:
            if self._refuse:
                return
            there, back = await asyncio.open_unix_connection(self._target)
            link.writers.append(back)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, back, link, self._open))
                both.create_task(self._pass(there, writer, link, self._answers))
        except* OSError:
            pass  # the server is away, or the link was cut
        finally:
            link.cut()
            self._links.discard(link)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link, gate: asyncio.Event
    ) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._open.wait()
            await gate.wait()
            if self._swallow:
                continue
            if self._rate:
                await asyncio.sleep(len(data) / self._rate)
            writer.write(data)
            await writer.drain()
        link.cut()
