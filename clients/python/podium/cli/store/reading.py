"""`podium store read` and `podium store tail`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from podium.cli import exits
from podium.cli.common import Cli, command
from podium.cli.exits import CliError

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.events.v1.event_pb2 import Event

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LIMIT = 100


def which(function: F) -> F:
    """The stream, or the choice among all."""
    function = click.option("--type", "types", multiple=True, help="Only of this type; may be repeated.")(function)
    function = click.option("--prefix", "prefixes", multiple=True, help="Only streams that begin so; may be repeated.")(
        function
    )
    return click.argument("stream", required=False, default="")(function)


@click.command()
@which
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only behind this revision (of all: position).")
@click.option("-n", "--limit", type=click.IntRange(min=0), help="At most so many; 0: all. Default 100.")
@click.option("--last", type=click.IntRange(min=1), help="Only the last so many.")
@command
async def read(
    cli: Cli,
    stream: str,
    prefixes: Sequence[str],
    types: Sequence[str],
    after: int,
    limit: int | None,
    last: int | None,
) -> None:
    """Read STREAM, or the whole log, oldest first; known types are decoded. `--output json`: a line for each event."""
    _check(stream, prefixes, types)
    if last and (after or limit is not None):
        raise CliError("--last goes with neither --after nor --limit", "leave one of them out", exits.USAGE)
    bound = DEFAULT_LIMIT if limit is None else limit
    async with cli.connect() as podium:
        if last:
            for event in await _last(podium, stream, prefixes, types, last):
                _show(cli, event)
            return
        # One more than is shown: to know whether to say that there is more.
        asked = bound + 1 if bound else 0
        if stream:
            batches = podium.events.read_stream(stream, after, asked)
        else:
            batches = podium.events.read_all(after, prefixes, types, asked)
        shown = 0
        async for event in _events(batches):
            if bound and shown == bound:
                cli.out.say(f"[dim]… there is more: --after, or -n 0 for all ({bound} shown)[/]")
                return
            _show(cli, event)
            shown += 1
    if not shown:
        cli.out.say("no events there")


@click.command()
@which
@click.option("--after", type=click.IntRange(min=0), help="From behind this revision (of all: position) on.")
@command
async def tail(cli: Cli, stream: str, prefixes: Sequence[str], types: Sequence[str], after: int | None) -> None:
    """Follow STREAM, or the whole log, until Ctrl-C: what comes, or all behind --after first."""
    _check(stream, prefixes, types)
    try:
        async with cli.connect() as podium:
            async for item in podium.events.subscribe(stream, prefixes, types, after):
                for event in item.batch.events:
                    _show(cli, event)
    except asyncio.CancelledError:  # Ctrl-C ends following; that is no failure
        return


def _check(stream: str, prefixes: Sequence[str], types: Sequence[str]) -> None:
    if stream and (prefixes or types):
        raise CliError("--prefix and --type are for the whole log", "leave STREAM or them out", exits.USAGE)


async def _events(batches: "AsyncIterator[Sequence[Event]]") -> "AsyncIterator[Event]":
    async for batch in batches:
        for event in batch:
            yield event


async def _last(
    podium: "Podium", stream: str, prefixes: Sequence[str], types: Sequence[str], count: int
) -> "list[Event]":
    from podium.events.v1.event_service_pb2 import Filter, ReadAllRequest

    if stream:
        found = [event async for event in _events(podium.events.read_stream(stream, limit=count, backwards=True))]
    else:
        wanted = Filter(stream_prefixes=prefixes, types=types)
        answers = podium.event_store.ReadAll(ReadAllRequest(backwards=True, limit=count, filter=wanted))
        found = [event async for answer in answers for event in answer.events]
    return found[::-1]


def _show(cli: Cli, event: "Event") -> None:
    from podium.cli.store.decoding import event_data, event_line

    cli.out.item(event_data(event) if cli.out.as_json else None, "" if cli.out.as_json else event_line(event))
