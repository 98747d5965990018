"""The HTTP server of a service: uvicorn inside a process that has its own life."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn

from podium.chassis.sockets import BACKLOG

App = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application: `await app(scope, receive, send)`."""

_INCOMPLETE_BYTES = 64 * 1024
"""Of a request's head that is still arriving."""

_KEEP_ALIVE_SECONDS = 75


class HttpServer(uvicorn.Server):
    """uvicorn under a process that handles signals itself, and that is not woken ten times a second to look around.

    `grace_seconds` is what running requests get when it ends; connections beyond `max_connections` are answered 503.
    """

    def __init__(self, app: App, *, grace_seconds: float, max_connections: int) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # the shell says when it starts and stops
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http="h11",
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                limit_concurrency=max_connections,
                backlog=BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=max(1, round(grace_seconds)),
                h11_max_incomplete_event_size=_INCOMPLETE_BYTES,
            )
        )
        self._up = asyncio.Event()
        self._stop = asyncio.Event()
        self._ended = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process' shell has the signals."""
        yield

    async def main_loop(self) -> None:
        """Until `stop`."""
        self._up.set()
        await self._stop.wait()

    async def serve_at(
        self, listener: socket.socket, within: contextlib.AbstractAsyncContextManager[object] | None = None
    ) -> None:
        """Serve until `stop`, `within` what the application needs around it; running requests get the grace."""
        try:
            async with within or contextlib.nullcontext():
                await self.serve(sockets=[listener])
        finally:
            self._up.set()  # nobody shall wait for what will not come
            self._ended.set()

    async def ready(self) -> None:
        """Wait until it answers, or has ended."""
        await self._up.wait()

    async def stop(self) -> None:
        """End it, and wait for the end."""
        self._stop.set()
        await self._ended.wait()
