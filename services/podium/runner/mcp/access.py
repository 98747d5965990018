"""Where a session finds Podium's tools: the address and the agent's own token. The server starts with the first one."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from podium.agents.v1.agent_service_pb2_grpc import AgentServiceServicer
from podium.chassis.identity import Authenticator
from podium.chassis.sockets import BACKLOG
from podium.chassis.tasks import TaskSet
from podium.runner.agents.live import LiveAgent

if TYPE_CHECKING:
    from podium.runner.mcp.server import ToolServer

_log = logging.getLogger(__name__)

SERVER_NAME = "podium"
"""The name under which a session gets the tools; agents show it before the tool's name."""
HOST = "127.0.0.1"
PATH = "/mcp"


@dataclass(frozen=True, slots=True)
class ToolAccess:
    """What an ACP session is given: an MCP server over HTTP."""

    name: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    """They carry the agent's token: not for logs."""


class McpEndpoint:
    """The runner's MCP server. It starts when it is first asked for, and then stays until the runner stops."""

    def __init__(self, key: bytes) -> None:
        self._authenticator = Authenticator(key)
        self._agents: Mapping[str, LiveAgent] = {}
        self._service: AgentServiceServicer | None = None
        self._starting = asyncio.Lock()
        self._listener: socket.socket | None = None
        self._server: ToolServer | None = None
        self._tasks: TaskSet | None = None

    def speak_for(self, agents: Mapping[str, LiveAgent], service: AgentServiceServicer) -> None:
        """Say once who may call, and what answers. Before that nobody lives who could."""
        self._agents, self._service = agents, service

    async def server_for(self, agent: LiveAgent) -> ToolAccess:
        """How an agent's session reaches the tools. Starts the server where it does not run yet.

        Raises OSError where no port of this machine can be listened at.
        """
        async with self._starting:
            if self._server is None:
                await self._start()
        headers = {"Authorization": f"Bearer {agent.record.token}"}
        return ToolAccess(SERVER_NAME, f"http://{HOST}:{self.port}{PATH}", headers)

    def reserve(self) -> int:
        """The port that the server listens at, or will: calls that come early wait. Raises OSError."""
        if self._listener is None:
            self._listener = socket.create_server((HOST, 0), backlog=BACKLOG)
        return self.port

    @property
    def port(self) -> int:
        """The port that the server listens at; 0 before one is reserved."""
        return 0 if self._listener is None else int(self._listener.getsockname()[1])

    async def _start(self) -> None:
        # Loading takes most of a second: in a thread, so that leases are renewed meanwhile.
        make = await asyncio.to_thread(_load)
        assert self._service is not None
        port = self.reserve()
        assert self._listener is not None
        server = make(self._authenticator, self._agents, self._service, port)
        self._tasks = tasks = TaskSet("mcp")
        # A copy of the socket: sessions know the port, so a server that failed is started anew on the same one.
        tasks.spawn(self._serve(server, self._listener.dup()), name="mcp")
        await server.ready()
        self._server = server
        _log.info("tools for agents at http://%s:%d%s", HOST, self.port, PATH)

    async def _serve(self, server: "ToolServer", listener: socket.socket) -> None:
        """Until its end; where nobody wanted that, the next session starts another one."""
        try:
            await server.serve(listener)
        finally:
            if self._server is server:
                self._server = None

    async def stop(self) -> None:
        """End the server; calls that are waiting for a person end with it."""
        server, tasks = self._server, self._tasks
        self._server = self._tasks = None
        if server is not None:
            await server.stop()
        if tasks is not None:
            await tasks.close()
        if self._listener is not None:
            self._listener.close()


def _load() -> "type[ToolServer]":
    from podium.runner.mcp.server import ToolServer

    return ToolServer
