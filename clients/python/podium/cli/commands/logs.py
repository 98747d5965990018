"""`podium logs`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.cli import exits
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.client.installation import SERVICES

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.events.v1 import event_pb2

_LOOK_SECONDS = 0.2


@click.command()
@click.argument("name", metavar="SERVICE|AGENT")
@click.option("-f", "--follow", is_flag=True, help="Go on as it grows.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="How many lines (of an agent: chunks) from the end.",
)
@command
async def logs(cli: Cli, name: str, follow: bool, lines: int) -> None:
    """Show the log of a service (event-store, pod-manager, maestro, runner, supervisor) or an agent's transcript."""
    try:
        if name in {*SERVICES, "supervisor"}:
            await _service(cli, LogTail(cli.installation.logs_dir / f"{name}.log", lines), follow)
        else:
            async with cli.connect() as podium:
                await _agent(cli, podium, name, follow, lines)
    except asyncio.CancelledError:  # Ctrl-C ends following; that is no failure
        return


class LogTail:
    """A log's last lines, then what is added, also across a rotation."""

    def __init__(self, log: Path, lines: int) -> None:
        if not log.exists():
            raise CliError(f"there is no {log}", "`podium up` starts the services", exits.NOT_FOUND)
        self._log = log
        self._first = lines
        self._position = 0

    def read(self) -> list[str]:
        """What is new since the last time; at first the last lines."""
        with self._log.open("rb") as file:
            if file.seek(0, 2) < self._position:
                self._position = 0
            file.seek(self._position)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._position += len(whole)
        found = whole.decode(errors="replace").splitlines()
        found, self._first = (found[-self._first :] if self._first else found), 0
        return found


async def _service(cli: Cli, tail: LogTail, follow: bool) -> None:
    while True:
        for line in tail.read():
            cli.out.item({"line": line}, line)
        if not follow:
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _agent(cli: Cli, podium: "Podium", agent_id: str, follow: bool, lines: int) -> None:
    stream = f"transcripts/{agent_id}"
    kept: list[event_pb2.Event] = []
    async for batch in podium.events.read_stream(stream, backwards=True, limit=lines):
        kept += batch
    if not kept and not follow:
        raise CliError(
            f"{agent_id} is no service and has no transcript",
            f"services: {', '.join(SERVICES)}; `podium show` lists agents",
            exits.NOT_FOUND,
        )
    for event in reversed(kept):
        _chunk(cli, event)
    if follow:
        position = kept[0].revision if kept else 0
        async for item in podium.events.subscribe(stream=stream, after=position):
            for event in item.batch.events:
                _chunk(cli, event)


def _chunk(cli: Cli, event: "event_pb2.Event") -> None:
    from podium.cli.views.plain import word
    from podium.jobs.v1 import artifact_events_pb2

    chunk = artifact_events_pb2.TranscriptChunk.FromString(event.data)
    text = chunk.data.decode(errors="replace")
    source = word(chunk, "source")
    if cli.out.as_json:
        from google.protobuf.json_format import MessageToDict

        told = {"revision": event.revision, "source": source, "text": text, "gap_bytes": chunk.gap_bytes}
        if chunk.HasField("update"):
            told["update"] = MessageToDict(chunk.update, preserving_proto_field_name=True)
        cli.out.item(told, "")
        return
    if chunk.gap_bytes:
        click.echo(f"[{chunk.gap_bytes} bytes left out]")
    if source == "OUTPUT":
        click.echo(text, nl=False)
    else:
        click.echo(f"[{source.lower()}] {text.strip()}")
