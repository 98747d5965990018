"""`podium up`."""

import os

import click

from podium.cli import supervision
from podium.cli.common import Cli, command


@click.command()
@click.option("--foreground", is_flag=True, help="Stay here and say what happens; Ctrl-C stops everything.")
@command
def up(cli: Cli, foreground: bool) -> None:
    """Start the services of this machine, supervised, in the background."""
    if foreground:
        arguments = [*supervision.supervisor_command(cli.installation), "--foreground"]
        os.execv(arguments[0], arguments)  # noqa: S606 - becomes the supervisor
    started = supervision.start(cli.installation)
    state = supervision.read_state(cli.installation)
    services = [service["name"] for service in state["services"]]
    data = {"started": started, "data_dir": str(cli.installation.data_dir), "services": services}
    word = "is up" if started else "is up already"
    cli.out.show(data, lambda: f"Podium {word}: {', '.join(services)} ({cli.installation.data_dir})")
