"""The process shell: `run` is the whole `main` of a service, `running` the same inside a test.

A service gives an async `start(shell)` that builds it and returns what it serves; the shell does the rest: key and
token, logs, traces, sockets, health, reflection, signals, and an orderly stop.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import grpc
import uvloop

from podium.chassis import garbage, identity, sockets
from podium.chassis.clock import SystemClock
from podium.chassis.interceptors.edge import Edge
from podium.chassis.registry import Registry
from podium.chassis.settings import ServiceSettings
from podium.chassis.tasks import TaskSet
from podium.chassis.telemetry import IdsOnly, Tracer, make_tracer
from podium.client.connection import Podium
from podium.client.options import SERVER_OPTIONS

if TYPE_CHECKING:
    from podium.chassis.engine.ports import Clock

_log = logging.getLogger(__name__)

_REFUSALS = 64
"""Calls beyond the limit that still get a documented refusal; above that gRPC itself refuses."""


_TALK_SHARE, _TALK_SECONDS = 0.2, 0.5
"""How long a stream of many requests may take to end by itself: a part of the grace, and no more than this."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A servicer: `add` is the generated `add_XServicer_to_server`, `service` the full proto name."""

    add: Callable[[Any, Any], None]
    servicer: object
    service: str


class Shell:
    """What a service gets from its process."""

    def __init__(
        self,
        settings: ServiceSettings,
        key: bytes,
        client: Podium,
        clock: "Clock | None" = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.settings = settings
        self.key = key
        """The installation key: signs the tokens of agents."""
        self.clock: Clock = clock or SystemClock()
        self.client = client
        """The other services, called as this one."""
        self.tracer: Tracer = tracer or IdsOnly()
        """For what comes into the process by another way than gRPC."""
        self.tasks = TaskSet(settings.service, self.fail)
        """Background tasks for the process' life; the failure of one ends the process."""
        self.stop_requested = asyncio.Event()
        self.failure: BaseException | None = None
        self._on_stop: list[Callable[[], Awaitable[object]]] = []

    def on_stop(self, callback: Callable[[], Awaitable[object]]) -> None:
        """Await this at the stop, after the last call has ended; the last one registered comes first."""
        self._on_stop.append(callback)

    def fail(self, error: BaseException) -> None:
        """Stop the process with a failure; its supervisor starts it anew."""
        self.failure = self.failure or error
        self.stop_requested.set()

    async def close(self, grace_seconds: float) -> None:
        """Run the callbacks, each within the grace, then end the tasks and the connections."""
        while self._on_stop:
            callback = self._on_stop.pop()
            try:
                async with asyncio.timeout(max(grace_seconds, 1.0)):
                    await callback()
            except Exception:
                _log.exception("stopping: %s failed", getattr(callback, "__qualname__", callback))
        await self.tasks.close()
        await self.client.close()


Start = Callable[[Shell], Awaitable[Sequence[Registration]]]


def run(settings: ServiceSettings, start: Start, *, starts_processes: bool = False) -> int:
    """Serve until SIGTERM or SIGINT; the exit status: 0 after an orderly stop, 1 after a failure, which is logged.

    The event loop is uvloop's, which makes each call cheaper; asyncio's own in a process that `starts_processes`,
    since uvloop and gRPC's threads may stand still there.
    """
    from podium.chassis import logs

    logs.configure(settings.log_level, settings.log_format, settings.service, settings.instance)
    garbage.collect_less_often()
    try:
        with asyncio.Runner(loop_factory=None if starts_processes else uvloop.new_event_loop) as runner:
            return runner.run(_main(settings, start))
    except KeyboardInterrupt:
        return 1
    except (sockets.AddressInUseError, OSError) as error:
        _log.error("cannot start: %s", error)
        return 1
    except Exception:
        _log.exception("cannot start")
        return 1


async def _main(settings: ServiceSettings, start: Start) -> int:
    async with _Process(settings) as process:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, process.interrupt)
        if await process.start(start):
            garbage.leave_out_the_living()
            _log.info("ready at %s", process.address)
            await process.shell.stop_requested.wait()
        _log.info("stopping")
    failure = process.shell.failure
    if failure is not None:
        _log.error("stopped by a failure: %s", failure)
        return 1
    _log.info("stopped")
    return 0


