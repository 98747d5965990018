"""The HTTP server: uvicorn inside a process that has its own life."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn

from podium.gateway.asgi import App
from podium.gateway.edge.address import BACKLOG

_INCOMPLETE_BYTES = 64 * 1024
"""Of a request's head that is still arriving."""

_KEEP_ALIVE_SECONDS = 75


class HttpServer(uvicorn.Server):
    """uvicorn under a process that handles signals itself, and that is not woken ten times a second to look around."""

    def __init__(self, app: App, *, grace_seconds: float, max_connections: int) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # the shell says when it starts and stops
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http="h11",
                ws="none",
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
        self._stop = asyncio.Event()
        self._ended = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process' shell has the signals."""
        yield

    async def main_loop(self) -> None:
        """Until `stop`."""
        await self._stop.wait()

    async def serve_at(self, listener: socket.socket) -> None:
        """Serve until `stop`; running requests get the grace."""
        try:
            await self.serve(sockets=[listener])
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """End it, and wait for the end."""
        self._stop.set()
        await self._ended.wait()
