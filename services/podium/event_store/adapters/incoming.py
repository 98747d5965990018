"""Appends as they come in, checked: views of requests to the log's words."""

from typing import Any

from google.protobuf.message import DecodeError

from podium.event_store.adapters.requests import parse_fence
from podium.event_store.domain import limits
from podium.event_store.domain.model import Append, Fact, StreamPart
from podium.events.v1.event_pb2 import NewEvent
from podium.kernel.errors import invalid


def parse_append(view: Any) -> Append:
    """The append of an `AppendRequest`'s view; raises the Rejection of what is wrong with it."""
    parts: list[StreamPart] = []
    for index, part in enumerate(view.appends):
        expected = part.expected_revision if part.HasField("expected_revision") else None
        parts.append(_new(StreamPart, (part.stream, *_parse_events(list(part.events), index), expected)))
    append = _new(Append, (parts, parse_fence(view.fence) if view.HasField("fence") else None))
    limits.check_append(append)
    return append


_new = tuple.__new__
"""Makes a named tuple at half the cost of its own constructor."""

_ID = b'"\x10'
"""How an event with an id of the right length begins: field 4, 16 bytes."""
_TYPE_AT = len(_ID) + limits.ID_BYTES
_CONTENT_TYPE, _DATA, _METADATA = 6 << 3 | 2, 7 << 3 | 2, 8 << 3 | 2
_KEY, _VALUE = 1 << 3 | 2, 2 << 3 | 2
_KNOWN_KEPT = 1000
_known: dict[bytes, str] = {}
"""Types by the encoded fields 5 and 6, type and content type, that were found sound: they come again and again."""


class _Unusual(Exception):
    """An event that takes a closer look."""


def _parse_events(bodies: list[bytes], part: int) -> tuple[list[bytes], list[str], list[bytes]]:
    """(ids, types, bodies) of sound events; quickly where all is short, known and in protobuf's one form.

    That is nearly always so; other bodies are put into that form in their places.
    """
    kinds: list[str] = []
    # The events of an append mostly share their metadata, and often their types: of those of one size, all that is not
    # id and payload is where the last sound one had it.
    sound: dict[int, _Sound] = {}
    for body in bodies:
        front, begin, back, end, kind = sound.get(len(body), _NOTHING)
        if body[_TYPE_AT:begin] != front or body[end:] != back or body[:2] != _ID:
            try:
                front, begin, back, end, kind = sound[len(body)] = _sound_parts(body)
            except (_Unusual, IndexError):
                _, kind, bodies[len(kinds)] = _fact(body, f"appends[{part}].events[{len(kinds)}]")
        kinds.append(kind)
    return [body[2:_TYPE_AT] for body in bodies], kinds, bodies


_Sound = tuple[bytes, int, bytes, int, str]
"""(What stands between id and payload, where the payload begins, what stands behind it, where it ends, the type)."""
_NOTHING: _Sound = (b"like no event", 0, b"", 0, "")


def _sound_parts(body: bytes) -> _Sound:
    """Raises _Unusual, IndexError."""
    head, kind = _known_head(body)
    begin, end = _data_span(body, _TYPE_AT + len(head))
    _check_metadata(body[end:])
    return body[_TYPE_AT:begin], begin, body[end:], end, kind


def _known_head(body: bytes) -> tuple[bytes, str]:
    """An event's type and content type, encoded, and its type; raises _Unusual, IndexError where they are not known."""
    end = _TYPE_AT + 2 + body[_TYPE_AT + 1]
    if end < len(body) and body[end] == _CONTENT_TYPE:
        end += 2 + body[end + 1]
    head = body[_TYPE_AT:end]
    kind = _known.get(head)
    if kind is None or body[:2] != _ID:
        raise _Unusual
    return head, kind


def _data_span(body: bytes, at: int) -> tuple[int, int]:
    """Where the payload of the field at `at` begins and ends, if there is one; raises _Unusual, IndexError."""
    if at == len(body) or body[at] == _METADATA:
        return at, at
    if body[at] != _DATA:
        raise _Unusual
    size = body[at + 1]
    at += 2
    if size > 0x7F:  # a second byte of the size, perhaps a third
        more = body[at]
        at += 1
        size += (more << 7) - 0x80
        if more > 0x7F:
            more = body[at]
            at += 1
            size += (more << 14) - 0x4000
        if not 0 < more <= 0x7F:
            raise _Unusual
    end = at + size
    if not 0 < size <= limits.MAX_DATA_BYTES or end > len(body):
        raise _Unusual
    return at, end


def _check_metadata(metadata: bytes) -> None:
    """Raises _Unusual, IndexError unless these are pairs as allowed, short, in ASCII, in order."""
    at, pairs, last, end = 0, 0, b"", len(metadata)
    while at < end:
        value_at = at + 4 + metadata[at + 3]
        # From within the pair up to the value: keys come again and again.
        key = _known_keys.get(metadata[at + 2 : value_at + 1]) or _sound_key(metadata[at + 2 : value_at + 1])
        pair_end = value_at + 2 + metadata[value_at + 1]
        if metadata[at] != _METADATA or metadata[at + 1] > 0x7F or at + 2 + metadata[at + 1] != pair_end or key <= last:
            raise _Unusual
        at, last = pair_end, key
        pairs += 1
    if at != end or pairs > limits.MAX_METADATA_PAIRS or not metadata.isascii():
        raise _Unusual


_known_keys: dict[bytes, bytes] = {}
"""Keys by their encoded field and the beginning of the value's."""


def _sound_key(encoded: bytes) -> bytes:
    """The key of a field 1 and the tag of a field 2 behind it; raises _Unusual, IndexError."""
    key = encoded[2:-1]
    if encoded[0] != _KEY or encoded[-1] != _VALUE or not 0 < len(key) == encoded[1] <= limits.MAX_METADATA_KEY_BYTES:
        raise _Unusual
    if len(_known_keys) >= _KNOWN_KEPT:
        _known_keys.clear()
    _known_keys[encoded] = key
    return key


def _fact(body: bytes, place: str) -> Fact:
    """The fact in protobuf's one form. Raises INVALID_FIELD with the event's place."""
    try:
        event = NewEvent.FromString(body)
    except DecodeError:
        raise invalid(place, "an encoded NewEvent") from None
    # What the protos do not know could pose as the store's own; and a repeat has the same bytes, whoever encoded it.
    event.DiscardUnknownFields()
    body = event.SerializeToString(deterministic=True)
    try:
        *_, kind = _sound_parts(body)
    except (_Unusual, IndexError):
        return _checked(event, body, place)
    return Fact(body[2:_TYPE_AT], kind, body)


def _checked(event: NewEvent, body: bytes, place: str) -> Fact:
    """The fact, after a look at everything."""
    fact, size = Fact(event.event_id, event.type, body), len(event.data)
    try:
        limits.check_fact(fact, size)
        _check_texts(event, len(body) - size)
    except limits.FieldError as wrong:
        raise invalid(f"{place}.{wrong.field}", wrong.remedy) from None
    if len(_known) >= _KNOWN_KEPT:
        _known.clear()
    if max(len(event.type.encode()), len(event.content_type.encode())) < 0x80:
        _known[NewEvent(type=event.type, content_type=event.content_type).SerializeToString()] = event.type
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
