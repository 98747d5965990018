"""Ids: derived from what they belong to, or built from given time and randomness; never drawn here."""

import hashlib
import zlib

SHARDS = 256
"""Shards per service; an entity's shard never changes, so this number never does either."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
"""The two characters of each number of 10 bits."""


def derive(prefix: str, *parts: str) -> str:
    """An id of 16 base-32 characters (80 bits) that is a function of its parts: `derive("task", rid)` → `task_…`."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    number = int.from_bytes(digest[:10], "big")
    text = "".join([_PAIRS[(number >> shift) & 1023] for shift in range(70, -1, -10)])
    return f"{prefix}_{text}"


def shard_of(entity_id: str) -> int:
    """The shard of an entity: crc32 of its id, modulo 256."""
    return zlib.crc32(entity_id.encode()) % SHARDS


def uuid7(unix_milliseconds: int, random: bytes) -> bytes:
    """A time-ordered id of 16 bytes (RFC 9562, version 7) from a time and at least 10 random bytes."""
    body = bytearray(unix_milliseconds.to_bytes(6, "big") + random[:10])
    body[6] = (body[6] & 0x0F) | 0x70
    body[8] = (body[8] & 0x3F) | 0x80
    return bytes(body)
