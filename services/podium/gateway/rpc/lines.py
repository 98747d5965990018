"""Streams for people at a prompt: a streaming RPC called with plain JSON answers one JSON document a line.

    curl -N -H "Authorization: Bearer $TOKEN" --json '{}' $URL/podium.pods.v1.PodService/WatchPods

Connect frames its streams in binary, which no shell can take apart.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from podium.client.errors import PodiumError
from podium.gateway.asgi import NO_STORE, Receive, Scope, Send, error_document, header, read_body, refuse
from podium.gateway.rpc.codecs import Encoded, JsonCodec, wrong
from podium.gateway.rpc.forwarding import BODY_LIMIT_BYTES, Feed
from podium.kernel.errors import Rejection

_CODEC = JsonCodec()


def wants_lines(scope: Scope) -> bool:
    """Whether a streaming RPC is called with plain JSON."""
    return header(scope, b"content-type").partition(";")[0].strip() == "application/json"


async def serve(feed: Feed, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with `application/x-ndjson`. A refusal before the first line has its own status; a later one is a line."""
    answer = _Answer(send)
    try:
        body = await read_body(receive, BODY_LIMIT_BYTES)
        if body is None:
            raise wrong(f"a request may have {BODY_LIMIT_BYTES} bytes")
        request = _CODEC.parse(body or b"{}", feed.route.request)
        timeout = header(scope, b"connect-timeout-ms")
        timeout_ms = float(timeout) if timeout.isdecimal() and len(timeout) <= 10 else None
        items = feed.items(request, timeout_ms, header(scope, b"traceparent"))
        await _until_gone(receive, answer, items)
    except (PodiumError, Rejection) as error:
        await answer.fail(error, feed.route.path)
    else:
        await answer.end()


async def _until_gone(receive: Receive, answer: "_Answer", items: AsyncGenerator[Encoded, None]) -> None:
    """Write the items until they end or the client goes away."""
    writing = asyncio.ensure_future(answer.write(items))
    watching = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((writing, watching), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (writing, watching):
            task.cancel()
        await asyncio.wait((writing, watching))
    if not writing.cancelled():
        writing.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Answer:
    """The lines of one answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False

    async def write(self, items: AsyncGenerator[Encoded, None]) -> None:
        """Each item as a line."""
        async with aclosing(items):
            async for item in items:
                await self._line(_CODEC.encode(item))

    async def fail(self, error: Rejection | PodiumError, method: str) -> None:
        """Say why it ends."""
        if not self._begun:
            await refuse(self._send, error)
            return
        await self._line(json.dumps({"error": error_document(error, method)[0]}, ensure_ascii=False).encode())
        await self.end()

    async def end(self) -> None:
        """The last byte."""
        await self._begin()
        await self._send({"type": "http.response.body", "body": b""})

    async def _line(self, data: bytes) -> None:
        await self._begin()
        await self._send({"type": "http.response.body", "body": data + b"\n", "more_body": True})

    async def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            headers = [(b"content-type", b"application/x-ndjson"), NO_STORE]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
