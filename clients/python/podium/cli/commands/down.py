"""`podium down`."""

import click

from podium.cli import supervision
from podium.cli.common import Cli, command


@click.command()
@command
def down(cli: Cli) -> None:
    """Stop all services; nothing that was acknowledged is lost."""
    stopped = supervision.stop(cli.installation)
    data = {"stopped": stopped, "data_dir": str(cli.installation.data_dir)}
    cli.out.show(data, lambda: "Podium is down" if stopped else "Podium was not running")
