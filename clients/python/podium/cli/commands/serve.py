"""`podium serve`."""

import os
import sys

import click

from podium.client.installation import SERVICES


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("service", type=click.Choice(SERVICES))
@click.argument("settings", nargs=-1, type=click.UNPROCESSED)
def serve(service: str, settings: tuple[str, ...]) -> None:
    """Run one service here, unsupervised; its settings as options (`podium serve maestro --help`)."""
    arguments = [sys.executable, "-m", f"podium.{service.replace('-', '_')}", *settings]
    os.execv(arguments[0], arguments)  # noqa: S606 - becomes the service
