"""`podium up`."""

import os
from typing import Any

import click

from podium.cli import exits, reaching, supervision, web
from podium.cli.common import Cli, command
from podium.cli.exits import CliError

_GATEWAY_SECONDS = 0.5
"""The gateway says where it serves before the others are ready; nobody waits for it much longer."""


@click.command()
@click.option("--foreground", is_flag=True, help="Stay here and say what happens; Ctrl-C stops everything.")
@command
def up(cli: Cli, foreground: bool) -> None:
    """Start the services of this machine, supervised, in the background."""
    if reaching.is_served_alone(cli.installation):
        hint = "stop those first, or choose another --data-dir"
        raise CliError("services run here already, each by `podium serve`", hint, exits.REFUSED)
    if foreground:
        arguments = [*supervision.supervisor_command(cli.installation), "--foreground"]
        os.execv(arguments[0], arguments)  # noqa: S606 - becomes the supervisor
    started = supervision.start(cli.installation)
    gateway = web.find(cli.installation, _GATEWAY_SECONDS)
    state = supervision.read_state(cli.installation)
    services = [service["name"] for service in state["services"]]
    failing = supervision.failing(state)
    url = web.sign_in_url(cli.installation, gateway)
    data: dict[str, Any] = {
        "started": started,
        "data_dir": str(cli.installation.data_dir),
        "services": services,
        "url": url,
    }
    data["failing"] = [{key: service[key] for key in ("name", "last_exit", "log")} for service in failing]
    word = "is up" if started else "is up already"
    cli.out.show(data, lambda: f"Podium {word}: {', '.join(services)} ({cli.installation.data_dir})")
    for service in failing:
        cli.out.warn(f"{service['name']} does not start ({service['last_exit']}), the rest works; see {service['log']}")
    if not cli.out.as_json and (url or not failing):
        cli.out.item(None, f"  {url}" if url else "  the web gateway comes in a moment: podium open")
    if gateway is not None and not gateway.has_ui:
        cli.out.say(f"  [dim]{web.NOT_BUILT}[/]")
