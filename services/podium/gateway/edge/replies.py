"""Small answers: the parts of ASGI that are needed here, and refusals in the shape that Connect clients read."""

import base64
import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from podium.kernel.errors import Kind, Rejection

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

NO_STORE: Header = (b"cache-control", b"no-store")

STATUSES = {
    Kind.UNAUTHENTICATED: 401,
    Kind.PERMISSION_DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.RESOURCE_EXHAUSTED: 429,
    Kind.UNAVAILABLE: 503,
}
"""HTTP statuses of refusals; 400 for the other kinds."""


def header(scope: Scope, name: bytes) -> str:
    """The value of a request header (its name in small letters); empty where it is missing."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


async def reply(send: Send, status: int, body: bytes = b"", headers: Sequence[Header] = ()) -> None:
    """A whole answer."""
    sized = list(headers) if status == 304 else [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


async def reply_json(send: Send, status: int, value: object, headers: Sequence[Header] = ()) -> None:
    """A whole answer of JSON, kept by nobody."""
    body = json.dumps(value, ensure_ascii=False).encode()
    await reply(send, status, body, [(b"content-type", b"application/json"), NO_STORE, *headers])


async def refuse(send: Send, rejection: Rejection, status: int | None = None) -> None:
    """A refusal as Connect tells it: code, message, and the ErrorInfo that every error of Podium carries."""
    # Imported when first needed: a gateway that is up refuses nobody for most of its life.
    from podium.chassis.interceptors.errors import status_of_rejection

    details = [
        {
            "type": each.type_url.rpartition("/")[2],
            "value": base64.b64encode(each.value).decode().rstrip("="),
        }
        for each in status_of_rejection(rejection).details
    ]
    if details:
        info = {"reason": rejection.reason, "domain": "podium", "metadata": dict(rejection.metadata)}
        details[0]["debug"] = info
    value = {"code": rejection.kind.value, "message": rejection.message, "details": details}
    await reply_json(send, status or STATUSES.get(rejection.kind, 400), value)


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The request's body; None where it is longer than the limit, or the client has gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
