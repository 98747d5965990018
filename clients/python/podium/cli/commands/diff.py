"""`podium diff`."""

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.diffs import fetch
from podium.cli.resolve import find_workstream, resolve_pod


@click.command()
@click.argument("task", required=False)
@click.option("-w", "--workstream", help="Only what this one changed.")
@click.option("--stat", is_flag=True, help="Files and counts only.")
@command
async def diff(cli: Cli, task: str | None, workstream: str | None, stat: bool) -> None:
    """Show what a pod changed against its base, once the work is verified."""
    async with cli.connect() as podium:
        pod_id = await resolve_pod(podium, task)
        name = find_workstream(await actions.get_pod(podium, pod_id), workstream).id if workstream else ""
        found = await fetch(podium, pod_id, name)
    data = {
        "pod_id": pod_id,
        "workstream_id": name,
        "commit": found.commit,
        "stat": found.stat,
        "diff": found.text,
        "truncated": found.truncated,
    }
    if cli.out.as_json or stat:
        cli.out.show(data, found.stat.rstrip)
        return
    from podium.cli.views.diff import render

    if cli.out.console.is_terminal:
        cli.out.console.print(render(found.text), soft_wrap=True)
    else:
        click.echo(found.text, nl=False)  # byte for byte: `podium diff | git apply`
    if found.truncated:
        click.echo("the rest is longer than what is kept: look at the integration branch", err=True)
