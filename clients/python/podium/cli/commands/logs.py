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
_BATCH_BYTES = 64 * 1024


@click.command()
@click.argument("name", metavar="SERVICE|AGENT")
@click.option("-f", "--follow", is_flag=True, help="Go on as it grows.")
@click.option(
    "-n", "--lines", default=200, show_default=True, help="How many lines (of an agent: chunks) from the end."
)
@command
async def logs(cli: Cli, name: str, follow: bool, lines: int) -> None:
    """Show the log of a service (event-store, pod-manager, maestro, runner, supervisor) or an agent's transcript."""
    try:
        if name in {*SERVICES, "supervisor"}:
            await _service(cli, cli.installation.logs_dir / f"{name}.log", follow, lines)
        else:
            async with cli.connect() as podium:
                await _agent(cli, podium, name, follow, lines)
    except asyncio.CancelledError:  # Ctrl-C ends following; that is no failure
        return


async def _service(cli: Cli, log: Path, follow: bool, lines: int) -> None:
    if not log.exists():
        raise CliError(f"there is no {log}", "`podium up` starts the services", exits.NOT_FOUND)
    with log.open(encoding="utf-8", errors="replace") as file:
        for line in file.readlines()[-lines:]:
            cli.out.item({"line": line.rstrip("\n")}, line.rstrip("\n"))
        while follow:
            if log.stat().st_size < file.tell():  # it was rotated
                file.seek(0)
            chunk = file.readlines(_BATCH_BYTES)
            for line in chunk:
                cli.out.item({"line": line.rstrip("\n")}, line.rstrip("\n"))
            if not chunk:
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
        cli.out.item({"revision": event.revision, "source": source, "text": text, "gap_bytes": chunk.gap_bytes}, "")
        return
    if chunk.gap_bytes:
        click.echo(f"[{chunk.gap_bytes} bytes left out]")
    click.echo(text if source == "OUTPUT" else f"[{source.lower()}] {text}", nl=source != "OUTPUT")
