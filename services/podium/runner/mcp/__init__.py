"""Podium's tools for agents that speak the Model Context Protocol: `AgentService`, over streamable HTTP on loopback.

`access` is what the rest of the runner uses; it loads the other modules (and the `mcp` package, 30 MB and most of a
second) when the first session asks for the tools.
"""
