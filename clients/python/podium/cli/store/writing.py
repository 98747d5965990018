"""`podium store append`."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from podium.cli import exits, texts
from podium.cli.common import Cli, command
from podium.cli.exits import CliError

if TYPE_CHECKING:
    from podium.events.v1.event_pb2 import NewEvent


@click.command()
@click.argument("stream")
@click.argument("type_name", metavar="TYPE")
@click.argument("data", default="-")
@click.option("--expect", type=click.IntRange(min=0), help="The stream's last revision; 0: it must not exist yet.")
@click.option("--event-id", default="", help="32 hexadecimal digits; the same ones again store nothing twice.")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="May be repeated.")
@command
async def append(
    cli: Cli, stream: str, type_name: str, data: str, expect: int | None, event_id: str, metadata: Sequence[str]
) -> None:
    """Append one event: DATA is JSON (standard input where it is left out), for Podium's own types their fields.

    Streams of pods and projects belong to their services, and are refused.
    """
    from podium.client.events import new_event_id
    from podium.events.v1.event_pb2 import StreamAppend
    from podium.events.v1.event_service_pb2 import AppendRequest

    event = _event(type_name, texts.read("-") if data == "-" else data, event_id, metadata)
    event.event_id = event.event_id or new_event_id()
    appends = [StreamAppend(stream=stream, events=[event], expected_revision=expect)]
    async with cli.connect() as podium:
        answer = await podium.event_store.Append(AppendRequest(appends=appends))
    where = answer.streams[0]
    result = {
        "stream": stream,
        "revision": where.last_revision,
        "position": answer.last_position,
        "event_id": event.event_id.hex(),
        "duplicate": answer.duplicate,
    }
    again = ", stored before" if answer.duplicate else ""
    cli.out.show(result, lambda: f"{stream}@{where.last_revision}, position {answer.last_position}{again}")


def _event(type_name: str, data: str, event_id: str, metadata: Sequence[str]) -> "NewEvent":
    from google.protobuf import json_format

    from podium.cli.store.decoding import JSON, message_class
    from podium.events.v1.event_pb2 import NewEvent

    event = NewEvent(type=type_name, event_id=_id(event_id))
    for pair in metadata:
        key, equals, value = pair.partition("=")
        if not equals:
            raise CliError(f"--metadata {pair}: not KEY=VALUE", "", exits.USAGE)
        event.metadata[key] = value
    kind = message_class(type_name)
    try:
        if kind is not None:
            event.data = json_format.Parse(data, kind()).SerializeToString(deterministic=True)
        else:
            event.data = json.dumps(json.loads(data), ensure_ascii=False).encode()
            event.content_type = JSON
    except (json_format.ParseError, ValueError) as error:
        raise CliError(f"the data cannot be read: {error}", "give JSON", exits.USAGE) from error
    return event


def _id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        found = b"?"
    if text and len(found) != 16:
        raise CliError(f"--event-id {text}: not 32 hexadecimal digits", "", exits.USAGE)
    return found if text else b""
