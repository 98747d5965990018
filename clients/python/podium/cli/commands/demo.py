"""`podium demo`."""

import click

from podium.cli.common import Cli, command


@click.command()
@click.option("--keep", is_flag=True, help="Leave repository and data directory for you to look at.")
@command
def demo(cli: Cli, keep: bool) -> None:
    """See a whole run on a sample repository, without any model: real services, worktrees, commits, checks."""
    from podium.cli.demo import run
    from podium.cli.output import interactive

    run(cli.out, terminal=interactive(), keep=keep)
