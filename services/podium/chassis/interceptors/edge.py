"""The one wrapper around every method: admission, identity, deadline, trace, validation, errors.

Handlers keep their kind (unary or stream, either way): a refusal must come from a handler of the method's own kind.
"""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any, NoReturn
from weakref import WeakSet

import grpc
from google.protobuf.message import DecodeError
from grpc_status import rpc_status

from podium.chassis.identity import Authenticator, set_current_identity
from podium.chassis.interceptors import callers, errors, validation
from podium.chassis.telemetry import Tracer
from podium.client.ambient import DEADLINE
from podium.kernel.errors import Kind, Rejection, exhausted, unavailable
from podium.kernel.identity import CallerKind

Behavior = Callable[[Any, Any], Any]
Parse = Callable[[bytes], Any]
ServicerContext = grpc.aio.ServicerContext[Any, Any]


class Edge:
    """Wraps the handlers of one server and counts the calls in them."""

    def __init__(self, authenticator: Authenticator, tracer: Tracer, max_concurrent: int) -> None:
        self._authenticator = authenticator
        self._tracer = tracer
        self._max_concurrent = max_concurrent
        self._active = 0
        self._draining = False
        self._streams: dict[asyncio.Task[Any], bool] = {}
        self._ended: WeakSet[asyncio.Task[Any]] = WeakSet()

    def wrap(self, method: str, handler: "grpc.RpcMethodHandler[Any, Any]") -> "grpc.RpcMethodHandler[Any, Any]":
        """The handler that checks first. Raises ValueError for a method that has no descriptor."""
        parse = handler.request_deserializer
        admission = _Open(parse) if callers.is_open(method) else _Guarded(parse, self._authenticator, method)
        return self._rebuild(method, handler, admission)

    def refuse(self, method: str, rejection: Rejection) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """A handler of the method's own kind that always refuses; None where the method is unknown."""
        descriptor = callers.describe(method)
        if descriptor is None:
            return None

        async def refused(_: Any, context: ServicerContext) -> None:
            await _abort(context, rejection, method)

        return _handler(descriptor.client_streaming, descriptor.server_streaming, refused, None)

    def drain(self, *, talks: bool = False) -> None:
        """End the streams that clients resume elsewhere: one request, many answers; `talks`: the others too.

        Calls with one answer go on.
        """
        self._draining = True
        for task, ends_late in list(self._streams.items()):
            if talks or not ends_late:
                self._ended.add(task)
                task.cancel()

    def _rebuild(
        self, method: str, handler: "grpc.RpcMethodHandler[Any, Any]", admission: "Admission"
    ) -> "grpc.RpcMethodHandler[Any, Any]":
        behavior: Behavior = _behavior(handler)
        # Health has to say that the end has come before it is cut off.
        ends_late = handler.request_streaming or not admission.guarded
        if not handler.response_streaming:
            wrapped: Behavior = self._unary(method, behavior, admission)
        elif inspect.isasyncgenfunction(behavior):
            wrapped = self._generator(method, behavior, admission, ends_late)
        else:
            wrapped = self._writer(method, behavior, admission, ends_late)
        return _handler(handler.request_streaming, handler.response_streaming, wrapped, handler)

    def _unary(self, method: str, behavior: Behavior, admission: "Admission") -> Behavior:
        async def call(request: Any, context: ServicerContext) -> Any:
            counted = False
            try:
                traceparent = self._admit(context, admission)
                self._active += admission.guarded
                counted = admission.guarded
                with self._tracer.server_span(method, traceparent):
                    return await behavior(admission.check(request), context)
            except BaseException as error:
                await self._raise(context, error, method)
            finally:
                self._active -= counted

        return call

    def _generator(self, method: str, behavior: Behavior, admission: "Admission", ends_late: bool) -> Behavior:
        async def stream(request: Any, context: ServicerContext) -> AsyncIterator[Any]:
            try:
                with self._admitted(method, context, admission), self._streaming(ends_late):
                    async with aclosing(behavior(admission.check(request), context)) as items:
                        async for item in items:
                            yield item
            except BaseException as error:
                await self._raise(context, error, method)

        return stream

    def _writer(self, method: str, behavior: Behavior, admission: "Admission", ends_late: bool) -> Behavior:
        """For handlers that call `context.write`, or are plain functions that return an async iterator."""

        async def stream(request: Any, context: ServicerContext) -> None:
            try:
                with self._admitted(method, context, admission), self._streaming(ends_late):
                    result = behavior(admission.check(request), context)
                    if inspect.isawaitable(result):
                        await result
                        return
                    async with aclosing(result) as items:
                        async for item in items:
                            await context.write(item)
            except BaseException as error:
                await self._raise(context, error, method)

        return stream

    @contextmanager
    def _admitted(self, method: str, context: ServicerContext, admission: "Admission") -> Iterator[None]:
        """Around a stream; a unary call does the same without the context manager's own steps."""
        traceparent = self._admit(context, admission)
        self._active += admission.guarded
        try:
            with self._tracer.server_span(method, traceparent):
                yield
        finally:
            self._active -= admission.guarded

    def _admit(self, context: ServicerContext, admission: "Admission") -> str:
        """Raises Rejection where the call may not be; the caller's traceparent."""
        authorization = traceparent = ""
        for key, value in context.invocation_metadata() or ():
            if key == "authorization":
                authorization = str(value)
            elif key == "traceparent":
                traceparent = str(value)
        admission.admit(authorization)
        if self._draining and admission.guarded:
            raise _draining()
        if self._active >= self._max_concurrent and admission.guarded:
            raise exhausted("TOO_MANY_REQUESTS", f"{self._active} calls are being served; retry with back-off")
        remaining = context.time_remaining()
        DEADLINE.set(None if remaining is None else time.monotonic() + remaining)
        return traceparent

    @contextmanager
    def _streaming(self, ends_late: bool) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self._streams[task] = ends_late
        try:
            yield
        finally:
            del self._streams[task]

    async def _raise(self, context: ServicerContext, error: BaseException, method: str) -> NoReturn:
        task = asyncio.current_task()
        cancelled = isinstance(error, asyncio.CancelledError) and not context.cancelled()
        if cancelled and task is not None and task in self._ended:
            task.uncancel()
            error = _draining()
        # Whoever aborted has said why already; a closed generator or a cancelled call has nobody listening.
        if isinstance(error, grpc.aio.AbortError) or not isinstance(error, Exception):
            raise error
        await _abort(context, error, method)


