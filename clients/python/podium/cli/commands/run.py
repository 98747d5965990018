"""`podium run`."""

from typing import TYPE_CHECKING

import click

from podium.cli import exits, opening, profiles, reaching, repository, texts, trust
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.following import follow
from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2


@click.command()
@click.argument("text", required=False, metavar="[TEXT|-]")
@click.option("--file", "file", metavar="FILE", help="The task is in a file.")
@click.option("--repo", default=".", metavar="PATH|URL", help="The repository; default: the one around this directory.")
@click.option("--base", default="", metavar="BRANCH", help="Start from and land on it; default: the one checked out.")
@click.option("--agent", metavar="PROFILE", help="Which agent; default: the repository's setting, or the only one.")
@click.option("--quick", is_flag=True, help="No spec, no plan: one workstream, at once.")
@click.option("--autonomy", type=click.Choice(["guided", "autonomous"]), default="guided", show_default=True)
@click.option("--budget", default="", metavar="LIMITS", help="tokens=500k,cost=5,time=2h; autonomous work needs one.")
@click.option("--pr", is_flag=True, help="Land by a pull request, not on the branch itself.")
@click.option("--task", "number", type=int, metavar="N", help="A task that is there already.")
@click.option("-d", "--detach", is_flag=True, help="Only begin; do not follow.")
@command
async def run(
    cli: Cli, text: str | None, file: str | None, number: int | None, quick: bool, detach: bool, pr: bool, **how: str
) -> int:
    """Hand over a task and follow it until it has landed.

    At a terminal it asks what it needs: approve, edit, send back, answer; Ctrl-C leaves it running. Elsewhere it
    prints lines and ends with exit code 7 when a person is needed.
    """
    words = _words(text, file)
    if (words and number is not None) or (not words and number is None):
        raise CliError("say what is to be done: TEXT, --file FILE, - (standard input), or --task N", code=exits.USAGE)
    place = repository.locate(how["repo"])
    repository.ensure_base(place, how["base"])
    await trust.ensure(cli.installation, place, how["base"])
    if reaching.begin(cli.installation):
        cli.out.say("[dim]Podium started[/]")
    async with cli.connect() as podium:
        profile = profiles.choose(
            how["agent"],
            place.agent,
            await profiles.offered(podium),
            profiles.scripted(cli.installation.config_file),
        )
        order = opening.Order(
            text=words,
            profile=profile,
            quick=quick,
            autonomous=how["autonomy"] == "autonomous",
            budget=how["budget"],
            base_branch=how["base"],
            pull_request=pr,
        )
        pod = await _open(podium, place, number, order)
        if detach:
            cli.out.show(plain(pod), lambda: f"#{pod.number} is on its way; follow it with `podium watch {pod.number}`")
            return exits.OK
        about = {"title": pod.title, "profile": profile, "place": place.location}
        cli.out.say(f"[bold cyan]#{pod.number}[/] [bold]{{title}}[/] · {{profile}} · {{place}}", **about)
        return await follow(cli, podium, pod.pod_id, ask=True)


def _words(text: str | None, file: str | None) -> str:
    if text and file:
        raise CliError("either TEXT or --file, not both", code=exits.USAGE)
    if file or text == "-":
        return texts.read(file or "-").strip()
    return (text or "").strip()


async def _open(
    podium: "Podium", place: repository.Repository, number: int | None, order: opening.Order
) -> "pod_pb2.Pod":
    opening.policy_of(order)  # what is wrong with it is said before there is a task
    await opening.ensure_project(podium, place)
    if number is None:
        return await opening.open_with_task(podium, place, order)
    task = await opening.find_task(podium, place.project_id, number)
    order = opening.with_text(order, task.prompt or task.description or task.title)
    return await opening.open_pod(podium, place, task, order)
