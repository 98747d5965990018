"""The messages of the append stream as bytes.

Each append is encoded once, when it is made, and its bytes are what every message carries it as: put into an
`AppendStreamRequest` as a message it would be copied field by field, and once more encoded. Nothing here but the outer
three messages is written by hand, and a test holds that to what protobuf writes.
"""

from collections.abc import Iterable, Sequence

from podium.events.v1.event_pb2 import Fence, StreamAppend
from podium.events.v1.event_service_pb2 import AppendRequest

_FIELD_1, _FIELD_2 = b"\x0a", b"\x12"
_NUMBER = b"\x08"


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def encode_append(appends: Sequence[StreamAppend], fence: Fence | None) -> bytes:
    """An encoded `AppendRequest`; metadata by key, as the store keeps it: so it has the least to do."""
    if len(appends) == 1 and fence is None:
        data = appends[0].SerializeToString(deterministic=True)
        return _FIELD_1 + _varint(len(data)) + data
    return AppendRequest(appends=appends, fence=fence).SerializeToString(deterministic=True)


def encode_message(appends: Iterable[tuple[int, bytes]]) -> bytes:
    """An encoded `AppendStreamRequest` of numbers, each with its encoded append."""
    parts: list[bytes] = []
    for number, data in appends:
        head = _NUMBER + _varint(number) + _FIELD_2 + _varint(len(data))
        parts += (_FIELD_1, _varint(len(head) + len(data)), head, data)
    return b"".join(parts)
