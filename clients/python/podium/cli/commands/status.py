"""`podium status`."""

import time
from typing import TYPE_CHECKING, Any

import click

from podium.cli import exits, reaching, supervision
from podium.cli.common import Cli, command
from podium.cli.views.plain import plain
from podium.client import signin

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from podium.events.v1 import event_pb2


@click.command()
@command
async def status(cli: Cli) -> int:
    """Show the services: state, address, restarts, and the leases of those who live. Exit code 3: not running."""
    supervised = supervision.is_running(cli.installation)
    running = supervised or reaching.is_served(cli.installation)
    gateway = signin.find_gateway(cli.installation) if running and not reaching.elsewhere() else None
    state = supervision.read_state(cli.installation) if supervised else {}
    leases = await _leases(cli) if running else []
    data = {
        "running": running,
        "data_dir": str(cli.installation.data_dir),
        "version": state.get("version", ""),
        "phase": state.get("phase", "unsupervised" if running else "stopped"),
        "pid": state.get("pid", 0),
        "services": state.get("services", []),
        "leases": [plain(lease) for lease in leases],
        "url": gateway.url if gateway is not None else "",
    }
    cli.out.show(data, lambda: _render(data, leases))
    return exits.OK if running else exits.UNAVAILABLE


async def _leases(cli: Cli) -> "list[event_pb2.Lease]":
    from podium.client import PodiumError
    from podium.events.v1 import event_service_pb2

    async with cli.connect() as podium:
        try:
            answer = await podium.event_store.ListLeases(event_service_pb2.ListLeasesRequest(), timeout=2.0)
        except PodiumError:
            return []
    return list(answer.leases)


def _render(data: dict[str, Any], leases: "list[event_pb2.Lease]") -> "Group":
    from rich.console import Group
    from rich.text import Text

    from podium.cli.views import board

    if not data["running"]:
        return Group(Text(f"Podium is not running in {data['data_dir']}; `podium up` starts it"))
    parts: list[RenderableType] = []
    if data["services"]:
        head = f"Podium {data['version']} · {data['phase']} · process {data['pid']} · {data['data_dir']}\n"
        parts += [Text(head), board.services_table(data["services"])]
    else:
        where = ", ".join(reaching.elsewhere().values()) or data["data_dir"]
        parts += [Text(f"Podium runs without a supervisor of ours · {where}")]
    if data["url"]:
        parts += [Text(f"\nweb  {data['url']}  (podium open signs in)")]
    if leases:
        parts += [Text(""), board.leases_table(leases, time.time())]
    return Group(*parts)
