"""Short words for what goes over the wire."""

from collections.abc import AsyncIterator

from podium.client.connection import Podium
from podium.client.events import new_event_id
from podium.events.v1.event_pb2 import Event, NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import SubscribeResponse


def event(data: bytes = b"data", kind: str = "T") -> NewEvent:
    return NewEvent(event_id=new_event_id(), type=kind, data=data, metadata={"actor": "user:anna"})


def to(stream: str, *events: NewEvent, expect: int | None = None) -> StreamAppend:
    return StreamAppend(stream=stream, events=events or [event()], expected_revision=expect)


async def whole(podium: Podium) -> list[Event]:
    return [each async for batch in podium.events.read_all() for each in batch]


async def until(items: AsyncIterator[SubscribeResponse], count: int) -> list[Event]:
    """The next so many events of a subscription."""
    found: list[Event] = []
    while len(found) < count:
        found += (await anext(items)).batch.events
    return found
