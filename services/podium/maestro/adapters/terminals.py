"""`podium.tasks.v1.TerminalService`: terminals on the wire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, assert_never

from podium.chassis.engine import Engine
from podium.chassis.engine.model import Spawner
from podium.chassis.engine.ports import Clock
from podium.chassis.identity import current_identity
from podium.kernel.errors import Rejection, invalid
from podium.maestro.application.terminals.items import (
    Exit,
    Input,
    InputLost,
    Opened,
    Output,
    ServeItem,
    Size,
    Unwanted,
    ViewerItem,
    Wanted,
)
from podium.maestro.application.terminals.pace import Pace
from podium.maestro.application.terminals.ports import SessionFacts
from podium.maestro.application.terminals.relay import Relay
from podium.maestro.application.terminals.sides import Source
from podium.maestro.application.terminals.terminals import Key, Terminals
from podium.maestro.application.terminals.typed import Received
from podium.maestro.domain.change import project_not_found, session_not_found
from podium.maestro.domain.model import Session, SessionStatus
from podium.maestro.domain.state import Board
from podium.tasks.v1 import terminal_service_pb2 as pb
from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceServicer

ENCODED = ("Attach",)
"""Methods that yield encoded messages."""
SERVICE = pb.DESCRIPTOR.services_by_name["TerminalService"].full_name
OPEN_SECONDS = 10.0
"""How long a runner's stream may take to say which terminal it is."""
_RENDERED = "attach"

Context = Any


class EngineSessions:
    """Implements `application.terminals.ports.Sessions` on the engine."""

    def __init__(self, engine: Engine[Board]) -> None:
        self._engine = engine

    async def find(self, project_id: str, session_id: str) -> SessionFacts:
        """What is committed of the session."""
        state = (await self._engine.view(project_id)).state.state
        if state.project is None:
            raise project_not_found(project_id)
        session = state.sessions.get(session_id)
        if session is None:
            raise session_not_found(session_id)
        starting = session.status is SessionStatus.STARTING
        size = Size(session.rows, session.columns)
        return SessionFacts(starting, session.runner_id, bool(session.job_id), size, _exit_of(session))


def _exit_of(session: Session) -> Exit | None:
    if not session.status.terminal:
        return None
    status = session.exit_status
    if status is None:
        status = 0 if session.status is SessionStatus.COMPLETED or session.exit_signal else 1
    return Exit(status, session.exit_signal, session.exit_reason or session.status.name.lower())


class TerminalServicer(TerminalServiceServicer):
    """Every RPC of the service."""

    def __init__(self, terminals: Terminals, tasks: Spawner, clock: Clock) -> None:
        self._terminals = terminals
        self._tasks = tasks
        self._clock = clock

    async def Attach(  # type: ignore[override]  # see ENCODED
        self, request: pb.AttachRequest, context: Context
    ) -> AsyncIterator[bytes]:
        attached = await self._terminals.attach(
            (request.project_id, request.session_id),
            request.after_offset,
            take_input=request.take_input,
            read_only=request.read_only,
            input_token=request.input_token,
        )
        async with aclosing(attached) as items:  # type: ignore[type-var]
            async for item in items:
                yield _shown(item)

    async def Write(self, request: pb.WriteRequest, context: Context) -> pb.WriteResponse:
        key = (request.project_id, request.session_id)
        taken = await self._terminals.write(key, request.input_token, request.sequence, request.data)
        return pb.WriteResponse(sequence=taken)

    async def Resize(self, request: pb.ResizeRequest, context: Context) -> pb.ResizeResponse:
        size = Size(request.rows, request.columns)
        await self._terminals.resize((request.project_id, request.session_id), request.input_token, size)
        return pb.ResizeResponse()

    async def Serve(
        self, request_iterator: AsyncIterator[pb.ServeRequest], context: Context
    ) -> AsyncIterator[pb.ServeResponse]:
        requests = aiter(request_iterator)
        first = await _first(requests)
        key = (first.project_id, first.session_id)
        size = Size(first.rows, first.columns)
        runner_id = current_identity().name
        sizes = [(each.offset, Size(each.rows, each.columns)) for each in first.sizes]
        relay, source = await self._terminals.serve(
            key, runner_id, size, first.offset, first.writable, _received(first), sizes
        )
        serving = _Serving(self._terminals, relay, source, key, self._clock)
        hearing = self._tasks.spawn(serving.hear(requests), name=f"terminal {key[1]}")
        try:
            async with aclosing(relay.orders(source)) as orders:  # type: ignore[type-var]
                input_id = relay.keyboard.input_id
                async for order in orders:
                    yield _ordered(order, input_id)
                    input_id = ""  # said once
            if serving.failure is not None:
                raise serving.failure
        finally:
            hearing.cancel()
            relay.leave(source)


