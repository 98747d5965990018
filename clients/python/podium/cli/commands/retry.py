"""`podium retry`."""

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.workstreams import pod_and_workstream


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="[TASK] WORKSTREAM")
@click.option("-m", "--message", "words", default="", help="What the next attempt should know.")
@command
async def retry(cli: Cli, names: tuple[str, ...], words: str) -> None:
    """Let a workstream try again, with words for the next attempt if you like."""
    async with cli.connect() as podium:
        pod, workstream = await pod_and_workstream(podium, names)
        done = await actions.retry(podium, pod.pod_id, workstream.id, words)
    cli.out.show({"pod_id": pod.pod_id, "workstream_id": workstream.id, "done": done}, lambda: done)
