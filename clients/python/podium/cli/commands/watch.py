"""`podium watch`."""

import click

from podium.cli.common import Cli, command
from podium.cli.following import follow
from podium.cli.resolve import resolve_pod

_PAST = 20
"""So many events of what was before are told."""


@click.command()
@click.argument("task", required=False)
@click.option("--no-ask", is_flag=True, help="Only look, even at a terminal.")
@command
async def watch(cli: Cli, task: str | None, no_ask: bool) -> int:
    """Follow a pod live until it has ended; at a terminal, decide what waits for you. Ctrl-C leaves it running."""
    async with cli.connect() as podium:
        return await follow(cli, podium, await resolve_pod(podium, task), ask=not no_ask, patient=True, past=_PAST)
