"""The answers of AppendStream as bytes: an answer is made for each append, and as messages they cost twice as much."""

from collections.abc import Iterable
from functools import lru_cache

from podium.chassis.interceptors.errors import status_of_rejection
from podium.event_store.domain.model import Appended, Outcome
from podium.event_store.domain.wire import as_field, varint


def encode_answers(results: Iterable[tuple[int, Outcome]]) -> bytes:
    """An encoded `AppendStreamResponse`: an outcome for each number."""
    parts: list[bytes] = []
    for number, outcome in results:
        if isinstance(outcome, Appended):
            told, field = encode_appended(outcome), b"\x12"
        else:
            told, field = status_of_rejection(outcome).SerializeToString(), b"\x1a"
        head = b"\x08" + varint(number) + field + _size(len(told))
        parts += (b"\x0a", _size(len(head) + len(told)), head, told)
    return b"".join(parts)


def encode_appended(outcome: Appended) -> bytes:
    """An encoded `AppendResponse`."""
    first, last, ranges, duplicate = outcome
    begin = varint(first)
    parts = [b"\x08", begin, b"\x10", begin if last == first else varint(last)]
    for stream, first_revision, last_revision in ranges:
        begin = varint(first_revision)
        end = begin if last_revision == first_revision else varint(last_revision)
        where = _named(stream) + begin + b"\x18" + end
        parts += (b"\x1a", _size(len(where)), where)
    if duplicate:
        parts.append(b"\x20\x01")
    return b"".join(parts)


_size = lru_cache(maxsize=4096)(varint)


@lru_cache(maxsize=4096)
def _named(stream: str) -> bytes:
    """A `StreamRange` up to its first revision."""
    return as_field(1, stream.encode()) + b"\x10"
