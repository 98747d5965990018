"""Doors of a sandbox: single loopback ports of this machine, let through from outside."""

import asyncio
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from podium.chassis.tasks import TaskSet

_log = logging.getLogger(__name__)

_LOOPBACK = "127.0.0.1"
_BUFFER_BYTES = 64 * 1024
_CONNECTIONS = 200
"""Connections of one sandbox that are open at once; further ones are closed."""


class Doors:
    """The doors of one sandbox. `open` before its process starts, `close` after its end."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._folder: Path | None = None
        self._ports = tuple(ports)
        self._tasks = TaskSet("doors")
        self._servers: list[asyncio.Server] = []
        self._waiting: socket.socket | None = None

    async def open(self) -> Path:
        """Wait, from now on, for the helper inside to hand its sockets over; where it does. Raises OSError."""
        # Not in the agent's folder: a socket's path may have some hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="podium-door-"))
        path = self._folder / "s"
        waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._waiting = waiting
        waiting.bind(os.fspath(path))
        waiting.listen(1)
        self._tasks.spawn(self._receive(waiting), name="handover")
        return path

    async def _receive(self, waiting: socket.socket) -> None:
        """Take the sockets, once."""
        loop = asyncio.get_running_loop()
        helper, _ = await loop.sock_accept(waiting)
        with helper:
            await _readable(helper)
            _, descriptors, _, _ = socket.recv_fds(helper, 1, len(self._ports))
            listeners = [socket.socket(fileno=descriptor) for descriptor in descriptors]
            for listener, port in zip(listeners, self._ports, strict=True):
                listener.setblocking(False)
                self._servers.append(await asyncio.start_server(self._visitor(port), sock=listener))
            await loop.sock_sendall(helper, b"k")

    def _visitor(self, port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._tasks) >= _CONNECTIONS:
                writer.close()
            else:
                self._tasks.spawn(_let_through(reader, writer, port), name=f"through {port}")

        return visit

    async def close(self) -> None:
        """Close every door, and what goes through."""
        for server in self._servers:
            server.close()
        await self._tasks.close()
        if self._waiting is not None:
            self._waiting.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sock.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock.fileno())


async def _let_through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Let bytes through both ways until both sides have ended."""
    try:
        out_reader, out_writer = await asyncio.open_connection(_LOOPBACK, port)
    except OSError as error:
        _log.debug("door %d: %s", port, error)
        writer.close()
        return
    try:
        await asyncio.gather(_copy(reader, out_writer), _copy(out_reader, writer))
    except OSError as error:
        _log.debug("door %d: %s", port, error)
    finally:
        out_writer.close()
        writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_BUFFER_BYTES):
        target.write(data)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()
