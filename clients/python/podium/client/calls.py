"""Calls of the four kinds, as generated stubs make them: request ids, repeats, errors.

The classes here have the call signatures of grpc.aio's multi-callables, so that generated stubs work on them.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from podium.client.attempts import Method
from podium.client.errors import PodiumError, from_rpc_error, make_error

UNARY_TIMEOUT_SECONDS = 10.0
"""The deadline of a call with one answer, where the caller gives none."""

T = TypeVar("T")


class UnaryCall(Awaitable[T]):
    """A call with one answer: await it, once. Nothing is sent before."""

    def __init__(self, run: Callable[[], Awaitable[T]]) -> None:
        self._run = run

    def __await__(self) -> Generator[Any, None, T]:
        return self._run().__await__()


class UnaryMethod:
    """One request, one answer."""

    def __init__(self, method: Method) -> None:
        self._method = method

    def __call__(
        self, request: Message, *, timeout: float | None = None, metadata: Any = None, **_: Any
    ) -> UnaryCall[Any]:
        async def run() -> Any:
            method = self._method
            sent, has_id = with_request_id(request)
            limit = UNARY_TIMEOUT_SECONDS if timeout is None else timeout
            attempts = method.attempts(limit, repeatable=method.repeatable or has_id)
            while True:
                try:
                    with method.caller.span(method.path):
                        return await method.open_at(attempts.address)(
                            sent, timeout=attempts.remaining(), metadata=method.caller.metadata(metadata)
                        )
                except grpc.aio.AioRpcError as failure:
                    error = from_rpc_error(failure)
                except asyncio.CancelledError:
                    _raise_if_task_cancelled()
                    raise _closed() from None
                await attempts.after(error)

        return UnaryCall(run)


class FeedCall(AsyncIterator[T]):
    """One request, many answers. Iterate it, once; `cancel` or `aclose` ends it early.

    It is opened again, as an unary call would be, as long as no answer has come; after that an error ends it. With
    `once` every error ends it: for a caller that opens it again itself, and wants to hear of each loss.
    """

    def __init__(
        self, method: Method, request: Message, timeout: float | None, metadata: Any, *, once: bool = False
    ) -> None:
        self._method = method
        self._request = request
        self._metadata = metadata
        self._attempts = method.attempts(timeout, repeatable=method.repeatable, once=once)
        self._call: Any = None
        self._begun = False
        self._cancelled = False

    def __aiter__(self) -> "FeedCall[T]":
        return self

    async def __anext__(self) -> T:
        while not self._cancelled:
            try:
                if self._call is None:
                    self._call = self._open()
                item = await self._call.read()
            except grpc.aio.AioRpcError as failure:
                error = from_rpc_error(failure)
            except asyncio.CancelledError:
                if self.cancelled():
                    break  # `cancel` was called while we waited
                _raise_if_task_cancelled()
                error = _closed()
            else:
                if item is grpc.aio.EOF:
                    break
                self._begun = True
                return item  # type: ignore[no-any-return]
            self._call = None
            if self._begun or error.code == "CANCELLED":
                raise error
            await self._attempts.after(error)
        raise StopAsyncIteration

    def _open(self) -> Any:
        method = self._method
        with method.caller.span(method.path):
            return method.open_at(self._attempts.address)(
                self._request,
                timeout=self._attempts.remaining(),
                metadata=method.caller.metadata(self._metadata),
            )

    def cancel(self) -> bool:
        """End the call; the iteration ends too."""
        first, self._cancelled = not self._cancelled, True
        if self._call is not None:
            self._call.cancel()
        return first

    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    async def aclose(self) -> None:
        """End the call."""
        self.cancel()


class FeedMethod:
    """One request, many answers."""

    def __init__(self, method: Method) -> None:
        self._method = method

    def __call__(
        self, request: Message, *, timeout: float | None = None, metadata: Any = None, once: bool = False, **_: Any
    ) -> FeedCall[Any]:
        return FeedCall(self._method, request, timeout, metadata, once=once)


class TalkCall:
    """A call with many requests: grpc.aio's own call, its errors turned into PodiumErrors."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __await__(self) -> Generator[Any, None, Any]:
        return self._awaited(self._call).__await__()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._items()

    async def _items(self) -> AsyncIterator[Any]:
        while (item := await self.read()) is not grpc.aio.EOF:
            yield item

    async def read(self) -> Any:
        """The next answer, or grpc.aio.EOF."""
        return await self._awaited(self._call.read())

    async def write(self, request: Message) -> None:
        """Send one more request."""
        await self._awaited(self._call.write(request))

    async def _awaited(self, awaitable: Awaitable[Any]) -> Any:
        try:
            return await awaitable
        except grpc.aio.AioRpcError as failure:
            error = from_rpc_error(failure)
        except asyncio.CancelledError:
            _raise_if_task_cancelled()
            error = _closed()
        raise error


class TalkMethod:
    """Many requests; one answer or many. Never repeated: only the caller knows what was read from its iterator."""

    def __init__(self, method: Method) -> None:
        self._method = method

    def __call__(
        self, request_iterator: Any = None, timeout: float | None = None, metadata: Any = None, **_: Any
    ) -> TalkCall:
        method = self._method
        attempts = method.attempts(timeout, repeatable=False)
        with method.caller.span(method.path):
            return TalkCall(
                method.open_at(attempts.address)(
                    request_iterator, timeout=attempts.remaining(), metadata=method.caller.metadata(metadata)
                )
            )


def with_request_id(request: Message) -> tuple[Message, bool]:
    """The request with a request id, and whether its type has one.

    An empty id is filled in on a copy: the caller's message, sent twice, means two requests.
    """
    if "request_id" not in request.DESCRIPTOR.fields_by_name:
        return request, False
    if request.request_id:  # type: ignore[attr-defined]
        return request, True
    copy = type(request)()
    copy.CopyFrom(request)
    copy.request_id = uuid.uuid4().hex  # type: ignore[attr-defined]
    return copy, True


def _raise_if_task_cancelled() -> None:
    """Inside `except CancelledError`: go on only where it is gRPC's word for a channel or call closed here."""
    task = asyncio.current_task()
    if task is None or task.cancelling():
        raise  # noqa: PLE0704


def _closed() -> PodiumError:
    return make_error("CANCELLED", "", "the call was cancelled, or its connection closed")
