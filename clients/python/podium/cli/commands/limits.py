"""`podium limits`."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click

from podium.cli import config_file
from podium.cli.common import Cli, command
from podium.cli.reaching import is_served
from podium.cli.resolve import list_pods
from podium.cli.views.plain import word

if TYPE_CHECKING:
    from rich.console import Group

    from podium.client.connection import Podium
    from podium.events.v1 import event_pb2
    from podium.pods.v1 import pod_pb2

MOST = 1000
_TAKEN_SECONDS, _AWAY_SECONDS = 10.0, 3.0
"""How long to wait for a runner to hear of it; for one that is not there, which may be just restarting."""
_LOOK_SECONDS = 0.2


@click.command()
@click.argument("agents", type=click.IntRange(1, MOST), required=False, metavar="[AGENTS]")
@command
async def limits(cli: Cli, agents: int | None) -> None:
    """Show how many agents may run at once, over all pods; with a number, set it for this machine's runner.

    It takes effect at once, without a restart. Lowering it ends nothing: agents that run go on, and new ones start when
    there is room again. Which pod comes first: `podium policy TASK priority=high`, then the older one.

    The number stands in podium.toml as `capacity` under [runner]; a runner on another machine has a file of its own.
    How many agents one pod may have: `podium policy TASK max_parallel_agents=5`.
    """
    if agents is not None:
        config_file.set_number(cli.installation.config_file, "runner", "capacity", agents)
        if not is_served(cli.installation):
            data: dict[str, Any] = {"agents": agents, "running": 0, "waiting": 0, "runners": []}
            cli.out.show(data, lambda: f"{agents} agents at once, as soon as Podium is up")
            return
    async with cli.connect() as podium:
        runners = await _taken(cli, podium, agents) if agents is not None else await _runners(podium)
        pods = await list_pods(podium, unfinished_only=True)
    rows = [_row(lease) for lease in runners]
    data = {
        "agents": sum(row["agents"] for row in rows),
        "running": sum(pod.agents_running for pod in pods),
        "waiting": sum(_waiting(pod) for pod in pods),
        "runners": rows,
    }
    cli.out.show(data, lambda: _render(data))


async def _runners(podium: "Podium") -> "list[event_pb2.Lease]":
    from podium.events.v1 import event_service_pb2

    answer = await podium.event_store.ListLeases(event_service_pb2.ListLeasesRequest())
    return [lease for lease in answer.leases if lease.metadata["service"] == "runner"]


async def _taken(cli: Cli, podium: "Podium", agents: int) -> "list[event_pb2.Lease]":
    """The runners, once this machine's has heard of it; a warning where it does not."""
    own = str(config_file.read(cli.installation.config_file).get("runner", {}).get("id", "")) or "runner-1"
    begin = time.monotonic()
    while True:
        runners = await _runners(podium)
        mine = [lease for lease in runners if lease.name == own]
        if any(lease.metadata["capacity"] == str(agents) for lease in mine):
            return runners
        if time.monotonic() - begin > (_TAKEN_SECONDS if mine else _AWAY_SECONDS):
            state = "has not taken it yet" if mine else "is not there; it finds the number when it starts"
            cli.out.warn(f"{own} {state} ({cli.installation.config_file})")
            return runners
        await asyncio.sleep(_LOOK_SECONDS)


def _row(lease: "event_pb2.Lease") -> dict[str, Any]:
    offers = lease.metadata
    return {
        "runner": lease.name,
        "agents": int(offers["capacity"] or 0),
        "pools": offers["pools"].split(",") if offers["pools"] else [],
        "profiles": offers["profiles"].split(",") if offers["profiles"] else [],
    }


def _waiting(pod: "pod_pb2.PodSummary") -> int:
    """Agents that no runner has taken yet."""
    return sum(word(each, "kind") == "RUNNER" and each.subject.startswith("agent") for each in pod.waiting_on)


def _render(data: dict[str, Any]) -> "Group":
    from rich.console import Group
    from rich.text import Text

    from podium.cli.views.board import runners_table

    words = f"{data['running']} of at most {data['agents']} agents run"
    if data["waiting"]:
        words += f"; {data['waiting']} wait for a runner"
    if not data["runners"]:
        return Group(Text("no runner is there, so no agent starts; `podium status` shows what runs"))
    return Group(runners_table(data["runners"]), Text(f"\n{words}"))