@asynccontextmanager
async def running(
    settings: ServiceSettings, start: Start, *, clock: "Clock | None" = None, tracer: Tracer | None = None
) -> AsyncIterator[str]:
    """A server in this process, for tests: yields the bound address, stops in order at the end.

    Raises what `start` raises, and at the end whatever ended a background task of the shell.
    """
    async with _Process(settings, clock, tracer) as process:
        if await process.start(start):
            yield process.address
    if process.shell.failure is not None:
        raise process.shell.failure


async def _built(start: Start, shell: Shell) -> Sequence[Registration]:
    return await start(shell)


class _Process:
    """One life of a server: entered before `start`, left in order whatever happened."""

    def __init__(self, settings: ServiceSettings, clock: "Clock | None" = None, tracer: Tracer | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._tracer = tracer or make_tracer(settings.service, settings.instance, settings.otlp_endpoint)
        self._claim = sockets.claim_for(settings.listen)
        self.address = settings.listen
        self.shell: Shell
        self._server: grpc.aio.Server
        self._registry: Registry
        self._edge: Edge
        self._hurry = asyncio.Event()

    async def __aenter__(self) -> "_Process":
        try:
            self._open()
        except BaseException:
            if self._claim is not None:
                self._claim.release()
            raise
        return self

    def _open(self) -> None:
        key = identity.ensure_key(self._settings.key_file)
        self._edge = Edge(identity.Authenticator(key), self._tracer, self._settings.max_concurrent_rpcs)
        self._registry = Registry(self._edge)
        self._server = grpc.aio.server(
            handlers=[self._registry],
            options=list(SERVER_OPTIONS),
            maximum_concurrent_rpcs=self._settings.max_concurrent_rpcs + _REFUSALS,
        )
        settings = self._bind()
        client = Podium.connect(
            installation=settings.installation,
            token=identity.service_token(settings, key),
            addresses=settings.addresses,
            span=self._tracer.client_span,
        )
        self.shell = Shell(settings, key, client, self._clock, self._tracer)

    def _bind(self) -> ServiceSettings:
        """Bind the address; the settings with a port taken for port 0."""
        settings = self._settings
        if self._claim is not None:
            self._claim.acquire()
        try:
            port = self._server.add_insecure_port(settings.listen)
        except RuntimeError as error:
            raise sockets.AddressInUseError(f"{settings.listen}: cannot be bound ({error})") from error
        if self._claim is not None:
            self._claim.close_to_others()
            return settings
        host = settings.listen.rpartition(":")[0]
        self.address = f"{host}:{port}"
        advertise = self.address if settings.advertise == settings.listen else settings.advertise
        return replace(settings, listen=self.address, advertise=advertise)

    async def start(self, start: Start) -> bool:
        """Listen, build the service, serve it. Health says NOT_SERVING until all of that is done.

        False where the stop was asked for first: a service that still waits for its peers can be stopped too.
        """
        await self._server.start()
        starting = asyncio.ensure_future(_built(start, self.shell))
        stopping = asyncio.ensure_future(self.shell.stop_requested.wait())
        try:
            await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not starting.done():
                starting.cancel()
                await asyncio.wait((starting,))
        if starting.cancelled():
            return False
        registrations = starting.result()
        for registration in registrations:
            self._registry.register(registration.add, registration.servicer, registration.service)
        await self._registry.ready()
        return True

    def interrupt(self) -> None:
        """A signal came: stop; a second one ends the grace."""
        if self.shell.stop_requested.is_set():
            self._hurry.set()
        self.shell.stop_requested.set()

    async def __aexit__(self, *_: object) -> None:
        self.shell.stop_requested.set()
        grace = self._settings.shutdown_grace_seconds
        try:
            await self._registry.not_serving()
            self._edge.drain()
            await self._stop_server(grace)
            await self.shell.close(grace)
        finally:
            if self._claim is not None:
                self._claim.release()
            await asyncio.get_running_loop().run_in_executor(None, self._tracer.shutdown)

    async def _stop_server(self, grace: float) -> None:
        stopping = asyncio.ensure_future(self._server.stop(grace))
        hurry = asyncio.ensure_future(self._hurry.wait())
        waiting = {stopping, hurry}
        await asyncio.wait(
            waiting, timeout=min(grace * _TALK_SHARE, _TALK_SECONDS), return_when=asyncio.FIRST_COMPLETED
        )
        self._edge.drain(talks=True)
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not stopping.done():
            await self._server.stop(0)
        await stopping
