"""Events as JSON values: what Podium knows by its stubs, JSON and text as they are, everything else in base 64."""

import base64
import json
import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from podium.events.v1.event_pb2 import Event

PROTOBUF, JSON = "application/protobuf", "application/json"


@cache
def message_class(type_name: str) -> type[Message] | None:
    """The generated class of an event type (`podium.pods.v1.SpecApproved`); None where there is none here."""
    package = type_name.rpartition(".")[0]
    if not package.startswith("podium."):
        return None
    try:
        modules = pkgutil.iter_modules(import_module(package).__path__)
    except (ImportError, AttributeError):
        return None
    for module in modules:
        if module.name.endswith("_pb2"):
            import_module(f"{package}.{module.name}")
    try:
        found = descriptor_pool.Default().FindMessageTypeByName(type_name)
    except KeyError:
        return None
    return message_factory.GetMessageClass(found)


def event_data(event: "Event") -> dict[str, Any]:
    """An event for programs: `data` as JSON where it can be read so, else `data_base64`."""
    shown = {
        "position": event.position,
        "stream": event.stream,
        "revision": event.revision,
        "event_id": event.event_id.hex(),
        "type": event.type,
        "time": event.recorded_time.ToJsonString(),
        "metadata": dict(sorted(event.metadata.items())),
    }
    if event.content_type not in ("", PROTOBUF):
        shown["content_type"] = event.content_type
    return shown | _payload(event)


def _payload(event: "Event") -> dict[str, Any]:
    if not event.data:
        kind = message_class(event.type)
        return {"data": plain(kind()) if kind and event.metadata else None}
    try:
        if event.content_type in ("", PROTOBUF):
            kind = message_class(event.type)
            if kind is not None:
                return {"data": plain(kind.FromString(event.data))}
        elif event.content_type == JSON:
            return {"data": json.loads(event.data)}
        elif event.content_type.startswith("text/"):
            return {"data": event.data.decode()}
    except (DecodeError, ValueError):
        pass  # it is not what it says it is: shown as the bytes that it is
    return {"data_base64": base64.b64encode(event.data).decode()}


def event_line(event: "Event") -> str:
    """An event for people: one line."""
    shown = event_data(event)
    data = shown.get("data", shown.get("data_base64"))
    text = "" if data is None else json.dumps(data, ensure_ascii=False)
    time = event.recorded_time.ToJsonString()[:23]
    actor = event.metadata.get("actor", "")
    return f"{event.position:>8}  {time}  {event.stream}@{event.revision}  {event.type}  {actor}  {text}".rstrip()
