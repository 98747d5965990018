"""The messages of the append stream as bytes.

Each append is encoded once, when it is made, and its bytes are what every message carries it as: put into an
`AppendStreamRequest` as a message it would be copied field by field, and once more encoded. Nothing here but the outer
three messages is written by hand, and a test holds that to what protobuf writes.
"""

from collections.abc import Sequence
from functools import lru_cache

from podium.events.v1.event_pb2 import Fence, StreamAppend

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


_size = lru_cache(maxsize=4096)(_varint)


def encode_append(number: int, appends: Sequence[StreamAppend], fence: Fence | None) -> bytes:
    """An append as an element of an encoded `AppendStreamRequest`, which is nothing but such elements.

    Metadata is by key, as the store keeps it: so it has the least to do.
    """
    parts: list[bytes] = []
    for append in appends:
        data = append.SerializeToString(deterministic=True)
        parts += (_FIELD_1, _size(len(data)), data)
    if fence is not None:
        data = fence.SerializeToString(deterministic=True)
        parts += (_FIELD_2, _size(len(data)), data)
    size = sum(map(len, parts))
    head = b"".join((_NUMBER, _varint(number), _FIELD_2, _size(size)))
    return b"".join((_FIELD_1, _size(len(head) + size), head, *parts))
