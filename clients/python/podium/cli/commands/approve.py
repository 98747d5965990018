"""`podium approve`."""

import click

from podium.cli import actions, exits
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.resolve import resolve_pod
from podium.cli.waiting import the_decision

_KINDS = ("spec", "plan", "review")


@click.command()
@click.argument("task", required=False)
@click.option("--version", "version", help="Only if this is what waits: the spec's or plan's version, or the commit.")
@click.option("--send-back", "words", metavar="WORDS", help="Do not approve: say what should be different.")
@click.option(
    "-w", "--workstream", "workstreams", multiple=True, help="With --send-back of a review: which; default all."
)
@click.option("--pr", is_flag=True, help="Of a review: land by a pull request.")
@command
async def approve(
    cli: Cli, task: str | None, version: str | None, words: str | None, workstreams: tuple[str, ...], pr: bool
) -> None:
    """Approve what waits: the spec, the plan or the review, in the version that stands now."""
    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task))
        decision = the_decision(pod, _KINDS)
        if version is not None and not decision.subject.startswith(version.removeprefix("v")):
            raise CliError(
                f"{decision.kind} {decision.subject} waits, not {version}",
                "look at it with `podium show`",
                exits.REFUSED,
            )
        if pr and (decision.kind != "review" or words is not None):
            raise CliError("--pr goes with the approval of a review", code=exits.USAGE)
        if words is None:
            done = await actions.approve(podium, pod.pod_id, decision, "pull_request" if pr else "")
        else:
            targets = workstreams or tuple(each.id for each in pod.workstreams)
            done = await actions.send_back(podium, pod, decision, words, targets)
    cli.out.show({"pod_id": pod.pod_id, "kind": decision.kind, "subject": decision.subject, "done": done}, lambda: done)
