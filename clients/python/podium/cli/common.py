"""What every command has: `--output`, `--data-dir`, and the `Cli` that carries them and the connection."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from podium.cli import exits
from podium.cli.exits import CliError
from podium.cli.output import Output
from podium.client.installation import Installation

if TYPE_CHECKING:
    from podium.client.connection import Podium

F = TypeVar("F", bound=Callable[..., Any])


class Cli:
    """One call of `podium`: where the installation is, and where the output goes."""

    def __init__(self, data_dir: str | None, output: str) -> None:
        self.installation = Installation.locate(data_dir)
        self.out = Output(as_json=output == "json")

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Podium"]:
        """The services; raises `CliError` where none run here."""
        from podium.cli import reaching
        from podium.client import Podium

        if not reaching.is_served(self.installation):
            raise CliError(
                f"Podium is not running in {self.installation.data_dir}",
                "start it with `podium up`",
                exits.UNAVAILABLE,
            )
        token, addresses = reaching.token(self.installation), reaching.elsewhere()
        if not token:
            raise CliError(
                "there is no person's token here", f"`podium token NAME --save`, or set {reaching.TOKEN}", exits.DENIED
            )
        async with Podium.connect(installation=self.installation, token=token, addresses=addresses) as podium:
            yield podium


def command(function: F) -> F:
    """Gives a click callback its `Cli` as first argument; runs it when it is a coroutine function."""

    @click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print.")
    @click.option("--data-dir", metavar="DIR", help="Of the installation; default $PODIUM_DATA_DIR or the user's own.")
    @functools.wraps(function)
    def call(*args: Any, output: str, data_dir: str | None, **options: Any) -> Any:
        result = function(Cli(data_dir, output), *args, **options)
        return asyncio.run(result) if inspect.iscoroutine(result) else result

    return call  # type: ignore[return-value]  # click keeps no signature
