"""`podium skip`."""

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.workstreams import pod_and_workstream


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="[TASK] WORKSTREAM")
@click.option("-m", "--message", "words", default="", help="Why.")
@command
async def skip(cli: Cli, names: tuple[str, ...], words: str) -> None:
    """Go on without a workstream: those after it may start."""
    async with cli.connect() as podium:
        pod, workstream = await pod_and_workstream(podium, names)
        done = await actions.skip(podium, pod.pod_id, workstream.id, words)
    cli.out.show({"pod_id": pod.pod_id, "workstream_id": workstream.id, "done": done}, lambda: done)
