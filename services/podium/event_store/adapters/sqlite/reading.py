"""Reads: pages of spliced events, on the readers' connections."""

from collections.abc import Iterable, Sequence
from typing import Any

import apsw

from podium.event_store.adapters.sqlite.sql import one
from podium.event_store.domain import wire
from podium.event_store.domain.limits import truncated
from podium.event_store.domain.model import Filter, Page, Retention, StreamInfo

MAX_ROWS = 2_000
"""Events in a page."""
SCAN_ROWS = 20_000
"""Positions that one filtered page may pass over; so a sparse filter neither blocks a thread nor goes unheard."""


def collect(rows: Iterable[tuple[int, bytes]], limit: int, max_bytes: int) -> tuple[list[bytes], int, bool]:
    """(events, number of the last, whether the rows ran out) up to a page's bounds."""
    events: list[bytes] = []
    bound = min(limit, MAX_ROWS) if limit else MAX_ROWS
    size = last = 0
    for number, event in rows:
        events.append(event)
        last = number
        size += len(event)
        if size >= max_bytes or len(events) >= bound:
            return events, last, False
    return events, last, True


def read_stream(db: apsw.Connection, stream: str, first: int, *, backwards: bool, limit: int, max_bytes: int) -> Page:
    """See `ports.EventLog.read_stream`."""
    row = one(db, "SELECT id, floor FROM streams WHERE name = ?", (stream,))
    if row is None:
        return Page(b"", 0, 0, end=True)
    stream_id, floor = row
    if 0 < first < floor:
        raise truncated(stream, floor)
    if backwards:
        rows = db.execute(
            "SELECT revision, event FROM events WHERE stream = ? AND revision BETWEEN ? AND ? ORDER BY revision DESC",
            (stream_id, floor, first or (1 << 62)),
        )
    else:
        rows = db.execute(
            "SELECT revision, event FROM events WHERE stream = ? AND revision >= ? ORDER BY revision",
            (stream_id, first or floor),
        )
    events, last, end = collect(rows, limit, max_bytes)
    end = end or (backwards and last <= floor)
    return Page(wire.splice(events), len(events), last or first, end)


def read_all(db: apsw.Connection, wanted: Filter, first: int, *, backwards: bool, limit: int, max_bytes: int) -> Page:
    """See `ports.EventLog.read_all`."""
    (head,) = one(db, "SELECT coalesce(max(position), 0) FROM events")
    if backwards:
        low, high = max(1, (first or head) - SCAN_ROWS + 1), min(first or head, head)
    else:
        low, high = max(1, first), min(max(1, first) + SCAN_ROWS - 1, head)
    if wanted.is_open:
        low, high = (1, high) if backwards else (low, head)
    condition, bindings = _condition(wanted)
    rows = db.execute(
        f"SELECT position, event FROM events e WHERE position BETWEEN ? AND ?{condition} "  # noqa: S608
        f"ORDER BY position{' DESC' if backwards else ''}",
        (low, high, *bindings),
    )
    events, last, ran_out = collect(rows, limit, max_bytes)
    if not ran_out:
        return Page(wire.splice(events), len(events), last, end=False)
    edge = low if backwards else high
    end = low <= 1 if backwards else high >= head
    # Past the head nothing was looked at: the answer must not skip what is appended there next.
    return Page(wire.splice(events), len(events), edge if low <= high else min(first, head), end)


def _condition(wanted: Filter) -> tuple[str, list[Any]]:
    parts: list[str] = []
    bindings: list[Any] = []
    if wanted.stream:
        parts.append("e.stream = (SELECT id FROM streams WHERE name = ?)")
        bindings.append(wanted.stream)
    if wanted.prefixes:
        ranges = " OR ".join(["name >= ? AND name < ?" for _ in wanted.prefixes])
        parts.append(f"+e.stream IN (SELECT id FROM streams WHERE {ranges})")  # noqa: S608
        for prefix in wanted.prefixes:
            bindings += [prefix, after_prefix(prefix)]
    if wanted.types:
        marks = ",".join("?" * len(wanted.types))
        parts.append(f"e.type IN (SELECT id FROM types WHERE name IN ({marks}))")  # noqa: S608
        bindings += sorted(wanted.types)
    return "".join(f" AND {part}" for part in parts), bindings


def after_prefix(prefix: str) -> str:
    """The least name that is above all that begin with the prefix (SQLite orders text by its UTF-8 bytes)."""
    return prefix + "\U0010ffff"


_INFO = """SELECT s.name, (SELECT max(revision) FROM events WHERE stream = s.id), s.floor, s.max_count,
    s.max_age_seconds, s.truncate_before,
    (SELECT position FROM events WHERE stream = s.id ORDER BY revision DESC LIMIT 1)
    FROM streams s"""


def _info(row: Sequence[Any]) -> StreamInfo:
    name, revision, floor, max_count, max_age, truncate_before, position = row
    return StreamInfo(name, revision or 0, floor, position or 0, Retention(max_count, max_age, truncate_before))


def stream_info(db: apsw.Connection, stream: str) -> StreamInfo:
    """See `ports.EventLog.stream`."""
    row = one(db, f"{_INFO} WHERE s.name = ?", (stream,))
    return _info(row) if row else StreamInfo(stream)


def list_streams(db: apsw.Connection, prefix: str, after: str, limit: int) -> list[StreamInfo]:
    """See `ports.EventLog.streams`."""
    rows = db.execute(
        f"{_INFO} WHERE name > ? AND name >= ? AND name < ? ORDER BY name LIMIT ?",
        (after, prefix, after_prefix(prefix), limit),
    )
    return [_info(row) for row in rows]
