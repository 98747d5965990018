"""`/auth/session`: POST a one-time token and get the cookie; DELETE signs out."""

import json
import logging

from podium.gateway.asgi import Header, Receive, Scope, Send, header, read_body, refuse, reply, reply_json
from podium.gateway.sessions import Session, Sessions
from podium.kernel.errors import Kind, Rejection

_log = logging.getLogger(__name__)

PATH = "/auth/session"
_BODY_BYTES = 4096


class SignIn:
    """The one resource that needs no session, because it makes it."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer POST and DELETE."""
        match scope["method"]:
            case "POST":
                await self._post(scope, receive, send)
            case "DELETE":
                await reply(send, 204, headers=[self._cookie(scope, "", 0)])
            case _:
                await reply(send, 405, headers=[(b"allow", b"POST, DELETE")])

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            # A form of another page cannot send JSON without asking first.
            if header(scope, b"content-type").partition(";")[0].strip() != "application/json":
                raise _wrong('send {"token": "…"} as application/json')
            value, session = self._sessions.exchange(_token(await read_body(receive, _BODY_BYTES)))
        except Rejection as rejection:
            await refuse(send, rejection)
            return
        _log.info("%s signed in, session %s", session.identity, session.id)
        said = {"actor": str(session.identity), "expires_in_seconds": self._sessions.lifetime_seconds}
        await reply_json(send, 200, said, [self._cookie(scope, value, self._sessions.lifetime_seconds)])

    def session_of(self, scope: Scope) -> Session | None:
        """The session of a request's cookie."""
        for part in header(scope, b"cookie").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._sessions.cookie_name:
                return self._sessions.read(value)
        return None

    def _cookie(self, scope: Scope, value: str, seconds: int) -> Header:
        text = f"{self._sessions.cookie_name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}"
        # The page's origin, which was checked before, tells of a proxy with TLS in front; on loopback there is none.
        secure = "; Secure" if header(scope, b"origin").startswith("https://") else ""
        return b"set-cookie", f"{text}{secure}".encode()


def _token(body: bytes | None) -> str:
    try:
        document = json.loads(body or b"")
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("token"), str):
        raise _wrong('send {"token": "…"}')
    return str(document["token"])


def _wrong(text: str) -> Rejection:
    return Rejection(Kind.INVALID_ARGUMENT, "INVALID_FIELD", text)
