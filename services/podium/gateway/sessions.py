"""Who a browser is: cookies for one-time tokens. Pure but for the nonces that were used.

A cookie is `s1.<id>.<name>.<expiry>.<signature>`, signed with the installation's key, so that it outlives the gateway
and names its person; no table is kept. Taking the key away (a new one) ends all of them.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from podium.client.signin import read_one_time
from podium.kernel.errors import Kind, Rejection
from podium.kernel.identity import CallerKind, Identity, issue_token

_VERSION = "s1"
_PARTS = 5
_NONCES = 10_000
"""One-time tokens remembered as used; they are forgotten when their time is over."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: its id (what limits count by), its person, and the token that services know."""

    id: str
    identity: Identity
    token: str


class Sessions:
    """Gives cookies for one-time tokens and reads them; `now` and `began` are in seconds since the epoch.

    Tokens made before `began`, when this process said where it serves, are refused: they may have been used before it.
    """

    def __init__(self, key: bytes, now: Callable[[], float], began: float, lifetime_seconds: float) -> None:
        self._key = key
        self._now = now
        self.lifetime_seconds = int(lifetime_seconds)
        self._began_ms = int(began * 1000)
        self._used: dict[str, int] = {}
        self.cookie_name = f"podium_{hashlib.sha256(key).hexdigest()[:8]}"
        """Cookies know no ports: two installations on one machine must not overwrite each other's."""

    def exchange(self, one_time: str) -> tuple[str, Session]:
        """The cookie's value for a one-time token, and the session. Raises Rejection: wrong, over or used."""
        said = read_one_time(one_time)
        identity = _person(said.encoded_name) if said is not None else None
        if said is None or identity is None or not said.signed_with(issue_token(self._key, identity)):
            raise _refused("UNAUTHENTICATED", "that is no sign-in token of this installation")
        fresh = self._began_ms <= said.made_ms and self._now() * 1000 < said.expiry_ms
        if not fresh or said.nonce in self._used:
            raise _refused("TOKEN_SPENT", "this sign-in link was used before, or its time is over")
        self._remember(said.nonce, said.expiry_ms)
        body = f"{_VERSION}.{secrets.token_hex(8)}.{said.encoded_name}.{int(self._now()) + self.lifetime_seconds}"
        cookie = f"{body}.{self._sign(body)}"
        session = self.read(cookie)
        assert session is not None
        return cookie, session

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie's value; None where it is not ours, or over."""
        body, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(self._sign(body).encode(), signature.encode()):
            return None
        parts = cookie.split(".")
        if len(parts) != _PARTS or parts[0] != _VERSION or self._now() >= int(parts[3]):
            return None
        identity = _person(parts[2])
        return None if identity is None else Session(parts[1], identity, issue_token(self._key, identity))

    def _remember(self, nonce: str, expiry_ms: int) -> None:
        now = self._now() * 1000
        if len(self._used) >= _NONCES:
            self._used = {each: end for each, end in self._used.items() if end > now}
        if len(self._used) >= _NONCES:
            raise Rejection(Kind.RESOURCE_EXHAUSTED, "TOO_MANY_REQUESTS", "too many sign-ins; try again in a minute")
        self._used[nonce] = expiry_ms

    def _sign(self, body: str) -> str:
        return hmac.new(self._key, f"browser:{body}".encode(), hashlib.sha256).hexdigest()


def _refused(reason: str, text: str) -> Rejection:
    return Rejection(Kind.UNAUTHENTICATED, reason, f"{text}; `podium open` gives a new one")


def _person(encoded_name: str) -> Identity | None:
    try:
        name = base64.urlsafe_b64decode(encoded_name + "=" * (-len(encoded_name) % 4)).decode()
    except (ValueError, UnicodeDecodeError):
        return None
    return Identity(CallerKind.PERSON, name)
