"""`podium open`."""

import click

from podium.cli import web
from podium.cli.common import Cli, command


@click.command("open")
@click.option("--print", "only_print", is_flag=True, help="Print the address instead; it signs in once, for 5 minutes.")
@command
def open_(cli: Cli, only_print: bool) -> None:
    """Open the web interface, signed in."""
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
