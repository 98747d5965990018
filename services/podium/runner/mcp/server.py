"""The MCP server over HTTP. Importing this module loads the `mcp` package: only `access` does, late."""

import json
import logging
import socket
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as McpTool
from starlette.types import Receive, Scope, Send

from podium.agents.v1.agent_service_pb2_grpc import AgentServiceServicer
from podium.chassis.http_server import HttpServer
from podium.chassis.identity import Authenticator
from podium.kernel.errors import Rejection
from podium.kernel.identity import CallerKind, Identity
from podium.runner.agents.live import LiveAgent
from podium.runner.mcp.access import HOST, PATH
from podium.runner.mcp.arguments import schema
from podium.runner.mcp.calling import call_tool
from podium.runner.mcp.tools import TOOLS
from podium.runner.verbs import offered

_REQUEST_BYTES = 1024 * 1024
_CONNECTIONS = 1000
_PER_AGENT = 16
"""Calls of one agent that may be under way: a question that waits is one."""
_STOP_SECONDS = 1
_IDENTITY = "podium.identity"
"""Where a request's scope holds who calls."""

_SAID = {
    401: ("UNAUTHENTICATED", "the token is not valid here; it was given to the session as the header Authorization"),
    403: ("CALLER_NOT_ALLOWED", "the tools are for agents that live here; this one has ended, or is none"),
    405: ("INVALID_FIELD", "POST a JSON-RPC request; there is no stream to GET and no session to DELETE"),
    429: ("TOO_MANY_REQUESTS", f"{_PER_AGENT} calls of this agent are under way; wait for one of them"),
}


class ToolServer:
    """Serves the tools to every agent of this runner; who calls, the token says.

    Each request stands for itself: nothing is remembered between them, so a server that was started anew goes on where
    the former one stopped.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        agents: Mapping[str, LiveAgent],
        service: AgentServiceServicer,
        port: int,
    ) -> None:
        self._authenticator = authenticator
        self._agents = agents
        self._service = service
        self._busy: Counter[str] = Counter()
        for noisy in ("mcp", "sse_starlette"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        hosts = [f"{HOST}:{port}", f"localhost:{port}"]
        security = TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts])
        server: Server[Any] = Server("podium", on_list_tools=self._list, on_call_tool=self._call)
        server.middleware.clear()  # spans of its own, for nobody
        self._sessions = StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            security_settings=security,
            max_request_body_size=_REQUEST_BYTES,
        )
        self._http = HttpServer(self._app, grace_seconds=_STOP_SECONDS, max_connections=_CONNECTIONS)

    async def serve(self, listener: socket.socket) -> None:
        """Serve until `stop`."""
        await self._http.serve_at(listener, within=self._sessions.run())

    async def ready(self) -> None:
        """Wait until it answers."""
        await self._http.ready()

    async def stop(self) -> None:
        """End it; what is under way gets a second."""
        await self._http.stop()

    # -- HTTP --------------------------------------------------------------------------------------------------------

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] != PATH:
            await _refuse(send, 404, "NOT_FOUND", f"the tools are at {PATH}")
            return
        identity = self._identify(scope)
        status = 401 if identity is None else 403 if identity.name not in self._agents else 0
        status = status or (405 if scope["method"] != "POST" else 0)
        if identity is None or status:
            await _refuse(send, status, *_SAID[status])
            return
        if self._busy[identity.name] >= _PER_AGENT:
            await _refuse(send, 429, *_SAID[429])
            return
        scope[_IDENTITY] = identity
        self._busy[identity.name] += 1
        try:
            await self._sessions.handle_request(scope, receive, send)
        finally:
            self._busy[identity.name] -= 1
            self._busy += Counter()  # forget those that rest

    def _identify(self, scope: Scope) -> Identity | None:
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")
        try:
            identity = self._authenticator.identify(given)
        except Rejection:
            return None
        return identity if identity.kind is CallerKind.AGENT else None

    # -- the protocol ------------------------------------------------------------------------------------------------

    async def _list(self, context: ServerRequestContext[Any], _: PaginatedRequestParams | None) -> ListToolsResult:
        agent = self._agents.get(_caller(context).name)
        verbs = offered(agent.record.order.launch.kind) if agent is not None else ()
        return ListToolsResult(tools=[_described(verb.tool) for verb in verbs])

    async def _call(self, context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        identity = _caller(context)
        agent = self._agents.get(identity.name)
        outcome = await call_tool(self._service, identity, agent, params.name, params.arguments or {})
        return CallToolResult(
            content=[TextContent(type="text", text=outcome.said.text)],
            structured_content=outcome.said.values,
            is_error=outcome.refused,
        )


def _described(name: str) -> McpTool:
    tool = TOOLS[name]
    return McpTool(
        name=name,
        description=tool.description,
        input_schema=schema(tool.arguments),
        annotations=ToolAnnotations(read_only_hint=tool.read_only, destructive_hint=False, open_world_hint=False),
    )


def _caller(context: ServerRequestContext[Any]) -> Identity:
    assert context.request is not None
    identity = context.request.scope[_IDENTITY]
    assert isinstance(identity, Identity)
    return identity


async def _refuse(send: Send, status: int, reason: str, message: str) -> None:
    """A refusal before the protocol: JSON-RPC's form of an error, for whoever reads it."""
    error = {"code": -32000 - status, "message": f"{reason}: {message}"}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 405:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
