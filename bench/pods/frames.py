"""gRPC over a bare connection: HTTP/2 as far as a subscriber or a caller needs it, and nothing else.

A Python client takes longer over a message than the server that sends it, and over a call half as long as the server
that answers it, on the same two cores; where the server is what is measured, it is talked to from here at a fifth.
"""

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
WINDOW = 2**31 - 1
FRAME_HEAD, MESSAGE_HEAD = 9, 5

Headers = Sequence[tuple[str, str]]
Take = Callable[[int, bytes], None]
"""Of a stream's number and a message."""


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


def call_headers(path: str, metadata: Headers) -> bytes:
    """What a call of a method begins with."""
    pseudo = ((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"))
    return _headers((*pseudo, ("te", "trailers"), ("content-type", "application/grpc"), *metadata))


class Connection(asyncio.Protocol, ABC):
    """Opens calls and hands out what comes: `take` each message, `ended` each stream's end.

    Its windows are as wide as they go. Ends the process where the server resets a stream or leaves.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._last = -1
        self._partial: dict[int, bytes] = {}
        self._transport: asyncio.Transport

    @abstractmethod
    def take(self, stream: int, message: bytes) -> None:
        """A message has come."""

    @abstractmethod
    def ended(self, stream: int, trailers: bytes) -> None:
        """The server has ended a stream; these are its last headers, as they were sent."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open every window as wide as it goes."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        wide = (4).to_bytes(2, "big") + WINDOW.to_bytes(4, "big")
        wider = frame(WINDOW_UPDATE, 0, 0, (WINDOW - 65_535).to_bytes(4, "big"))
        transport.write(PREFACE + frame(SETTINGS, 0, 0, wide) + wider)

    def open(self, headers: bytes, request: bytes) -> int:
        """A call with one request; its stream's number."""
        self._last += 2
        message = b"\0" + len(request).to_bytes(4, "big") + request
        asked = frame(HEADERS, END_HEADERS, self._last, headers) + frame(DATA, END_STREAM, self._last, message)
        self._transport.write(asked)
        return self._last

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
            self._data(number, payload)
        elif kind == HEADERS and flags & END_STREAM:
            self.ended(number, payload)
        elif kind == PING and not flags & ACK:
            self._transport.write(frame(PING, ACK, 0, payload))
        elif kind == SETTINGS and not flags & ACK:
            self._transport.write(frame(SETTINGS, ACK, 0, b""))
        elif kind in (RESET, GOAWAY):
            sys.exit(f"stream {number} was ended: {payload!r}")

    def _data(self, number: int, payload: bytes) -> None:
        data = self._partial.pop(number, b"") + payload
        while len(data) >= MESSAGE_HEAD:
            end = MESSAGE_HEAD + int.from_bytes(data[1:MESSAGE_HEAD], "big")
            if len(data) < end:
                break
            self.take(number, data[MESSAGE_HEAD:end])
            data = data[end:]
        if data:
            self._partial[number] = data

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()


class Subscriber(Connection):
    """Streams that are never read too slowly: `heard(stream, message)` for each message of each of them.

    Ends the process where the server ends a stream or the connection.
    """

    def __init__(self, heard: Take) -> None:
        super().__init__()
        self._heard = heard

    def take(self, stream: int, message: bytes) -> None:
        """Handed on."""
        self._heard(stream, message)

    def ended(self, stream: int, trailers: bytes) -> None:
        """None of them has an end."""
        sys.exit(f"stream {stream} was ended: {trailers!r}")


class Caller(Connection):
    """Calls with one answer each."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[int, bytes] = {}
        self._waiting: dict[int, asyncio.Future[bytes]] = {}

    async def call(self, headers: bytes, request: bytes) -> bytes:
        """The answer; raises RuntimeError with the trailers of a call that got none."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[self.open(headers, request)] = future
        return await future

    def take(self, stream: int, message: bytes) -> None:
        """Kept until the stream has ended well."""
        self._answers[stream] = message

    def ended(self, stream: int, trailers: bytes) -> None:
        """An error has trailers only."""
        future, answer = self._waiting.pop(stream), self._answers.pop(stream, None)
        if answer is None:
            future.set_exception(RuntimeError(f"refused: {trailers!r}"))
        else:
            future.set_result(answer)
