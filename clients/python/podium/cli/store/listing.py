"""`podium store streams` and `podium store leases`."""

import time
from typing import TYPE_CHECKING

import click

from podium.cli.common import Cli, command
from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from podium.events.v1.event_service_pb2 import StreamInfo


@click.command()
@click.argument("prefix", default="")
@click.option("-n", "--limit", type=click.IntRange(min=0), default=1000, show_default=True, help="At most; 0: all.")
@command
async def streams(cli: Cli, prefix: str, limit: int) -> None:
    """List the streams whose names begin with PREFIX: revision, oldest revision kept, position of the last event."""
    found: list[StreamInfo] = []
    more = False
    async with cli.connect() as podium:
        async for info in podium.events.list_streams(prefix):
            if limit and len(found) == limit:
                more = True
                break
            found.append(info)

    def render() -> "RenderableType":
        from rich.table import Table

        if not found:
            return f"no streams that begin with {prefix}" if prefix else "no streams yet"
        table = Table("stream", "revision", "from", "position", box=None, pad_edge=False)
        for info in found:
            numbers = (info.revision, info.oldest_revision, info.last_position)
            table.add_row(info.stream, *map(str, numbers))
        return table

    cli.out.show([plain(info) for info in found], render)
    if more:
        cli.out.say(f"[dim]… there is more: give a longer PREFIX, or -n 0 for all ({limit} shown)[/]")


@click.command()
@command
async def leases(cli: Cli) -> None:
    """List the live leases: who serves where, since when, and what it offers."""
    from podium.events.v1.event_service_pb2 import ListLeasesRequest

    async with cli.connect() as podium:
        answer = await podium.event_store.ListLeases(ListLeasesRequest())

    def render() -> "RenderableType":
        from podium.cli.views import board

        return board.leases_table(list(answer.leases), time.time()) if answer.leases else "nobody holds a lease"

    cli.out.show([plain(lease) for lease in answer.leases], render)
