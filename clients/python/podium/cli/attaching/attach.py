"""Attaching as a command does it: at a terminal, or as a plain stream in a pipe; the exit code is the session's."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.attaching.attachment import Attachment, Manner, banner
from podium.cli.attaching.typist import patience
from podium.cli.common import Cli
from podium.cli.exits import CliError
from podium.cli.output import interactive

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.tasks.v1 import task_pb2, terminal_service_pb2

_BY_SIGNAL = 128


async def attach(cli: Cli, podium: "Podium", session: "task_pb2.Session", manner: Manner) -> int:
    """Shows a session's terminal until it ends or is left; the exit code. Raises `CliError`."""
    if cli.out.as_json or (manner.read_only and not interactive()):
        return await _stream(cli, podium, session)
    if not interactive():
        raise CliError(
            "attaching needs a terminal at both ends",
            "`--read-only` streams the output plainly (`--output json`: as objects)",
            exits.USAGE,
        )
    cli.out.say("[dim]{banner}[/]", banner=banner(session.name or session.id, manner))
    attachment = Attachment(podium, session.project_id, session.id, manner)
    await attachment.run()
    end = attachment.end
    if end is not None:
        how = end.text or exit_code(end)
        cli.out.say("\n[dim]{name} has ended: {how}[/]", name=session.name or session.id, how=how)
        return exit_code(end)
    if attachment.signal:
        return _BY_SIGNAL + attachment.signal
    cli.out.say(f"\n[dim]detached; return with[/] [bold]podium attach {session.number or session.id}[/]")
    return exits.OK


def exit_code(end: "terminal_service_pb2.TerminalExit") -> int:
    """The exit code of a process that ended so, as shells count."""
    return _BY_SIGNAL + end.signal if end.signal else end.status


async def _stream(cli: Cli, podium: "Podium", session: "task_pb2.Session") -> int:
    """The output as it comes, for pipes; JSON objects where that is wanted."""
    remote = podium.attach(session.project_id, session.id, read_only=True, how=patience())
    async with _quiet(), aclosing(aiter(remote)) as items:
        async for item in items:
            if item.HasField("output"):
                _put(cli, item.output)
    end = remote.exited
    if end is None:
        return exits.OK
    if cli.out.as_json:
        cli.out.item({"exited": {"code": exit_code(end), "text": end.text}}, "")
    return exit_code(end)


def _put(cli: Cli, output: "terminal_service_pb2.TerminalOutput") -> None:
    if not output.data and not output.gap_bytes:
        return  # a heartbeat
    if cli.out.as_json:
        text = output.data.decode(errors="replace")
        cli.out.item({"offset": output.offset, "text": text, "gap_bytes": output.gap_bytes}, "")
        return
    data = output.data
    if output.gap_bytes:
        data = f"\n[{output.gap_bytes} bytes left out]\n".encode() + data
    sys.stdout.flush()
    view = memoryview(data)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]


@asynccontextmanager
async def _quiet() -> AsyncIterator[None]:
    """A reader that goes away raises BrokenPipeError instead of ending the program unheard."""
    previous = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, previous)
