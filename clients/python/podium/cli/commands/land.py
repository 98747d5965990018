"""`podium land`."""

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.resolve import resolve_pod


@click.command()
@click.argument("task", required=False)
@command
async def land(cli: Cli, task: str | None) -> None:
    """Land approved work again, after what blocked it was put right."""
    async with cli.connect() as podium:
        pod_id = await resolve_pod(podium, task)
        done = await actions.land(podium, pod_id)
    cli.out.show({"pod_id": pod_id, "done": done}, lambda: done)
