"""What the tests of Podium's tools share: agents that live until they are told to end, and an MCP client."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from podium.agents.v1.agent_service_pb2_grpc import AgentServiceServicer
from podium.runner.agents.live import LiveAgent
from podium.runner.mcp.access import McpEndpoint, ToolAccess
from tests.runner.house import House

UNTIL_END = {"kind": "command", "command": ["/bin/sh", "-c", "while ! test -e end; do sleep 0.05; done"]}
WAITS = {"it": UNTIL_END, "hasty": {**UNTIL_END, "settle_seconds": 0}}


class Seen(McpEndpoint):
    """The runner's own endpoint, where a test can get at it."""

    last: "Seen"
    living: Mapping[str, LiveAgent]

    def speak_for(self, agents: Mapping[str, LiveAgent], service: AgentServiceServicer) -> None:
        super().speak_for(agents, service)
        self.living = agents
        Seen.last = self

    async def of(self, agent_id: str) -> ToolAccess:
        return await self.server_for(self.living[agent_id])


async def living(at_home: House, agent_id: str = "agent_1", kind: str = "worker", **more: Any) -> ToolAccess:
    """An agent whose process runs; what it says comes by MCP."""
    await at_home.launch(agent_id, kind, **more)
    await at_home.pods.report(agent_id, "started")
    return await Seen.last.of(agent_id)


@asynccontextmanager
async def session(given: ToolAccess) -> AsyncIterator[ClientSession]:
    """What an agent's own MCP client does."""
    async with (
        httpx2.AsyncClient(headers=dict(given.headers), timeout=40.0) as http,
        streamable_http_client(given.url, http_client=http) as streams,
        ClientSession(streams[0], streams[1]) as made,
    ):
        await made.initialize()
        yield made


async def call(given: ToolAccess, name: str, **arguments: Any) -> CallToolResult:
    async with session(given) as opened:
        return await opened.call_tool(name, arguments)


def words(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text
