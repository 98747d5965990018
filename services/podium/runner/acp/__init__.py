"""Agents that speak the Agent Client Protocol: the runner is their client, over the pipes of their process.

`turns` is what the rest of the runner uses, loaded by `agents.life` for the first such agent: the protocol's package
takes most of a second and 40 MB, which people without one shall not pay.
"""
