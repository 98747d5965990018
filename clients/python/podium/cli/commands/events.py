"""`podium events`."""

from typing import TYPE_CHECKING

import click

from podium.cli.common import Cli, command
from podium.cli.resolve import resolve_pod

if TYPE_CHECKING:
    from rich.console import RenderableType

    from podium.client.connection import Podium
    from podium.pods.v1 import pod_service_pb2

_PAGE = 500


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


async def all_events(podium: "Podium", pod_id: str, after: int = 0) -> "list[pod_service_pb2.PodEvent]":
    """The events of a pod after a revision, at most 100,000."""
    from podium.pods.v1 import pod_service_pb2 as calls

    found: list[pod_service_pb2.PodEvent] = []
    for _ in range(200):
        request = calls.ListPodEventsRequest(pod_id=pod_id, after_revision=after, page_size=_PAGE)
        page = (await podium.pods.ListPodEvents(request)).events
        found += page
        if len(page) < _PAGE:
            break
        after = page[-1].revision
    return found
