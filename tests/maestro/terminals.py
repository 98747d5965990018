"""A runner's side of terminals, by the real RPCs under a runner's token; and what viewers saw."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from podium.client.connection import Podium
from podium.events.v1.event_pb2 import Lease, NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import AcquireLeaseRequest
from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk
from podium.kernel.identity import CallerKind
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import terminal_service_pb2 as t
from tests.maestro.servers import Servers

KEPT = 256 << 10


@dataclass
class Offer:
    """One Serve stream: keeps all output as a runner's ring does, and sends what is wanted."""

    client: Podium
    project_id: str
    session_id: str
    output: bytearray = field(default_factory=bytearray)
    writable: bool = True
    size: tuple[int, int] = (24, 80)
    sizes: list[t.TerminalResized] = field(default_factory=list)
    call: Any = None
    typed: bytearray = field(default_factory=bytearray)
    received: int = 0
    input_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    wanted: int | None = None
    """The offset to send after; None: nobody watches."""
    wishes: list[str] = field(default_factory=list)

    async def open(self) -> "Offer":
        """Open the stream, and wait for the word that it is accepted."""
        self.call = self.client.terminals.Serve()
        rows, columns = self.size
        await self.call.write(
            t.ServeRequest(
                open=t.TerminalOpen(
                    project_id=self.project_id,
                    session_id=self.session_id,
                    rows=rows,
                    columns=columns,
                    offset=len(self.output),
                    writable=self.writable,
                    input_offset=self.received,
                    input_id=self.input_id,
                    sizes=self.sizes,
                )
            )
        )
        await self.hear()
        return self

    async def hear(self) -> str:
        """Take in the next response; its kind, or `end`."""
        response = await self.call.read()
        if not isinstance(response, t.ServeResponse):
            return "end"
        kind = response.WhichOneof("item") or ""
        self.wishes.append(kind)
        self.input_id = response.input_id or self.input_id
        match kind:
            case "wanted":
                self.wanted = response.wanted.after_offset
            case "unwanted":
                self.wanted = None
            case "input":
                assert response.input.offset == self.received, "input is lost or repeated"
                self.typed += response.input.data
                self.received += len(response.input.data)
                await self.call.write(t.ServeRequest(input_taken=t.InputTaken(offset=self.received)))
            case "resize":
                self.size = (response.resize.rows, response.resize.columns)
                await self.call.write(t.ServeRequest(resized=response.resize))
        return kind

    async def again(self, more: bytes = b"") -> "Offer":
        """The same terminal, which wrote more meanwhile, by a stream of its own."""
        output = self.output + more
        known = {"received": self.received, "input_id": self.input_id}
        return await Offer(self.client, self.project_id, self.session_id, output, **known).open()  # type: ignore[arg-type]

    async def until(self, done: Callable[["Offer"], bool]) -> None:
        """Take responses in until this holds."""
        while not done(self):
            assert await self.hear() != "end", "the stream is over"

    async def send(self, data: bytes = b"") -> None:
        """The process writes; whoever watches gets what they lack, as far as 256 KiB reach."""
        self.output += data
        while self.wanted is not None and self.wanted < len(self.output):
            start = max(self.wanted, len(self.output) - KEPT)
            piece = bytes(self.output[start : start + (64 << 10)])
            output = t.TerminalOutput(offset=start, data=piece, gap_bytes=start - self.wanted)
            self.wanted = start + len(piece)
            await self.call.write(t.ServeRequest(output=output))

    async def exit(self, status: int = 0, signal: int = 0, text: str = "") -> None:
        """The process ends; the stream with it."""
        await self.call.write(t.ServeRequest(exited=t.TerminalExit(status=status, signal=signal, text=text)))
        while await self.hear() != "end":
            pass

    def cut(self) -> None:
        """The connection is lost."""
        self.call.cancel()


