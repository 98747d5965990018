"""The HTTP application: hosts and origins first, then the way to sign-in, RPCs, files; safe headers on everything."""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

from podium.chassis.identity import Authenticator
from podium.gateway.asgi import NO_STORE, App, Header, Receive, Scope, Send, header, refuse, reply, reply_json
from podium.gateway.edge.compression import compressing
from podium.gateway.edge.guard import Guard
from podium.gateway.edge.sign_in import PATH as SIGN_IN_PATH
from podium.gateway.edge.sign_in import SignIn
from podium.gateway.edge.static import StaticFiles
from podium.gateway.rpc import lines
from podium.gateway.rpc.catalogue import Catalogue
from podium.gateway.rpc.forwarding import BODY_LIMIT_BYTES, CALLER, Forwarder
from podium.gateway.sessions import Session
from podium.kernel.errors import Kind, Rejection, denied
from podium.kernel.identity import CallerKind

HEADER_LIMIT_BYTES = 32 * 1024
"""Of all headers of a request. The HTTP server bounds what is still incomplete; this bounds what came at once."""

_RPC_PREFIX = "/podium."

_CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # terminals write their colours and places as styles
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: tuple[Header, ...] = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


class Gateway:
    """The ASGI application. `healthy` says whether the gateway is ready and not stopping."""

    def __init__(
        self,
        guard: Guard,
        sign_in: SignIn,
        authenticator: Authenticator,
        catalogue: Catalogue,
        forwarder: Forwarder,
        files: StaticFiles,
        healthy: Callable[[], bool],
    ) -> None:
        self._guard = guard
        self._sign_in = sign_in
        self._authenticator = authenticator
        self._catalogue = catalogue
        self._forwarder = forwarder
        self._rpc: App = forwarder.application(catalogue)
        self._files = files
        self._healthy = healthy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not spoken here")
        safe = _adding(send, SECURITY_HEADERS)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_LIMIT_BYTES:
            await reply(safe, 431)
            return
        try:
            self._guard.check_host(scope)
        except Rejection as rejection:
            await refuse(safe, rejection, 421)
            return
        path: str = scope["path"]
        if path == "/healthz":
            healthy = self._healthy()
            await reply_json(safe, 200 if healthy else 503, {"status": "serving" if healthy else "stopping"})
        elif path == SIGN_IN_PATH or path.startswith(_RPC_PREFIX):
            await self._guarded(scope, receive, safe)
        else:
            await self._files.serve(scope, safe)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What other sites' pages may not touch."""
        try:
            self._guard.check_origin(scope)
            if scope["path"] == SIGN_IN_PATH:
                await self._sign_in.serve(scope, receive, send)
                return
            session = self._session(scope)
            self._check_path(scope)
        except Rejection as rejection:
            await refuse(send, rejection)
            return
        if _too_long(scope):
            text = f"a request may have {BODY_LIMIT_BYTES} bytes"
            about = {"field": "body", "limit": str(BODY_LIMIT_BYTES)}
            await refuse(send, Rejection(Kind.RESOURCE_EXHAUSTED, "CONTENT_TOO_LONG", text, about), 413)
            return
        if _is_plain_grpc(scope):
            text = "gRPC needs HTTP/2: use Connect or gRPC-Web here, or the services' own addresses"
            await refuse(send, Rejection(Kind.INVALID_ARGUMENT, "INVALID_FIELD", text), 415)
            return
        CALLER.set(session)
        feed = self._forwarder.feeds.get(scope["path"])
        if feed is not None and lines.wants_lines(scope):
            await lines.serve(feed, scope, receive, send)
        else:
            await self._rpc(scope, receive, compressing(scope, _adding(send, (NO_STORE,))))

    def _session(self, scope: Scope) -> Session:
        """Who calls: a bearer token, or the cookie. Raises Rejection."""
        authorization = header(scope, b"authorization")
        if not authorization:
            found = self._sign_in.session_of(scope)
            if found is None:
                raise Rejection(Kind.UNAUTHENTICATED, "UNAUTHENTICATED", "sign in: `podium open` gives the address")
            return found
        identity = self._authenticator.identify(authorization)
        if identity.kind is not CallerKind.PERSON:
            raise denied(f"the gateway is for people, not for {identity.kind.name.lower()}s", caller=str(identity))
        token = authorization.partition(" ")[2].strip()
        return Session(id=str(identity), identity=identity, token=token)

    def _check_path(self, scope: Scope) -> None:
        path = scope["path"]
        if path in self._catalogue.routes:
            return
        if self._catalogue.knows(path):
            text = f"{path.rpartition('/')[2]} is not for browsers"
            raise Rejection(Kind.PERMISSION_DENIED, "NOT_FOR_BROWSERS", text, {"method": path.strip("/")})
        raise Rejection(Kind.NOT_FOUND, "NOT_FOR_BROWSERS", f"there is no RPC {path}", {"method": path.strip("/")})


def _adding(send: Send, headers: Sequence[Header]) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return sending


def _too_long(scope: Scope) -> bool:
    length = header(scope, b"content-length")
    return length.isdecimal() and int(length) > BODY_LIMIT_BYTES


def _is_plain_grpc(scope: Scope) -> bool:
    kind = header(scope, b"content-type").partition(";")[0]
    return kind == "application/grpc" or kind.startswith("application/grpc+")
