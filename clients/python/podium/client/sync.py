"""The client without `await`, for scripts and notebooks: the same names, on a loop of its own in a thread.

    from podium.client import sync

    with sync.Podium.connect() as podium:
        task = podium.maestro.GetTask(GetTaskRequest(…)).task
        for item in podium.watch_project("…"):
            …

Calls may come from any thread. What is iterated may be left at any time: the call ends with its iterator.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from podium.client.connection import Podium as AsyncPodium
from podium.client.installation import Installation

if TYPE_CHECKING:
    from podium.client.terminals import Terminal as AsyncTerminal
    from podium.events.v1.event_service_pb2_grpc import EventStoreServiceStub
    from podium.pods.v1.pod_service_pb2 import WatchPodResponse, WatchPodsResponse
    from podium.pods.v1.pod_service_pb2_grpc import PodServiceStub
    from podium.tasks.v1.maestro_service_pb2 import WatchProjectResponse
    from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceStub
    from podium.tasks.v1.terminal_service_pb2 import AttachResponse
    from podium.tasks.v1.terminal_service_pb2_grpc import TerminalServiceStub

T = TypeVar("T")

_END = object()


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="podium-client", daemon=True)
        self._thread.start()

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """The result; a keyboard interrupt meanwhile cancels it. Raises RuntimeError after `close`."""
        if self._loop.is_closed():
            coro.close()
            raise RuntimeError("the connection is closed")
        future = asyncio.run_coroutine_threadsafe(coro, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    @property
    def closed(self) -> bool:
        """Whether it ended."""
        return self._loop.is_closed()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Stub:
    """A stub whose methods answer, or iterate, instead of being awaited."""

    def __init__(self, loop: _Loop, stub: object) -> None:
        self._loop = loop
        self._stub = stub

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._stub, name)

        async def begin(*args: Any, **options: Any) -> Any:
            call = method(*args, **options)
            return call if hasattr(call, "__aiter__") else await call

        def call(*args: Any, **options: Any) -> Any:
            answer = self._loop.run(begin(*args, **options))
            return _items(self._loop, answer) if hasattr(answer, "__aiter__") else answer

        setattr(self, name, call)
        return call


def _items(loop: _Loop, items: AsyncIterator[T]) -> Generator[T, None, None]:
    iterator = aiter(items)

    async def following() -> Any:
        return await anext(iterator, _END)

    async def close() -> None:
        await iterator.aclose()  # type: ignore[attr-defined]

    try:
        while (item := loop.run(following())) is not _END:
            yield cast("T", item)
    finally:
        loop.run(close())


class Terminal:
    """`terminals.Terminal` without `await`; `inner` has its offset, size, token and end."""

    def __init__(self, loop: _Loop, inner: "AsyncTerminal") -> None:
        self._loop = loop
        self.inner = inner

    def __iter__(self) -> "Generator[AttachResponse, None, None]":
        return _items(self._loop, aiter(self.inner))

    def write(self, data: bytes) -> None:
        """Type bytes; raises as `terminals.Terminal.write`."""
        self._loop.run(self.inner.write(data))

    def resize(self, rows: int, columns: int) -> None:
        """Give it another size; raises as `write`."""
        self._loop.run(self.inner.resize(rows, columns))


class Podium:
    """A connection; see `podium.client.Podium`, whose errors it raises."""

    def __init__(self, loop: _Loop, inner: AsyncPodium) -> None:
        self._loop = loop
        self._inner = inner

    @classmethod
    def connect(
        cls,
        *,
        installation: Installation | None = None,
        token: str | None = None,
        address: str = "",
        addresses: Mapping[str, str] | None = None,
    ) -> "Podium":
        """A connection to an installation: the user's own, or what the arguments name."""

        async def connect() -> AsyncPodium:
            return AsyncPodium.connect(installation=installation, token=token, address=address, addresses=addresses)

        loop = _Loop()
        try:
            return cls(loop, loop.run(connect()))
        except BaseException:
            loop.close()
            raise

    @cached_property
    def pods(self) -> "PodServiceStub":
        """The pod manager's RPCs."""
        return cast("PodServiceStub", _Stub(self._loop, self._inner.pods))

    @cached_property
    def maestro(self) -> "MaestroServiceStub":
        """Maestro's RPCs."""
        return cast("MaestroServiceStub", _Stub(self._loop, self._inner.maestro))

    @cached_property
    def event_store(self) -> "EventStoreServiceStub":
        """The event store's RPCs; those with many requests are for the asynchronous client."""
        return cast("EventStoreServiceStub", _Stub(self._loop, self._inner.event_store))

    def watch_project(
        self, project_id: str, *, after_revision: int | None = None, snapshot: bool = False
    ) -> "Generator[WatchProjectResponse, None, None]":
        """A project's bookmarks and changes, for ever."""
        watch = self._inner.watch_project(project_id, after_revision=after_revision, snapshot=snapshot)
        return _items(self._loop, watch)

    def watch_pod(
        self, pod_id: str, *, after_revision: int | None = None, snapshot: bool = True
    ) -> "Generator[WatchPodResponse, None, None]":
        """A pod's state, then its bookmarks and changes, for ever."""
        return _items(self._loop, self._inner.watch_pod(pod_id, after_revision=after_revision, snapshot=snapshot))

    def watch_pods(
        self, project_id: str = "", *, after_position: int | None = None
    ) -> "Generator[WatchPodsResponse, None, None]":
        """Summaries of all pods, then of those that change, for ever."""
        return _items(self._loop, self._inner.watch_pods(project_id, after_position=after_position))

    @cached_property
    def terminals(self) -> "TerminalServiceStub":
        """The RPCs of terminals; `Serve`, with its many requests, is for the asynchronous client."""
        return cast("TerminalServiceStub", _Stub(self._loop, self._inner.terminals))

    def attach(
        self,
        project_id: str,
        session_id: str,
        *,
        after_offset: int = 0,
        take_input: bool = False,
        read_only: bool = False,
    ) -> "Terminal":
        """A session's terminal: iterate it, `write` to it in between or from another thread."""

        async def attach() -> "AsyncTerminal":
            return self._inner.attach(
                project_id, session_id, after_offset=after_offset, take_input=take_input, read_only=read_only
            )

        return Terminal(self._loop, self._loop.run(attach()))

    def serving(self, service: str, timeout_seconds: float = 1.0) -> bool:
        """Whether a service says that it is ready."""
        return self._loop.run(self._inner.serving(service, timeout_seconds))

    def close(self) -> None:
        """End all calls and channels, and the thread; safe to call twice."""
        if self._loop.closed:
            return
        try:
            self._loop.run(self._inner.close())
        finally:
            self._loop.close()

    def __enter__(self) -> "Podium":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
