"""`podium up`."""

import os

import click

from podium.cli import supervision, web
from podium.cli.common import Cli, command

_GATEWAY_SECONDS = 0.5
"""The gateway says where it serves before the others are ready; nobody waits for it much longer."""


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
    url = web.sign_in_url(cli.installation, wait_seconds=_GATEWAY_SECONDS)
    data = {"started": started, "data_dir": str(cli.installation.data_dir), "services": services, "url": url}
    word = "is up" if started else "is up already"
    lines = [f"Podium {word}: {', '.join(services)} ({cli.installation.data_dir})"]
    lines.append(f"  {url}" if url else "  the web interface comes in a moment: podium open")
    cli.out.show(data, lambda: "\n".join(lines))
