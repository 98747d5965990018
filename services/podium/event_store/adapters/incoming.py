"""Appends as they come in, checked: views of requests to the log's words."""

from collections.abc import Iterable
from typing import Any

from podium.event_store.adapters.requests import parse_fence
from podium.event_store.domain import limits
from podium.event_store.domain.model import Append, Fact, StreamPart
from podium.events.v1.event_pb2 import NewEvent
from podium.kernel.errors import invalid


def parse_append(view: Any) -> Append:
    """The append of an `AppendRequest`'s view; raises the Rejection of what is wrong with it."""
    parts = []
    for index, part in enumerate(view.appends):
        expected = part.expected_revision if part.HasField("expected_revision") else None
        parts.append(StreamPart(part.stream, _parse_facts(part.events, index), expected))
    append = Append(parts, parse_fence(view.fence) if view.HasField("fence") else None)
    limits.check_append(append)
    return append


_ID = b'"\x10'
"""How an event with an id of the right length begins: field 4, 16 bytes."""
_TYPE_AT = len(_ID) + limits.ID_BYTES
_CONTENT_TYPE, _DATA, _METADATA, _KEY = 6 << 3 | 2, 7 << 3 | 2, 8 << 3 | 2, 1 << 3 | 2
_KNOWN_TYPES_KEPT = 1000
_known_types: dict[bytes, str] = {}
"""Types that were found sound, by their encoded field 5: they come again and again."""


def _parse_facts(bodies: Iterable[bytes], part: int) -> list[Fact]:
    """The facts, checked; quickly where everything is short and known, and that is nearly always."""
    facts: list[Fact] = []
    known, sound, new = _known_types, b"", tuple.__new__
    for body in bodies:
        try:
            type_end = body[_TYPE_AT + 1] + _TYPE_AT + 2
            kind = known.get(body[_TYPE_AT:type_end]) if body[:2] == _ID else None
            if kind is not None:
                metadata = body[_data_end(body, type_end) :]
                # The events of an append mostly share their metadata.
                if metadata != sound:
                    if _is_sound(metadata):
                        sound = metadata
                    else:
                        kind = None
        except IndexError:
            kind = None
        if kind is None or len(body) > limits.MAX_DATA_BYTES:
            facts.append(_checked(body, part, len(facts)))
        else:
            facts.append(new(Fact, (body[2:_TYPE_AT], kind, body)))
    return facts


def _data_end(body: bytes, at: int) -> int:
    """Where the payload ends, behind the type that ends at `at`; raises IndexError where the event is unusual."""
    if at == len(body):
        return at
    if body[at] == _CONTENT_TYPE:
        if body[at + 1] > 0x7F:
            raise IndexError
        at += 2 + body[at + 1]
        if at == len(body):
            return at
    if body[at] != _DATA:
        return at
    size = shift = 0
    while True:
        at += 1
        byte = body[at]
        size |= (byte & 0x7F) << shift
        if byte < 0x80:
            return at + 1 + size
        shift += 7


def _is_sound(metadata: bytes) -> bool:
    """Whether these are pairs as allowed, all of them short; raises IndexError, or says no, where that needs a look."""
    at = pairs = 0
    while at < len(metadata):
        size = metadata[at + 1]
        if metadata[at] != _METADATA or size > 0x7F or metadata[at + 2] != _KEY:
            return False
        if not 0 < metadata[at + 3] <= limits.MAX_METADATA_KEY_BYTES:
            return False
        at += 2 + size
        pairs += 1
    return pairs <= limits.MAX_METADATA_PAIRS


def _checked(body: bytes, part: int, number: int) -> Fact:
    """The fact, after a look at everything. Raises INVALID_FIELD with the event's place."""
    event = NewEvent.FromString(body)
    fact, size = Fact(event.event_id, event.type, body), len(event.data)
    try:
        limits.check_fact(fact, size)
        _check_texts(event, len(body) - size)
    except limits.FieldError as wrong:
        raise invalid(f"appends[{part}].events[{number}].{wrong.field}", wrong.remedy) from None
    if len(_known_types) >= _KNOWN_TYPES_KEPT:
        _known_types.clear()
    name = fact.type.encode()
    if len(name) < 0x80:
        _known_types[bytes((5 << 3 | 2, len(name))) + name] = fact.type
    return fact


def _too_long(text: str, limit: int) -> bool:
    # UTF-8 takes at most four bytes a character: most texts need not be encoded to know.
    return len(text) * 4 > limit and len(text.encode()) > limit


def _check_texts(event: NewEvent, overhead: int) -> None:
    """Metadata and content type; `overhead` is the event's size without its payload, and bounds them all."""
    pairs = event.metadata
    if len(pairs) > limits.MAX_METADATA_PAIRS:
        raise limits.FieldError("metadata", f"at most {limits.MAX_METADATA_PAIRS} pairs")
    for key in pairs:
        if not key or _too_long(key, limits.MAX_METADATA_KEY_BYTES):
            raise limits.FieldError("metadata", f"keys of 1 to {limits.MAX_METADATA_KEY_BYTES} bytes")
    if overhead > limits.MAX_NAME_BYTES and _too_long(event.content_type, limits.MAX_NAME_BYTES):
        raise limits.FieldError("content_type", f"at most {limits.MAX_NAME_BYTES} bytes")
    if overhead > limits.MAX_METADATA_VALUE_BYTES:
        for key, value in pairs.items():
            if _too_long(value, limits.MAX_METADATA_VALUE_BYTES):
                raise limits.FieldError(f'metadata["{key}"]', f"at most {limits.MAX_METADATA_VALUE_BYTES} bytes")
