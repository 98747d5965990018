"""A browser's view of HTTP: requests, cookies, Connect's and gRPC-Web's frames, over plain sockets."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

LIMIT_SECONDS = 20.0
END_OF_CONNECT, END_OF_GRPC_WEB = 0b10, 0x80


@dataclass
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """The ErrorReason of a Connect error."""
        return str(self.json["details"][0]["debug"]["reason"])


@dataclass
class Browser:
    """Sends requests to one address with the same headers; keeps the cookie that it was given."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        async with asyncio.timeout(LIMIT_SECONDS):
            stream = await self.open(method, path, body, headers)
            try:
                stream.answer.body = b"".join([part async for part in stream.parts()])
            finally:
                stream.close()
        cookie = stream.answer.headers.get("set-cookie")
        if cookie:
            self.headers["cookie"] = cookie.partition(";")[0]
        return stream.answer

    async def call(self, path: str, value: Any = None, **headers: str) -> Answer:
        """A unary RPC as JSON, as curl would make it."""
        given = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return await self.request("POST", path, json.dumps(value if value is not None else {}).encode(), given)

    async def open(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> "Stream":
        """Send a request and read the head of its answer."""
        place = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        sent = {"host": place.netloc, "content-length": str(len(body))} | self.headers | dict(headers or {})
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(": ") for line in head[1:] if line)
        return Stream(
            Answer(int(head[0].split()[1]), {name.lower(): value for name, _, value in pairs}), reader, writer
        )

    async def feed(self, path: str, request: Message, kind: str = "connect+proto") -> "Stream":
        """Open a server-streaming RPC."""
        as_json = kind.endswith("json")
        data = json.dumps(MessageToDict(request)).encode() if as_json else request.SerializeToString()
        body = struct.pack(">BI", 0, len(data)) + data
        return await self.open("POST", path, body, {"content-type": f"application/{kind}"})


class Stream:
    """An answer whose body is read as it comes."""

    def __init__(self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answer = answer
        self._reader = reader
        self._writer = writer
        self._rest = b""
        self._parts = self.parts()

    async def parts(self) -> AsyncIterator[bytes]:
        """The body, however it is cut."""
        length = self.answer.headers.get("content-length")
        if length is not None:
            yield await self._reader.readexactly(int(length))
        elif self.answer.headers.get("transfer-encoding") == "chunked":
            while size := int(await self._reader.readline(), 16):
                yield (await self._reader.readexactly(size + 2))[:-2]

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: flags, data. Raises EOFError at the end of the body."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while len(self._rest) < 5 or len(self._rest) < 5 + int.from_bytes(self._rest[1:5], "big"):
                try:
                    self._rest += await anext(self._parts)
                except (StopAsyncIteration, asyncio.IncompleteReadError, ValueError):
                    raise EOFError from None
        size = 5 + int.from_bytes(self._rest[1:5], "big")
        frame, self._rest = self._rest[:size], self._rest[size:]
        return frame[0], frame[5:]

    async def end(self) -> dict[str, Any]:
        """Read on to Connect's last frame: what it says."""
        while True:
            flags, data = await self.frame()
            if flags & END_OF_CONNECT:
                said = json.loads(data)
                assert isinstance(said, dict)
                return said

    def close(self) -> None:
        """Go away, as a closed tab does."""
        self._writer.close()
