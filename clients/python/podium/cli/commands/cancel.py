"""`podium cancel`."""

import click

from podium.cli.common import Cli, command
from podium.cli.resolve import resolve_pod


@click.command()
@click.argument("task")
@click.option("--reason", default="", help="Kept with it.")
@command
async def cancel(cli: Cli, task: str, reason: str) -> None:
    """Give a pod up: its agents are ended, its worktrees released. The task must be named."""
    from podium.pods.v1 import pod_service_pb2

    async with cli.connect() as podium:
        pod_id = await resolve_pod(podium, task)
        await podium.pods.CancelPod(pod_service_pb2.CancelPodRequest(pod_id=pod_id, reason=reason))
    cli.out.show({"pod_id": pod_id, "cancelled": True}, lambda: f"{task} is cancelled")
