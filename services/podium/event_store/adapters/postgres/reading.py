"""Reads: pages of spliced events."""

from collections.abc import Sequence
from typing import Any

from podium.event_store.adapters.postgres.connection import Connection
from podium.event_store.domain import wire
from podium.event_store.domain.limits import truncated
from podium.event_store.domain.model import Filter, Page, Retention, StreamInfo

MAX_ROWS = 2_000
"""Events in a page."""
SCAN_ROWS = 20_000
"""Positions that one filtered page may pass over; so a sparse filter neither takes long nor goes unheard."""
_LAST = (1 << 63) - 1


def _page_query(number: str, condition: str, order: str) -> str:
    """Rows in order up to a bound in rows ($1) and in bytes ($2; the row that crosses it is the last)."""
    return f"""SELECT {number}, event FROM (
        SELECT {number}, event, sum(octet_length(event)) OVER (ORDER BY {number} {order} ROWS UNBOUNDED PRECEDING)
            - octet_length(event) AS before
        FROM (SELECT {number}, event FROM events e WHERE {condition} ORDER BY {number} {order} LIMIT $1) chosen
    ) page WHERE before < $2 ORDER BY {number} {order}"""


_STREAM = {
    order: _page_query("revision", "stream = $3 AND revision BETWEEN $4 AND $5", order) for order in ("ASC", "DESC")
}


async def _fetch(
    db: Connection, query: str, limit: int, max_bytes: int, *bindings: object
) -> tuple[list[bytes], int, bool]:
    """(events, number of the last, whether the rows ran out) up to a page's bounds."""
    bound = min(limit, MAX_ROWS) if limit else MAX_ROWS
    rows = await db.fetch(query, bound, max_bytes, *bindings)
    events = [event for _, event in rows]
    ran_out = len(rows) < bound and sum(map(len, events)) < max_bytes
    return events, rows[-1][0] if rows else 0, ran_out


async def read_stream(db: Connection, stream: str, first: int, *, backwards: bool, limit: int, max_bytes: int) -> Page:
    """See `ports.EventLog.read_stream`."""
    row = await db.fetchrow("SELECT id, floor FROM streams WHERE name = $1", stream)
    if row is None:
        return Page(b"", 0, 0, end=True)
    stream_id, floor = row
    if 0 < first < floor:
        raise truncated(stream, floor)
    low, high = (floor, first or _LAST) if backwards else (first or floor, _LAST)
    query = _STREAM["DESC" if backwards else "ASC"]
    events, last, end = await _fetch(db, query, limit, max_bytes, stream_id, low, high)
    end = end or (backwards and last <= floor)
    return Page(wire.splice(events), len(events), last or first, end)


async def read_all(db: Connection, wanted: Filter, first: int, *, backwards: bool, limit: int, max_bytes: int) -> Page:
    """See `ports.EventLog.read_all`."""
    head = await last_position(db)
    if backwards:
        low, high = max(1, (first or head) - SCAN_ROWS + 1), min(first or head, head)
    else:
        low, high = max(1, first), min(max(1, first) + SCAN_ROWS - 1, head)
    if wanted.is_open:
        low, high = (1, high) if backwards else (low, head)
    condition, bindings = _condition(wanted)
    query = _page_query("position", f"position BETWEEN $3 AND $4{condition}", "DESC" if backwards else "ASC")
    events, last, ran_out = await _fetch(db, query, limit, max_bytes, low, high, *bindings)
    if not ran_out:
        return Page(wire.splice(events), len(events), last, end=False)
    edge = low if backwards else high
    end = low <= 1 if backwards else high >= head
    # Past the head nothing was looked at: the answer must not skip what is appended there next.
    return Page(wire.splice(events), len(events), edge if low <= high else min(first, head), end)


async def last_position(db: Connection) -> int:
    """The newest that is readable."""
    return int(await db.fetchval("SELECT coalesce(max(position), 0) FROM events"))


def _condition(wanted: Filter) -> tuple[str, list[Any]]:
    """What a filter adds to a query whose next binding is $5."""
    parts: list[str] = []
    bindings: list[Any] = []
    if wanted.stream:
        bindings.append(wanted.stream)
        parts.append(f"e.stream = (SELECT id FROM streams WHERE name = ${4 + len(bindings)})")
    if wanted.prefixes:
        bindings += [list(wanted.prefixes), [after_prefix(prefix) for prefix in wanted.prefixes]]
        parts.append(
            "e.stream IN (SELECT s.id FROM streams s "
            f"JOIN unnest(${3 + len(bindings)}::text[], ${4 + len(bindings)}::text[]) AS asked(low, high) "
            'ON s.name >= asked.low COLLATE "C" AND s.name < asked.high COLLATE "C")'
        )
    if wanted.types:
        bindings.append(sorted(wanted.types))
        parts.append(f"e.type IN (SELECT id FROM types WHERE name = ANY(${4 + len(bindings)}))")
    return "".join(f" AND {part}" for part in parts), bindings


def after_prefix(prefix: str) -> str:
    """The least name that is above all that begin with the prefix (names sort by their UTF-8 bytes)."""
    return prefix + "\U0010ffff"


_INFO = """SELECT s.name, coalesce(head.revision, 0), s.floor, coalesce(head.position, 0),
    s.max_count, s.max_age_seconds, s.truncate_before
    FROM streams s LEFT JOIN LATERAL
    (SELECT revision, position FROM events WHERE stream = s.id ORDER BY revision DESC LIMIT 1) head ON true"""


def _info(row: Sequence[Any]) -> StreamInfo:
    name, revision, floor, position, max_count, max_age, truncate_before = row
    return StreamInfo(name, revision, floor, position, Retention(max_count, max_age, truncate_before))


async def stream_info(db: Connection, stream: str) -> StreamInfo:
    """See `ports.EventLog.stream`."""
    row = await db.fetchrow(f"{_INFO} WHERE s.name = $1", stream)
    return _info(row) if row else StreamInfo(stream)


async def list_streams(db: Connection, prefix: str, after: str, limit: int) -> list[StreamInfo]:
    """See `ports.EventLog.streams`."""
    rows = await db.fetch(
        f"{_INFO} WHERE s.name > $1 AND s.name >= $2 AND s.name < $3 ORDER BY s.name LIMIT $4",
        after,
        prefix,
        after_prefix(prefix),
        limit,
    )
    return [_info(row) for row in rows]
