"""The answers of AppendStream as bytes: an answer is made for each append, and as messages they cost twice as much."""

from collections.abc import Iterable
from functools import lru_cache

from podium.chassis.interceptors.errors import status_of_rejection
from podium.event_store.domain.model import Appended, Outcome
from podium.event_store.domain.wire import as_field, varint

_RESPONSE, _STATUS = 2, 3


def encode_answers(results: Iterable[tuple[int, Outcome]]) -> bytes:
    """An encoded `AppendStreamResponse`: an outcome for each number."""
    parts: list[bytes] = []
    for number, outcome in results:
        if isinstance(outcome, Appended):
            told = as_field(_RESPONSE, encode_appended(outcome))
        else:
            told = as_field(_STATUS, status_of_rejection(outcome).SerializeToString())
        result = b"\x08" + varint(number) + told
        parts += (b"\x0a", varint(len(result)), result)
    return b"".join(parts)


def encode_appended(outcome: Appended) -> bytes:
    """An encoded `AppendResponse`."""
    first, last, ranges, duplicate = outcome
    parts = [b"\x08", varint(first), b"\x10", varint(last)]
    for stream, first_revision, last_revision in ranges:
        where = b"".join((_named(stream), varint(first_revision), b"\x18", varint(last_revision)))
        parts += (b"\x1a", varint(len(where)), where)
    if duplicate:
        parts.append(b"\x20\x01")
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _named(stream: str) -> bytes:
    """A `StreamRange` up to its first revision."""
    return as_field(1, stream.encode()) + b"\x10"
