"""`podium answer`."""

import click

from podium.cli import actions, exits
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.output import interactive
from podium.cli.resolve import names_a_pod, resolve_pod
from podium.cli.terminal import Lines
from podium.cli.waiting import the_decision


@click.command()
@click.argument("task", required=False)
@click.argument("text", required=False)
@click.option("--question", metavar="ID", help="Which, where several wait.")
@command
async def answer(cli: Cli, task: str | None, text: str | None, question: str | None) -> None:
    """Answer a question of an agent: one of its options (number or words), or free words."""
    if task is not None and text is None and not names_a_pod(task):
        task, text = None, task
    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task))
        decision = the_decision(pod, ("question",), question)
        if text is None:
            text = await _ask(cli, decision.body, decision.options)
        done = await actions.answer(podium, pod.pod_id, decision, text)
    cli.out.show({"pod_id": pod.pod_id, "question": decision.subject, "done": done}, lambda: done)


async def _ask(cli: Cli, body: str, options: tuple[str, ...]) -> str:
    if not interactive():
        raise CliError(f"the question is: {body}", "give the answer as second argument", exits.USAGE)
    click.echo(body)
    for index, option in enumerate(options, start=1):
        click.echo(f"  {index} {option}")
    click.echo("> ", nl=False)
    text = await Lines().read()
    if not text:
        raise CliError("nothing was answered", code=exits.USAGE)
    return text
