"""`podium open`."""

import click

from podium.cli import exits, supervision, web
from podium.cli.common import Cli, command
from podium.cli.exits import CliError


@click.command("open")
@click.option("--print", "only_print", is_flag=True, help="Print the address instead; it signs in once, for 5 minutes.")
@command
def open_(cli: Cli, only_print: bool) -> None:
    """Open the web interface, signed in."""
    if not supervision.is_running(cli.installation):
        where = cli.installation.data_dir
        raise CliError(f"Podium is not running in {where}", "start it with `podium up`", exits.UNAVAILABLE)
    gateway = web.required(cli.installation)
    url = web.sign_in_url(cli.installation, gateway)
    opened = not only_print and _open(url)
    cli.out.item({"url": url, "opened": opened, "ui": gateway.has_ui}, "Opened in your browser" if opened else url)
    if not gateway.has_ui and not only_print:
        cli.out.say(web.NOT_BUILT)


def _open(url: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
