"""Short words for appends and for what comes back."""

import itertools
from collections.abc import Sequence

from podium.event_store.application.ports import Log
from podium.event_store.domain.model import Append, Appended, Fact, Fence, Filter, Outcome, Page, StreamPart
from podium.events.v1.event_pb2 import Event, NewEvent
from podium.events.v1.event_service_pb2 import EventBatch
from podium.kernel.errors import Rejection

EVERYTHING = Filter()

_ids = itertools.count(1)


def new_id() -> bytes:
    return next(_ids).to_bytes(16, "big")


def fact(data: bytes = b"data", kind: str = "T", event_id: bytes = b"") -> Fact:
    event = NewEvent(event_id=event_id or new_id(), type=kind, data=data, metadata={"actor": "user:anna", "b": "c"})
    return Fact(event.event_id, kind, event.SerializeToString(deterministic=True))


def to(stream: str, *facts: Fact, expect: int | None = None) -> StreamPart:
    return StreamPart.of(stream, facts or (fact(),), expect)


def one(stream: str, *facts: Fact, expect: int | None = None, fence: Fence | None = None) -> Append:
    return Append([to(stream, *facts, expect=expect)], fence)


async def put(log: Log, append: Append) -> Outcome:
    (outcome,) = await log.append([append])
    return outcome


async def stored(log: Log, append: Append) -> Appended:
    outcome = await put(log, append)
    assert isinstance(outcome, Appended), outcome
    return outcome


async def refused(log: Log, append: Append) -> Rejection:
    outcome = await put(log, append)
    assert isinstance(outcome, Rejection), outcome
    return outcome


def events(page: Page) -> Sequence[Event]:
    found = EventBatch.FromString(page.chunk).events
    assert len(found) == page.size
    return found


async def whole(log: Log, wanted: Filter = EVERYTHING) -> list[Event]:
    """The log from its start, page after page."""
    found: list[Event] = []
    first, end = 1, False
    while not end:
        page = await log.read_all(wanted, first)
        found += events(page)
        first, end = page.last + 1, page.end
    return found
