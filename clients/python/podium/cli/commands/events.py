"""`podium events`."""

from typing import TYPE_CHECKING

import click

from podium.cli.common import Cli, command
from podium.cli.history import all_events
from podium.cli.resolve import resolve_pod

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("task", required=False)
@click.option("-n", "--last", default=0, help="Only the last so many.")
@click.option("--after", default=0, help="Only those after this revision.")
@command
async def events(cli: Cli, task: str | None, last: int, after: int) -> None:
    """Show a pod's events: what happened, when, by whom."""
    from podium.cli import actions
    from podium.cli.screens import event_data
    from podium.cli.views.narration import name_of, tell

    async with cli.connect() as podium:
        pod_id = await resolve_pod(podium, task)
        pod = await actions.get_pod(podium, pod_id)
        found = (await all_events(podium, pod_id, after))[-last:]

    def render() -> "RenderableType":
        from podium.cli.views import board

        return board.events_table([(event, name_of(event), tell(event, pod)) for event in found])

    cli.out.show([event_data(event) for event in found], render)
