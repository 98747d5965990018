"""One call of `grpc.health.v1.Health/Check` by hand: HTTP/2 in sixty lines, so that the supervisor stays small.

The gRPC library would treble the supervisor's memory for one request with an empty message, whose answer is known
byte for byte. Only what this one call needs is spoken; anything unexpected counts as "not serving".
"""

import asyncio

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS, _GOAWAY = 0, 1, 4, 7
_ACK = _END_STREAM = 0x1
_END_HEADERS = 0x4
_FRAME_LIMIT = 1 << 16
_SERVING = b"\x00\x00\x00\x00\x02\x08\x01"
"""The gRPC prefix (not compressed, two bytes) and HealthCheckResponse{status: SERVING}."""


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _text(value: bytes) -> bytes:
    return bytes((len(value),)) + value


def _request() -> bytes:
    headers = b"".join(
        (
            b"\x83\x86",  # :method POST, :scheme http
            b"\x04" + _text(b"/grpc.health.v1.Health/Check"),  # :path
            b"\x01" + _text(b"localhost"),  # :authority
            b"\x0f\x10" + _text(b"application/grpc"),  # content-type
            b"\x00" + _text(b"te") + _text(b"trailers"),
        )
    )
    return b"".join(
        (
            _PREFACE,
            _frame(_SETTINGS, 0, 0),
            _frame(_HEADERS, _END_HEADERS, 1, headers),
            _frame(_DATA, _END_STREAM, 1, b"\x00" * 5),
        )
    )


_REQUEST = _request()


async def serving(address: str, timeout_seconds: float = 1.0) -> bool:
    """Whether the server at `unix:/path` or `host:port` says SERVING within the time."""
    try:
        async with asyncio.timeout(timeout_seconds):
            reader, writer = await _open(address)
            try:
                return await _ask(reader, writer)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return False


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.startswith("unix:"):
        return await asyncio.open_unix_connection(address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host.strip("[]"), int(port))


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(_REQUEST)
    body = b""
    while True:
        head = await reader.readexactly(9)
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        if length > _FRAME_LIMIT:
            return False
        payload = await reader.readexactly(length)
        if kind == _SETTINGS and not flags & _ACK:
            writer.write(_frame(_SETTINGS, _ACK, 0))
        elif kind == _DATA:
            body += payload
        if kind == _GOAWAY or (kind in (_DATA, _HEADERS) and flags & _END_STREAM):
            return body == _SERVING
        if len(body) > len(_SERVING):
            return False
