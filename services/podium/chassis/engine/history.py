"""The committed events of one entity, in pages, forwards and backwards."""

from collections.abc import Sequence

from podium.chassis.engine.ports import EntityCodec, Log
from podium.chassis.engine.records import decode_records
from podium.kernel.entity import Recorded


def span(newest: int, after_revision: int, limit: int, *, backwards: bool) -> tuple[int, int]:
    """Where a page of a stream that reaches `newest` begins (exclusive), and how many events it has.

    Forwards: those after `after_revision`; backwards: those before it, 0 being behind the newest.
    """
    if not backwards:
        return after_revision, min(limit, max(0, newest - after_revision))
    end = min(after_revision - 1, newest) if after_revision else newest
    start = max(0, end - limit)
    return start, end - start


async def read_events(log: Log, codec: EntityCodec, stream: str, start: int, count: int) -> Sequence[Recorded]:
    """So many events after a revision. Raises LogUnavailable."""
    events: list[Recorded] = []
    async for batch in log.read(stream, start, count):
        events.extend(recorded for recorded, _ in decode_records(codec, list(batch)))
    return events
