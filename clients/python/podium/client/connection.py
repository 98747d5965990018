"""The connection to an installation: `Podium.connect()`.

One object for all services. The generated stubs ride on channels of our own (`calls` says what these add), so every
RPC of every service is there, typed, under its own name.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import grpc

from podium.client.attempts import Caller, Method
from podium.client.calls import FeedMethod, TalkMethod, UnaryMethod
from podium.client.installation import Installation
from podium.client.options import CHANNEL_OPTIONS

if TYPE_CHECKING:
    from podium.client.events import EventStore
    from podium.client.terminals import Terminal
    from podium.client.watches import Resuming
    from podium.events.v1.event_service_pb2_grpc import EventStoreServiceAsyncStub
    from podium.pods.v1.pod_service_pb2 import WatchPodResponse, WatchPodsResponse
    from podium.pods.v1.pod_service_pb2_grpc import PodServiceAsyncStub
    from podium.tasks.v1.maestro_service_pb2 import WatchProjectResponse
    from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceAsyncStub
    from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceAsyncStub

Span = Callable[[str], AbstractContextManager[None]]


def _no_span(_: str) -> AbstractContextManager[None]:
    return nullcontext()


class Wires:
    """The real channels, one for each address, opened when first used; shared by all views of a connection."""

    def __init__(self) -> None:
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._methods: dict[tuple[str, str, Any], Any] = {}
        self._closed = False

    def method(self, address: str, path: str, encoder: Any, make: Callable[[grpc.aio.Channel], Any]) -> Any:
        """The raw multi-callable of a method at an address. Raises RuntimeError after `close`."""
        found = self._methods.get((address, path, encoder))
        if found is None:
            found = self._methods[address, path, encoder] = make(self._channel(address))
        return found

    def _channel(self, address: str) -> grpc.aio.Channel:
        if self._closed:
            raise RuntimeError("the connection is closed")
        if address not in self._channels:
            self._channels[address] = grpc.aio.insecure_channel(address, options=list(CHANNEL_OPTIONS))
        return self._channels[address]

    async def close(self) -> None:
        """End all calls and channels."""
        self._closed = True
        self._methods.clear()
        while self._channels:
            _, channel = self._channels.popitem()
            await channel.close()


class ServiceChannel:
    """What a generated stub takes for a channel: its methods at a home address, made by `calls`."""

    def __init__(self, wires: Wires, address: str, caller: Caller) -> None:
        self._wires = wires
        self._address = address
        self._caller = caller

    def unary_unary(self, path: str, *codecs: Any, **more: Any) -> UnaryMethod:
        """One request, one answer."""
        return UnaryMethod(self._method("unary_unary", path, codecs, more))

    def unary_stream(self, path: str, *codecs: Any, **more: Any) -> FeedMethod:
        """One request, many answers."""
        return FeedMethod(self._method("unary_stream", path, codecs, more))

    def stream_unary(self, path: str, *codecs: Any, **more: Any) -> TalkMethod:
        """Many requests, one answer."""
        return TalkMethod(self._method("stream_unary", path, codecs, more))

    def stream_stream(self, path: str, *codecs: Any, **more: Any) -> TalkMethod:
        """Many requests, many answers."""
        return TalkMethod(self._method("stream_stream", path, codecs, more))

    def _method(self, kind: str, path: str, codecs: tuple[Any, ...], more: Mapping[str, Any]) -> Method:
        def make(channel: grpc.aio.Channel) -> Any:
            return getattr(channel, kind)(path, *codecs, **more)

        def open_at(address: str) -> Any:
            return self._wires.method(address, path, more.get("request_serializer"), make)

        return Method(path, self._address, open_at, self._caller)


class Podium:
    """A connection; see `connect`. Its errors are `podium.client.errors.PodiumError`s."""

    def __init__(self, wires: Wires, addresses: Mapping[str, str], caller: Caller) -> None:
        self._wires = wires
        self._addresses = addresses
        self._caller = caller

    @classmethod
    def connect(
        cls,
        *,
        installation: Installation | None = None,
        token: str | None = None,
        address: str = "",
        addresses: Mapping[str, str] | None = None,
        span: Span = _no_span,
    ) -> "Podium":
        """A connection to an installation; channels are opened when first used, in the running loop.

        `installation` defaults to the user's own, `token` to its person's, `addresses` (by service name, as
        `Installation.address`) to its sockets; `address` stands for all services that have none of their own, where one
        proxy leads to all. `span` opens a trace span around each call. Use it as an async context manager, or
        `close` it.
        """
        place = installation or Installation.locate()
        known = dict(addresses or {})
        for service in ("event-store", "pod-manager", "maestro", "runner"):
            known.setdefault(service, address or place.address(service))
        return cls(Wires(), known, Caller(place.person_token() if token is None else token, span))

    def acting_as(self, token: str) -> "Podium":
        """The same connection under another token; close only the first one."""
        return Podium(self._wires, self._addresses, Caller(token, self._caller.span))

    def channel(self, address: str) -> "grpc.aio.Channel":
        """A channel for a generated stub of a service at any address."""
        return cast("grpc.aio.Channel", ServiceChannel(self._wires, address, self._caller))

    @cached_property
    def pods(self) -> "PodServiceAsyncStub":
        """The pod manager's RPCs."""
        from podium.pods.v1.pod_service_pb2_grpc import PodServiceStub

        return PodServiceStub(self.channel(self._addresses["pod-manager"]))

    @cached_property
    def maestro(self) -> "MaestroServiceAsyncStub":
        """Maestro's RPCs."""
        from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceStub

        return MaestroServiceStub(self.channel(self._addresses["maestro"]))

    @cached_property
    def terminals(self) -> "TerminalServiceAsyncStub":
        """The RPCs of terminals, which Maestro relays."""
        from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceStub

        return TerminalServiceStub(self.channel(self._addresses["maestro"]))

    @cached_property
    def event_store(self) -> "EventStoreServiceAsyncStub":
        """The event store's RPCs."""
        from podium.events.v1.event_service_pb2_grpc import EventStoreServiceStub

        return EventStoreServiceStub(self.channel(self._addresses["event-store"]))

    @cached_property
    def events(self) -> "EventStore":
        """The event store in words of events and streams; appends share one stream of batches."""
        from podium.client.events import EventStore
        from podium.events.v1.event_service_pb2 import AppendStreamResponse

        # Its requests are encoded already.
        channel = ServiceChannel(self._wires, self._addresses["event-store"], self._caller)
        path = "/podium.events.v1.EventStoreService/AppendStream"
        open_stream = channel.stream_stream(path, response_deserializer=AppendStreamResponse.FromString)
        return EventStore(self.event_store, open_stream)

    def watch_project(
        self,
        project_id: str,
        *,
        after_revision: int | None = None,
        snapshot: bool = False,
        how: "Resuming | None" = None,
    ) -> "AsyncGenerator[WatchProjectResponse, None]":
        """A project's bookmarks and changes, for ever; see `watches.watch_project`."""
        from podium.client.watches import watch_project

        return watch_project(self.maestro, project_id, after_revision=after_revision, snapshot=snapshot, how=how)

    def watch_pod(
        self, pod_id: str, *, after_revision: int | None = None, snapshot: bool = True, how: "Resuming | None" = None
    ) -> "AsyncGenerator[WatchPodResponse, None]":
        """A pod's state, then its bookmarks and changes, for ever; see `watches.watch_pod`."""
        from podium.client.watches import watch_pod

        return watch_pod(self.pods, pod_id, after_revision=after_revision, snapshot=snapshot, how=how)

    def watch_pods(
        self, project_id: str = "", *, after_position: int | None = None, how: "Resuming | None" = None
    ) -> "AsyncGenerator[WatchPodsResponse, None]":
        """Summaries of all pods, then of those that change, for ever; see `watches.watch_pods`."""
        from podium.client.watches import watch_pods

        return watch_pods(self.pods, project_id, after_position=after_position, how=how)

    def attach(
        self,
        project_id: str,
        session_id: str,
        *,
        after_offset: int = 0,
        take_input: bool = False,
        read_only: bool = False,
        how: "Resuming | None" = None,
    ) -> "Terminal":
        """A session's terminal: iterate it, `write` to it; attached anew after every loss. See `terminals.Terminal`."""
        from podium.client.terminals import Terminal

        return Terminal(
            self.terminals,
            project_id,
            session_id,
            after_offset=after_offset,
            take_input=take_input,
            read_only=read_only,
            how=how,
        )

    async def serving(self, service: str, timeout_seconds: float = 1.0) -> bool:
        """Whether a service says that it is ready."""
        from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
        from grpc_health.v1.health_pb2_grpc import HealthStub

        channel = self._wires._channel(self._addresses[service])
        try:
            answer = await HealthStub(channel).Check(HealthCheckRequest(), timeout=timeout_seconds)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == HealthCheckResponse.SERVING)

    async def close(self) -> None:
        """End all calls and channels."""
        events = self.__dict__.get("events")
        if events is not None and hasattr(events, "close"):
            await events.close()
        await self._wires.close()

    async def __aenter__(self) -> "Podium":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
