"""Streams of gRPC messages read from a bare connection: HTTP/2 as far as a subscriber needs it, and nothing else.

A Python client takes longer over a message than the server that sends it, on the same two cores; where the server is
what is measured, its messages are counted here at a tenth of that.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
WINDOW = 2**31 - 1
FRAME_HEAD, MESSAGE_HEAD = 9, 5

Headers = Sequence[tuple[str, str]]
Take = Callable[[int, bytes], None]


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _number(value: int, bits: int) -> bytes:
    """HPACK's integers."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes((value,))
    rest, out = value - limit, [limit]
    while rest >= 128:
        out.append(rest % 128 + 128)
        rest //= 128
    return bytes((*out, rest))


def _headers(headers: Headers) -> bytes:
    """Every header as a literal that nobody remembers."""
    texts = (text.encode() for pair in headers for text in pair)
    parts = [_number(len(text), 7) + text for text in texts]
    return b"".join(b"\0" + parts[i] + parts[i + 1] for i in range(0, len(parts), 2))


@dataclass(slots=True)
class _Stream:
    """What has come of its message."""

    data: bytes = b""


class Subscriber(asyncio.Protocol):
    """Calls that are never read too slowly: `take(stream, message)` for each message of each of them.

    Ends the process where the server ends a stream or the connection.
    """

    def __init__(self, take: Take) -> None:
        self._take = take
        self._rest = b""
        self._streams: dict[int, _Stream] = {}
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open every window as wide as it goes."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        wide = (4).to_bytes(2, "big") + WINDOW.to_bytes(4, "big")
        wider = frame(WINDOW_UPDATE, 0, 0, (WINDOW - 65_535).to_bytes(4, "big"))
        transport.write(PREFACE + frame(SETTINGS, 0, 0, wide) + wider)

    def call(self, path: str, metadata: Headers, request: bytes) -> None:
        """A call with one request."""
        number = 1 + 2 * len(self._streams)
        self._streams[number] = _Stream()
        pseudo = ((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"))
        headers = _headers((*pseudo, ("te", "trailers"), ("content-type", "application/grpc"), *metadata))
        message = b"\0" + len(request).to_bytes(4, "big") + request
        asked = frame(HEADERS, END_HEADERS, number, headers) + frame(DATA, END_STREAM, number, message)
        self._transport.write(asked)

    def data_received(self, data: bytes) -> None:
        """Whole frames now, the rest with what comes next."""
        data = self._rest + data
        at, end = 0, len(data)
        while end - at >= FRAME_HEAD:
            size = int.from_bytes(data[at : at + 3], "big")
            following = at + FRAME_HEAD + size
            if following > end:
                break
            stream = int.from_bytes(data[at + 5 : at + FRAME_HEAD], "big")
            self._frame(data[at + 3], data[at + 4], stream, data[at + FRAME_HEAD : following])
            at = following
        self._rest = data[at:]

    def _frame(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if kind == DATA:
            self._data(self._streams[number], number, payload)
        elif kind == PING and not flags & ACK:
            self._transport.write(frame(PING, ACK, 0, payload))
        elif kind == SETTINGS and not flags & ACK:
            self._transport.write(frame(SETTINGS, ACK, 0, b""))
        elif kind in (RESET, GOAWAY) or (kind == HEADERS and flags & END_STREAM):
            sys.exit(f"stream {number} was ended: {payload!r}")

    def _data(self, stream: _Stream, number: int, payload: bytes) -> None:
        data = stream.data + payload if stream.data else payload
        while len(data) >= MESSAGE_HEAD:
            end = MESSAGE_HEAD + int.from_bytes(data[1:MESSAGE_HEAD], "big")
            if len(data) < end:
                break
            self._take(number, data[MESSAGE_HEAD:end])
            data = data[end:]
        stream.data = data

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()
