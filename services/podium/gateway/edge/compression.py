"""Compression of answers, where it pays: large whole answers on their way to another machine.

On loopback it costs more than it saves. Streams go as they are: their items are small and must not wait.
"""

import asyncio
import zlib
from collections.abc import MutableMapping
from typing import Any

from podium.gateway.asgi import Header, Scope, Send, header

SMALLEST_BYTES = 4 * 1024
"""What is shorter fits a few packets anyway."""

_THREAD_BYTES = 64 * 1024
"""What is longer would hold up the others: a thread does it."""

_LEVEL = 3
_GZIP_WINDOW = 31
_LOOPBACK = ("127.", "::1", "::ffff:127.")


def accepted(scope: Scope) -> frozenset[str]:
    """The content encodings that a client takes; `q=0` means that it does not."""
    found = set()
    for part in header(scope, b"accept-encoding").lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name and weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            found.add(name.strip())
    return frozenset(found)


def is_near(scope: Scope) -> bool:
    """Whether the caller, or the proxy that calls for it and compresses itself, is on this machine."""
    client = scope.get("client")
    return client is None or str(client[0]).startswith(_LOOPBACK)


def compressing(scope: Scope, send: Send) -> Send:
    """A `send` that compresses a whole answer where it pays."""
    if is_near(scope) or "gzip" not in accepted(scope):
        return send
    held: list[MutableMapping[str, Any]] = []

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            held.append(message)
            return
        if held:
            start = held.pop()
            body = bytes(message.get("body", b""))
            if not message.get("more_body", False) and len(body) >= SMALLEST_BYTES and _is_plain(start["headers"]):
                body = await _gzip(body)
                start["headers"] = _encoded(start["headers"], len(body))
                message = {**message, "body": body}
            await send(start)
        await send(message)

    return sending


def _is_plain(headers: list[Header]) -> bool:
    return not any(name.lower() == b"content-encoding" for name, _ in headers)


def _encoded(headers: list[Header], length: int) -> list[Header]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    added = [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"), (b"content-length", str(length).encode())]
    return [*kept, *added]


async def _gzip(body: bytes) -> bytes:
    if len(body) < _THREAD_BYTES:
        return _squeeze(body)
    return await asyncio.to_thread(_squeeze, body)


def _squeeze(body: bytes) -> bytes:
    press = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return press.compress(body) + press.flush()