@dataclass
class Seen:
    """One viewer's copy of a terminal."""

    items: Any
    opened: t.TerminalOpened | None = None
    data: bytearray = field(default_factory=bytearray)
    offset: int = 0
    gap: int = 0
    sizes: list[tuple[int, int]] = field(default_factory=list)
    lost: bool = False
    exited: t.TerminalExit | None = None
    heartbeats: int = 0

    async def until(self, done: Callable[["Seen"], bool]) -> "Seen":
        """Follow until this holds; what comes must join what was seen."""
        while not done(self):
            self.take(await anext(self.items))
        return self

    async def close(self) -> None:
        """Go away."""
        close = getattr(self.items, "aclose", None)
        if close is not None:
            await close()

    def take(self, item: t.AttachResponse) -> None:
        match item.WhichOneof("item"):
            case "opened":
                self.opened = item.opened
                if item.opened.rows:
                    self.sizes.append((item.opened.rows, item.opened.columns))
            case "output":
                if not item.output.data:
                    self.heartbeats += 1
                    return
                assert item.output.offset - item.output.gap_bytes == self.offset, "output is lost or repeated"
                self.gap += item.output.gap_bytes
                self.data += item.output.data
                self.offset = item.output.offset + len(item.output.data)
            case "resized":
                self.sizes.append((item.resized.rows, item.resized.columns))
            case "input_lost":
                self.lost = True
            case "exited":
                self.exited = item.exited


def attach(client: Podium, session_id: str = "s", after: int = 0, **how: Any) -> Seen:
    """A viewer by the plain RPC: one attachment."""
    request = t.AttachRequest(project_id="p", session_id=session_id, after_offset=after, **how)
    return Seen(aiter(client.terminals.Attach(request)), offset=after)


async def spawn(client: Podium, session_id: str = "s", **how: Any) -> pb.SpawnSessionResponse:
    """A session that waits for its runner."""
    return await client.maestro.SpawnSession(pb.SpawnSessionRequest(project_id="p", session_id=session_id, **how))


async def start(client: Podium, runner: Podium, session_id: str = "s") -> pb.ReportSessionResponse:
    """Spawn, claim, start."""
    job_id = (await spawn(client, session_id)).session.job_id
    ids = {"project_id": "p", "session_id": session_id, "job_id": job_id}
    await runner.maestro.ClaimSession(pb.ClaimSessionRequest(**ids))
    return await runner.maestro.ReportSession(pb.ReportSessionRequest(**ids, started=pb.SessionStarted(process_id=7)))


async def report(runner: Podium, session: Any, **said: Any) -> pb.ReportSessionResponse:
    """The runner reports on a session."""
    return await runner.maestro.ReportSession(
        pb.ReportSessionRequest(project_id="p", session_id=session.id, job_id=session.job_id, **said)
    )


async def together(*waits: Any) -> None:
    """All at once; bounded, so that a test that waits for nothing fails."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for wait in waits:
            group.create_task(wait)


async def living(runner: Podium, name: str = "r1") -> Lease:
    """The runner's lease, for as long as a test may take, also a long one."""
    return (await runner.event_store.AcquireLease(AcquireLeaseRequest(name=name, ttl_seconds=3600))).lease


class Place:
    """Servers, a project, a person and a runner."""

    def __init__(self, running: Servers) -> None:
        self.servers = running
        self.anna = running.connect()
        self.ben = running.connect(name="ben")
        self.runner = running.connect(CallerKind.RUNNER, "r1")

    async def offer(self, **how: object) -> Offer:
        """Session s runs, and its runner serves it."""
        await start(self.anna, self.runner)
        return await Offer(self.runner, "p", "s", **how).open()  # type: ignore[arg-type]

    async def session(self) -> pb.GetSessionResponse:
        return await self.anna.maestro.GetSession(pb.GetSessionRequest(project_id="p", session_id="s"))

    async def keep(self, *chunks: TranscriptChunk) -> None:
        """The runner wrote a transcript."""
        events = [NewEvent(type=chunk.DESCRIPTOR.full_name, data=chunk.SerializeToString()) for chunk in chunks]
        await self.runner.events.append([StreamAppend(stream="transcripts/s", events=events)])


async def write(client: Podium, token: str, sequence: int, data: bytes) -> int:
    """Type; the last sequence that is taken."""
    answer = await client.terminals.Write(
        t.WriteRequest(project_id="p", session_id="s", input_token=token, sequence=sequence, data=data)
    )
    return answer.sequence
