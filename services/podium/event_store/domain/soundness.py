"""Whether rows are what they were when they were written."""

from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

from podium.event_store.domain import wire
from podium.event_store.domain.model import Checked


class StoredRow(NamedTuple):
    """A row of the log as found; `stream` and `type` are None where the row names one that is not there."""

    position: int
    stream: str | None
    revision: int
    event_id: bytes
    type: str | None
    checksum: int
    event: bytes


def check(rows: Sequence[StoredRow], first: int, *, end: bool) -> Checked:
    """Check a page of rows that should begin at `first` (at 1 for 0); `end`: nothing comes after it."""
    expected = max(first, 1)
    for count, row in enumerate(rows):
        if row.position != expected:
            return Checked(count, expected, True, f"position {expected} is missing")
        damage = _damage(row)
        if damage:
            return Checked(count, row.position, True, f"position {row.position}: {damage}")
        expected += 1
    return Checked(len(rows), expected - 1, end)


def _damage(row: StoredRow) -> str:
    if crc32(row.event) != row.checksum:
        return "the event's bytes do not have their checksum"
    if row.stream is None or row.type is None:
        return "the row names a stream or type that is not there"
    try:
        own = wire.own_fields(row.event)
    except (ValueError, IndexError):
        return "the event cannot be read"
    start = b"".join(
        (b"\x08", wire.varint(row.position), wire.encode_stream(row.stream), b"\x18", wire.varint(row.revision))
    )
    body = wire.as_field(4, row.event_id) + wire.as_field(5, row.type.encode())
    if not own.startswith(start) or not row.event[len(own) :].startswith(body):
        return "the row and its event differ"
    return ""
