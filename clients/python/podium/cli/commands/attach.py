"""`podium attach`."""

import click

from podium.cli.common import Cli, command


@click.command()
@click.argument("session")
@click.option("--read-only", "-r", is_flag=True, help="Only watch; Ctrl-C leaves. Works in a pipe too.")
@click.option("--take", is_flag=True, help="Take the input over from whoever types now.")
@click.option("--detach-key", default="ctrl-]", show_default=True, metavar="KEY", help="ctrl-a … ctrl-_, or none.")
@command
async def attach(cli: Cli, session: str, read_only: bool, take: bool, detach_key: str) -> int:
    """Show a session's terminal here, and type into it. Ctrl-] leaves it running.

    SESSION is a number or name of `podium sessions`, an agent's id, or the end of an id. One types at a time: whoever
    came first, or took it over with --take; the others watch. The session's exit code becomes this command's (128 and
    the number of the signal, where one ended it); after detaching it is 0.
    """
    from podium.cli.attaching import attach as attaching
    from podium.cli.attaching.attachment import Manner
    from podium.cli.attaching.keys import parse_detach
    from podium.cli.sessions import find_session

    manner = Manner(read_only=read_only, take_input=take and not read_only, key=parse_detach(detach_key))
    async with cli.connect() as podium:
        return await attaching.attach(cli, podium, await find_session(podium, session), manner)
