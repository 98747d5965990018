"""Hosts and origins: pages of strangers may neither call the gateway nor pass their own name off as its address.

The Host check defeats DNS rebinding (a stranger's name that resolves to this machine); the Origin check and the
browser's own Sec-Fetch-Site defeat calls from other sites' pages, beside the cookie's SameSite.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from podium.gateway.asgi import Scope, header
from podium.kernel.errors import Kind, Rejection, denied

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN_PAGES = frozenset({"", "same-origin", "none"})


class Guard:
    """Knows the names under which the gateway is called and the origins whose pages may call it."""

    def __init__(self, bound_host: str, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        bound = {bound_host} - {"0.0.0.0", "::"}  # noqa: S104 - these are no names
        self._hosts = _LOOPBACK | bound | {host.lower() for host in hosts}
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)

    def check_host(self, scope: Scope) -> None:
        """Raises Rejection FOREIGN_HOST; any port will do, so that forwarded ports work."""
        given = header(scope, b"host").lower()
        if _name(given) not in self._hosts:
            text = f"{given or '(none)'} is not served here; [gateway] hosts in podium.toml adds names"
            raise Rejection(Kind.PERMISSION_DENIED, "FOREIGN_HOST", text, {"host": given})

    def check_origin(self, scope: Scope) -> None:
        """Raises Rejection FOREIGN_ORIGIN where a page of another origin calls."""
        origin = header(scope, b"origin").lower()
        host = header(scope, b"host").lower()
        if origin in self._origins and origin:
            return
        if origin and origin not in (f"http://{host}", f"https://{host}"):
            raise _foreign(origin)
        if header(scope, b"sec-fetch-site").lower() not in _OWN_PAGES:
            raise _foreign(origin or "another site")


def _name(host: str) -> str:
    """The name of a Host header without its port; empty where it cannot be read."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises for what is no port
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.username is None and not parts.path else ""


def _foreign(origin: str) -> Rejection:
    rejection = denied("a page of another origin may not call this gateway", origin=origin)
    rejection.reason = "FOREIGN_ORIGIN"
    return rejection
