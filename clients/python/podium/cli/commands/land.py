"""`podium land`."""

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.resolve import resolve_pod


@click.command()
@click.argument("task", required=False)
@click.option("--pr", "landing", flag_value="pull_request", help="Push it, and open a pull request for it.")
@click.option("--target", "landing", flag_value="target", help="On the target branch, though the rule is otherwise.")
@command
async def land(cli: Cli, task: str | None, landing: str | None) -> None:
    """Land approved work again, after what blocked it was put right.

    Of work that waits in a pull request it looks whether that was merged. Repeating is safe.
    """
    async with cli.connect() as podium:
        pod_id = await resolve_pod(podium, task)
        done = await actions.land(podium, pod_id, landing or "")
    cli.out.show({"pod_id": pod_id, "done": done}, lambda: done)
