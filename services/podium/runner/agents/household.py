"""What all lives of a runner's agents share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from podium.pods.v1.pod_pb2 import Pod
from podium.runner.agents.live import LiveAgent
from podium.runner.mcp.access import McpEndpoint
from podium.runner.processes.journal import Journal
from podium.runner.terminals.terminals import Terminals
from podium.runner.workspaces.service import Workspaces


@dataclass(frozen=True)
class Household:
    """What all lives share."""

    workspaces: Workspaces
    journal: Journal
    address: str
    """The local endpoint."""
    commands: Path
    clock: Callable[[], float]
    grace_seconds: float
    mcp: McpEndpoint
    """Podium's tools for sessions: `await mcp.server_for(agent)`."""
    pod_of: Callable[[LiveAgent], Awaitable[Pod | None]]
    """An agent's pod as it stands now; None where it cannot be reached."""
    terminals: Terminals | None = None
    """What shows people the agents that run in a terminal."""
