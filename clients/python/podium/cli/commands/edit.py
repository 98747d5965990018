"""`podium edit`."""

import click

from podium.cli import actions, texts
from podium.cli.common import Cli, command
from podium.cli.resolve import resolve_pod
from podium.cli.terminal import edit as in_editor
from podium.cli.views import plan_text


@click.command()
@click.argument("document", type=click.Choice(["spec", "plan"]))
@click.argument("task", required=False)
@click.option("--file", "file", metavar="FILE", help="Take it from a file (- for standard input) instead of $EDITOR.")
@command
async def edit(cli: Cli, document: str, task: str | None, file: str | None) -> None:
    """Edit the spec (markdown) or the plan (TOML) in $EDITOR and submit it; an approved one is reopened."""
    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task))
        before = pod.spec.content if document == "spec" else plan_text.to_text(pod.plan)
        text = texts.read(file) if file else await in_editor(before, ".md" if document == "spec" else ".toml")
        if text is None:
            done = "nothing changed"
        elif document == "spec":
            done = await actions.submit_spec(podium, pod, text)
        else:
            done = await actions.submit_plan(podium, pod, text)
    cli.out.show({"pod_id": pod.pod_id, "document": document, "done": done}, lambda: done)
