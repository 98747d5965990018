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
@click.option("--until-waiting", is_flag=True, help="End with exit code 7 as soon as a person is needed.")
@click.option("--notify-command", metavar="COMMAND", help="Run it when the pod begins to need a person (see board).")
@command
async def watch(cli: Cli, task: str | None, no_ask: bool, until_waiting: bool, notify_command: str | None) -> int:
    """Follow a pod live until it has ended; at a terminal, decide what waits for you. Ctrl-C leaves it running."""
    async with cli.connect() as podium:
        return await follow(
            cli,
            podium,
            await resolve_pod(podium, task),
            ask=not no_ask and not until_waiting,
            patient=not until_waiting,
            past=_PAST,
            notify_command=notify_command,
        )