class Admission:
    """What a method asks before its servicer sees the call.

    gRPC itself would answer bytes that do not parse with a bare UNKNOWN, whoever sent them; so it hands the bytes over,
    and they are parsed here, once the caller is known.
    """

    guarded = True

    def __init__(self, parse: Parse | None) -> None:
        self._parse = parse

    def admit(self, authorization: str) -> None:
        """Raises Rejection where the caller may not."""

    def check(self, request: Any) -> Any:
        """The request, or the stream of them, parsed and validated; raises Rejection."""
        return _parsed_stream(self.parse, request) if hasattr(request, "__aiter__") else self.parse(request)

    def parse(self, data: bytes) -> Any:
        """The message; raises Rejection MALFORMED_REQUEST."""
        if self._parse is None:
            return data
        try:
            return self._parse(data)
        except (DecodeError, ValueError, OverflowError, RecursionError) as error:
            text = f"{len(data)} bytes that are no such request ({type(error).__name__}); send what its proto describes"
            raise Rejection(Kind.INVALID_ARGUMENT, "MALFORMED_REQUEST", text) from None


class _Open(Admission):
    """Health and reflection: anybody, at any time."""

    guarded = False


class _Guarded(Admission):
    """Everything else: listed callers, valid requests."""

    def __init__(self, parse: Parse | None, authenticator: Authenticator, method: str) -> None:
        super().__init__(parse)
        descriptor = callers.describe(method)
        if descriptor is None:
            raise ValueError(f"{method} has no descriptor: import its stubs")
        self._method = method
        self._authenticator = authenticator
        self._allowed: frozenset[CallerKind] = callers.callers_of(descriptor)

    def admit(self, authorization: str) -> None:
        identity = self._authenticator.identify(authorization)
        callers.check(identity, self._allowed, self._method)
        set_current_identity(identity)

    def parse(self, data: bytes) -> Any:
        request = super().parse(data)
        validation.validate(request)
        return request


async def _parsed_stream(parse: Parse, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        yield parse(request)


async def _abort(context: ServicerContext, error: BaseException, method: str) -> NoReturn:
    status = rpc_status.to_status(errors.to_status(error, method))
    await context.abort(status.code, status.details, tuple(status.trailing_metadata or ()))


def _draining() -> Rejection:
    return unavailable("NOT_READY", "the service is stopping", 0.5)


def starting() -> Rejection:
    """What callers hear before the service is ready."""
    return Rejection(Kind.UNAVAILABLE, "NOT_READY", "the service is starting", retry_after_seconds=0.1)


def _behavior(handler: "grpc.RpcMethodHandler[Any, Any]") -> Behavior:
    found = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    assert found is not None
    return found


def _handler(
    request_streaming: bool,
    response_streaming: bool,
    behavior: Behavior,
    like: "grpc.RpcMethodHandler[Any, Any] | None",
) -> "grpc.RpcMethodHandler[Any, Any]":
    make: Callable[..., Any] = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[request_streaming, response_streaming]
    if like is None:
        return make(behavior)  # type: ignore[no-any-return]
    # No deserializer: `Admission.parse` reads the bytes.
    return make(behavior, response_serializer=like.response_serializer)  # type: ignore[no-any-return]
