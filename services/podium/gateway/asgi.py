"""Small answers: the parts of ASGI that are needed here, and refusals in the shape that Connect clients read."""

import base64
import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from podium.client.errors import PodiumError
from podium.kernel.errors import Rejection, unavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

NO_STORE: Header = (b"cache-control", b"no-store")

AWAY = "the service is away; it comes back by itself"

_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""HTTP statuses by gRPC code, as Connect has them; 500 for the others."""


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


async def refuse(send: Send, error: Rejection | PodiumError, status: int | None = None) -> None:
    """A refusal as Connect tells it: code, message, and the ErrorInfo that every error of Podium carries."""
    value, usual = error_document(error)
    await reply_json(send, status or usual, value)


def error_document(error: Rejection | PodiumError, method: str = "") -> tuple[dict[str, Any], int]:
    """Connect's JSON for an error, with its details in bytes and readable, and the HTTP status that goes with it."""
    # Imported when first needed: a gateway that is up refuses nobody for most of its life.
    from google.protobuf.json_format import MessageToDict

    from podium.chassis.interceptors.errors import code_of, to_status

    status = to_status(in_words(error), method)
    details: list[dict[str, Any]] = []
    for each in status.details:
        shown = MessageToDict(each)
        name = each.type_url.rpartition("/")[2]
        shown.pop("@type", None)
        details.append({"type": name, "value": base64.b64encode(each.value).decode().rstrip("="), "debug": shown})
    code = code_of(status).name
    return {"code": code.lower(), "message": status.message, "details": details}, _STATUSES.get(code, 500)


def in_words(error: Rejection | PodiumError) -> Rejection | PodiumError:
    """The error, with words for people where only gRPC itself spoke: of sockets, addresses and broken pipes."""
    if isinstance(error, PodiumError) and error.code == "UNAVAILABLE" and not error.reason:
        return unavailable("NOT_READY", AWAY, 1.0)
    return error


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
