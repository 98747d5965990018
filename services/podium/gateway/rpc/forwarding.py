"""Forwarding: each offered RPC becomes a Connect endpoint that calls its service under the caller's own token.

The calls ride on `podium.client`, so they get what all of Podium's calls get: a request id where there is none,
repeats where that is safe, the way to the owner of an entity, documented errors.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from google.protobuf.message import Message

from podium.chassis.telemetry import Tracer
from podium.client.ambient import DEADLINE
from podium.client.calls import FeedCall
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.gateway.limits import StreamLimits
from podium.gateway.rpc.catalogue import Catalogue, Route
from podium.gateway.rpc.codecs import BinaryCodec, Encoded, JsonCodec
from podium.gateway.rpc.failures import to_connect
from podium.gateway.sessions import Session
from podium.kernel.errors import Rejection, unavailable

BODY_LIMIT_BYTES = 4 * 1024 * 1024
"""Of a request."""

CALLER: ContextVar[Session] = ContextVar("podium_gateway_caller")
"""Who makes the request being served; set by the HTTP edge before it hands the request over."""

Context = RequestContext[Any, Any]


class Forwarder:
    """Makes the endpoints; knows the open streams, to end them all when the gateway stops."""

    def __init__(self, upstream: Podium, addresses: Mapping[str, str], limits: StreamLimits, tracer: Tracer) -> None:
        self._upstream = upstream
        self._addresses = addresses
        self.limits = limits
        self.feeds: dict[str, Feed] = {}
        """The streaming RPCs by path."""
        self._open: set[FeedCall[bytes]] = set()
        self._draining = False
        self._tracer = tracer

    def application(self, catalogue: Catalogue) -> "Application":
        """The ASGI application that serves the offered RPCs."""
        return Application(self, {path: self._endpoint(route) for path, route in catalogue.routes.items()})

    def drain(self) -> None:
        """End every stream, and refuse new ones: clients are told to come again."""
        self._draining = True
        for feed in list(self._open):
            feed.cancel()

    @contextmanager
    def ending(self, feed: FeedCall[bytes]) -> Iterator[None]:
        """While a stream is open; raises Rejection NOT_READY where it ends because the gateway stops."""
        if self._draining:
            raise _stopping()
        self._open.add(feed)
        try:
            yield
            if self._draining:
                raise _stopping()
        finally:
            self._open.discard(feed)
            feed.cancel()

    def _endpoint(self, route: Route) -> Any:
        info = MethodInfo(
            name=route.method.name,
            service_name=route.method.containing_service.full_name,
            input=route.request,
            output=route.response,
            idempotency_level=IdempotencyLevel.NO_SIDE_EFFECTS if route.free_of_effects else IdempotencyLevel.UNKNOWN,
            stream_type=StreamType.SERVER_STREAM if route.streaming else StreamType.UNARY,
        )
        channel = self._upstream.channel(self._addresses[route.service])
        if route.streaming:
            feed: Any = channel.unary_stream(route.path, route.request.SerializeToString, None)
            self.feeds[route.path] = Feed(self, route, feed)
            return Endpoint.server_stream(info, self.feeds[route.path].run)
        unary: Any = channel.unary_unary(route.path, route.request.SerializeToString, None)
        return Endpoint.unary(info, self._unary(route, unary))

    def _unary(self, route: Route, method: Any) -> Callable[[Message, Context], Awaitable[Any]]:
        async def call(request: Message, context: Context) -> Encoded:
            try:
                with self.serving(route, context.timeout_ms, context.request_headers.get("traceparent", "")) as session:
                    return Encoded(await method(request, metadata=_credentials(session)), route.response)
            except (PodiumError, Rejection) as error:
                raise to_connect(error, route.path) from None

        return call

    @contextmanager
    def serving(self, route: Route, timeout_ms: float | None, traceparent: str) -> Iterator[Session]:
        """While a request is served: its span is open, and calls know how long they may take; yields who calls."""
        DEADLINE.set(None if timeout_ms is None else time.monotonic() + timeout_ms / 1000)
        with self._tracer.server_span(route.path, traceparent):
            yield CALLER.get()


@dataclass(frozen=True, slots=True)
class Feed:
    """One server-streaming RPC."""

    forwarder: Forwarder
    route: Route
    method: Any

    async def run(self, request: Message, context: Context) -> AsyncIterator[Any]:
        """The stream of one request, as a Connect endpoint. Raises ConnectError."""
        traceparent = context.request_headers.get("traceparent", "")
        try:
            async with aclosing(self.items(request, context.timeout_ms, traceparent)) as items:
                async for item in items:
                    yield item
        except (PodiumError, Rejection) as error:
            raise to_connect(error, self.route.path) from None

    async def items(
        self, request: Message, timeout_ms: float | None, traceparent: str
    ) -> AsyncGenerator[Encoded, None]:
        """The stream of one request. Raises PodiumError, Rejection."""
        owner = self.forwarder
        with owner.serving(self.route, timeout_ms, traceparent) as session, owner.limits.holding(session.id):
            feed: FeedCall[bytes] = self.method(request, metadata=_credentials(session))
            with owner.ending(feed):
                async for data in feed:
                    yield Encoded(data, self.route.response)


class Application(ConnectASGIApplication[Forwarder]):
    """Connect, gRPC-Web (and gRPC, where the server speaks HTTP/2) for the offered RPCs."""

    def __init__(self, forwarder: Forwarder, endpoints: Mapping[str, Any]) -> None:
        super().__init__(
            service=forwarder,
            endpoints=lambda _: endpoints,
            read_max_bytes=BODY_LIMIT_BYTES,
            compressions=(),  # `edge.compression` sees whether it pays
            codecs=(BinaryCodec(), JsonCodec()),
        )

    @property
    def path(self) -> str:
        """Served at the root."""
        return ""


def _credentials(session: Session) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {session.token}"),)


def _stopping() -> Rejection:
    return unavailable("NOT_READY", "the gateway is stopping; connect again in a moment", 0.5)
