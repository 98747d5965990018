"""How an event is kept: the encoded `podium.events.v1.Event`, put together without rebuilding the message.

`NewEvent` numbers its fields as `Event` does, so the writer's encoded bytes (fields 4 to 8: the *body*) are kept as
they came, behind the fields that only the store knows: position (1), stream (2), revision (3), recorded time (9).
Answers are spliced from kept events: a batch is `repeated Event events = 1` in every message that carries one.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b

_OWN_FIELDS = (1, 2, 3, 9)
_TYPE_FIELD, _ID_FIELD = 5, 4


def varint(number: int) -> bytes:
    """A non-negative integer as protobuf writes it."""
    # Most numbers here are this short, and there are several in every event.
    if number < 0x80:
        return bytes((number,))
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    if number < 0x200000:
        return bytes((number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_LOW = [bytes((number | 0x80,)) for number in range(128)]


def varints(first: int) -> Iterator[bytes]:
    """The encoded numbers from `first` on, without end: neighbours share all but their lowest seven bits."""
    for number in range(first, 128):
        yield bytes((number,))
    high, low = divmod(max(first, 128), 128)
    while True:
        shared = varint(high)
        for begin in _LOW[low:]:
            yield begin + shared
        high, low = high + 1, 0


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def _field_end(data: bytes, at: int) -> tuple[int, int]:
    """(number of the field at `at`, where it ends); only the two wire types that `Event` uses are known."""
    tag, at = _read_varint(data, at)
    if tag & 7 == 0:
        _, at = _read_varint(data, at)
    elif tag & 7 == 2:
        size, at = _read_varint(data, at)
        at += size
    else:
        raise ValueError(f"wire type {tag & 7} in a stored event")
    if at > len(data):
        raise ValueError("a stored event ends too early")
    return tag >> 3, at


def encode_time(time_us: int) -> bytes:
    """The recorded time (microseconds since the epoch) as the event's field 9."""
    seconds, rest = divmod(time_us, 1_000_000)
    stamp = b"\x08" + varint(seconds) + b"\x10" + varint(rest * 1000)
    return b"\x4a" + varint(len(stamp)) + stamp


@lru_cache(maxsize=4096)
def encode_stream(stream: str) -> bytes:
    """The stream's name as the event's field 2."""
    name = stream.encode()
    return b"\x12" + varint(len(name)) + name


def assemble(position: int, stream_field: bytes, revision: int, time_field: bytes, body: bytes) -> bytes:
    """The encoded event, from what the store knows and the writer's body."""
    return b"".join((b"\x08", varint(position), stream_field, b"\x18", varint(revision), time_field, body))


def body_of(event: bytes) -> bytes:
    """The writer's part of a kept event. Raises ValueError or IndexError where it is damaged."""
    at = 0
    while at < len(event):
        number, end = _field_end(event, at)
        if number not in _OWN_FIELDS:
            break
        at = end
    return event[at:]


def own_fields(event: bytes) -> bytes:
    """The store's part of a kept event."""
    return event[: len(event) - len(body_of(event))]


def stub_of(event: bytes) -> bytes:
    """What stays of an event when its payload is truncated: the store's part, the id and the type."""
    body, at, kept = body_of(event), 0, [own_fields(event)]
    while at < len(body):
        number, end = _field_end(body, at)
        if number in (_ID_FIELD, _TYPE_FIELD):
            kept.append(body[at:end])
        at = end
    return b"".join(kept)


def digest(body: bytes) -> bytes:
    """What tells one body from another once its payload is gone: 16 bytes."""
    return blake2b(body, digest_size=16).digest()


_SHORT = [b"\x0a" + varint(size) for size in range(4096)]


def splice(events: Iterable[bytes]) -> bytes:
    """A batch: each event as an element of field 1."""
    parts: list[bytes] = []
    for event in events:
        size = len(event)
        parts.append(_SHORT[size] if size < 4096 else b"\x0a" + varint(size))
        parts.append(event)
    return b"".join(parts)


def as_field(number: int, data: bytes) -> bytes:
    """Bytes as a length-delimited field of a message."""
    return varint(number << 3 | 2) + varint(len(data)) + data