class _Serving:
    """What comes from a runner's stream, until it ends."""

    def __init__(self, terminals: Terminals, relay: Relay, source: Source, key: Key, clock: Clock) -> None:
        limits = terminals.limits
        self._terminals = terminals
        self._relay = relay
        self._source = source
        self._key = key
        self._clock = clock
        self._pace = Pace(clock, limits.bytes_per_second, limits.burst_bytes)
        self._look_seconds = limits.look_seconds
        self._looked_at = clock.monotonic()
        self.failure: BaseException | None = None

    async def hear(self, requests: AsyncIterator[pb.ServeRequest]) -> None:
        """Take everything in; end the stream with it, and with the loss of the project."""
        looking = asyncio.ensure_future(self._look())
        reading = asyncio.ensure_future(self._read(requests))
        try:
            done, _ = await asyncio.wait({looking, reading}, return_when=asyncio.FIRST_COMPLETED)
            self.failure = next((task.exception() for task in done if not task.cancelled()), None)
        finally:
            looking.cancel()
            reading.cancel()
            self._source.close()

    async def _look(self) -> None:
        """The project may move to another process: then the runner has to follow it."""
        while True:
            await self._clock.sleep(self._look_seconds)
            await self._terminals.still_owned(self._key)

    async def _read(self, requests: AsyncIterator[pb.ServeRequest]) -> None:
        async for request in requests:
            if self._source.closed:
                return
            match request.WhichOneof("item"):
                case "output":
                    await self._take(request.output)
                case "resized":
                    resized = request.resized
                    offset = resized.offset if resized.HasField("offset") else None
                    self._relay.resize(Size(resized.rows, resized.columns), offset)
                case "input_taken":
                    self._relay.took_input(self._source, request.input_taken.offset)
                case "exited":
                    end = request.exited
                    self._relay.finish(Exit(end.status, end.signal, end.text))
                    return
                case "open":
                    raise invalid("open", "comes once, first; another terminal needs a stream of its own")

    async def _take(self, output: pb.TerminalOutput) -> None:
        self._relay.take(self._source, Output(output.offset, output.data, output.gap_bytes))
        await self._relay.caught_up()
        pause = self._pace.spend(len(output.data))
        if pause:
            await self._clock.sleep(pause)


async def _first(requests: AsyncIterator[pb.ServeRequest]) -> pb.TerminalOpen:
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            request = await anext(requests)
    except (TimeoutError, StopAsyncIteration):
        raise _unopened() from None
    if request.WhichOneof("item") != "open":
        raise _unopened()
    return request.open


def _unopened() -> Rejection:
    return invalid("open", "must come first, and at once: it says which terminal this is")


# -- messages ----------------------------------------------------------------------------------------------------


def _received(opening: pb.TerminalOpen) -> Received:
    counts = opening.HasField("input_offset")
    return Received(opening.input_offset, opening.input_waiting, opening.input_id, counts)


def _ordered(order: ServeItem, input_id: str) -> pb.ServeResponse:
    match order:
        case Wanted(after_offset):
            return pb.ServeResponse(wanted=pb.OutputWanted(after_offset=after_offset), input_id=input_id)
        case Unwanted():
            return pb.ServeResponse(unwanted=pb.OutputUnwanted(), input_id=input_id)
        case Input(data, offset):
            return pb.ServeResponse(input=pb.TerminalInput(data=data, offset=offset), input_id=input_id)
        case Size(rows, columns):
            return pb.ServeResponse(resize=pb.TerminalResized(rows=rows, columns=columns), input_id=input_id)
        case _:
            assert_never(order)


def _shown(item: ViewerItem) -> bytes:
    match item:
        case Output():
            if _RENDERED not in item.rendered:
                item.rendered[_RENDERED] = _message(item).SerializeToString()
            rendered: bytes = item.rendered[_RENDERED]
            return rendered
        case Opened(viewer_id, token, size, offset, running, sequence):
            opened = pb.TerminalOpened(
                viewer_id=viewer_id,
                input_token=token,
                rows=size.rows,
                columns=size.columns,
                offset=offset,
                running=running,
                sequence=sequence,
            )
            return pb.AttachResponse(opened=opened).SerializeToString()
        case Size(rows, columns):
            return pb.AttachResponse(resized=pb.TerminalResized(rows=rows, columns=columns)).SerializeToString()
        case InputLost():
            return pb.AttachResponse(input_lost=pb.InputLost()).SerializeToString()
        case Exit(status, signal, text, away):
            exited = pb.TerminalExit(status=status, signal=signal, text=text, away=away)
            return pb.AttachResponse(exited=exited).SerializeToString()
        case _:
            assert_never(item)


def _message(output: Output) -> pb.AttachResponse:
    shown = pb.TerminalOutput(offset=output.offset, data=output.data, gap_bytes=output.gap_bytes)
    return pb.AttachResponse(output=shown)
