"""`podium token`."""

import subprocess
import sys
from urllib.parse import urlsplit

import click

from podium.cli import exits, supervision
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.client import signin

_CODES = {1: exits.FAILED, 2: exits.USAGE}


@click.command()
@click.argument("name")
@click.option("--key-file", metavar="FILE", help="The key of the services; default: the one in the data directory.")
@click.option("--sign-in", "url", metavar="URL", help="Print an address that signs in at this gateway, once.")
@click.option("--save", is_flag=True, help="Keep it in the data directory, for the commands that are called here.")
@command
def token(cli: Cli, name: str, key_file: str | None, url: str | None, save: bool) -> None:
    """Make a person's token, where services are run by `podium serve`; NAME is who acts with it.

    It is signed with the services' key, and lasts as long as that does. On one machine `podium up` makes it by itself.
    """
    if save and supervision.is_running(cli.installation):
        raise CliError("`podium up` keeps the token of this installation", "leave out --save", exits.REFUSED)
    if url is not None and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc):
        raise CliError(f"{url!r} is no address of a gateway", "as in https://podium.example.org", exits.USAGE)
    made = _make(cli, name, key_file, save)
    address = signin.sign_in_url(url.rstrip("/"), made) if url else ""
    cli.out.item({"name": name, "token": made, "sign_in": address}, address or made)


def _make(cli: Cli, name: str, key_file: str | None, save: bool) -> str:
    words = [sys.executable, "-m", "podium.supervisor.tokens", "--data-dir", str(cli.installation.data_dir)]
    words += ["--key-file", key_file] if key_file else []
    words += ["--save"] if save else []
    done = subprocess.run([*words, "--", name], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or f"it ended with {done.returncode}"
        raise CliError(said.splitlines()[-1], code=_CODES.get(done.returncode, exits.FAILED))
    return done.stdout.strip()
