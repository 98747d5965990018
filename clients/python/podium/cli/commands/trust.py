"""`podium trust`."""

import click

from podium.cli import exits, repository, trust
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.output import interactive


@click.command("trust")
@click.option("--repo", default=".", metavar="PATH|URL", help="The repository; default: the one around this directory.")
@click.option("--base", default="", metavar="BRANCH", help="Of which branch; default: the one checked out.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@command
async def trust_(cli: Cli, repo: str, base: str, yes: bool) -> None:
    """Let a repository's .podium.toml, as it stands, run its commands here; at a terminal they are shown first.

    Needed for repositories by URL, and for all where `trust_repository = "ask"`. Each new content is asked for anew.
    """
    place = repository.locate(repo)
    wish = trust.wish_of(place, base)
    if wish is None:
        data = {"repository": place.location, "digest": "", "commands": [], "trusted": True}
        cli.out.show(data, lambda: f"{place.location} runs nothing: there is nothing to trust")
        return
    known = trust.is_confirmed(cli.installation, wish)
    if not known and not yes and interactive() and not await trust.says_yes(wish):
        raise CliError("not trusted", code=exits.REFUSED)
    trust.confirm(cli.installation, wish)
    data = {
        "repository": wish.location,
        "digest": wish.digest,
        "commands": [{"key": key, "command": text} for key, text in wish.commands],
        "trusted": True,
    }
    cli.out.show(data, lambda: f"{wish.location} may run, until its {trust.FILE_NAME} changes:\n{wish.text()}")
