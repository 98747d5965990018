"""Who acts: identities and the tokens that carry them.

A token is `p1.<kind>.<name>.<pod>.<signature>`: name and pod in URL-safe base 64, the signature an HMAC-SHA256 by the
installation key. An agent's token is bound to its agent id and pod; the other kinds leave the pod empty.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum


class CallerKind(Enum):
    """Mirrors `podium.common.v1.Caller`."""

    PERSON = "user"
    AGENT = "agent"
    RUNNER = "runner"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller; `str(identity)` is the actor that events carry: `user:anna`, `agent:agent_…`, `service:maestro`."""

    kind: CallerKind
    name: str
    pod_id: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}"


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unb64(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def _sign(key: bytes, body: str) -> str:
    digest = hmac.new(key, body.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def issue_token(key: bytes, identity: Identity) -> str:
    """The token of an identity; the same arguments give the same token."""
    body = f"p1.{identity.kind.value}.{_b64(identity.name)}.{_b64(identity.pod_id)}"
    return f"{body}.{_sign(key, body)}"


def read_token(key: bytes, token: str) -> Identity | None:
    """The identity of a token, or None where it is malformed or not signed by this key."""
    body, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_sign(key, body).encode(), signature.encode()):
        return None
    parts = body.split(".")
    if len(parts) != 4 or parts[0] != "p1":
        return None
    try:
        return Identity(CallerKind(parts[1]), _unb64(parts[2]), _unb64(parts[3]))
    except (ValueError, UnicodeDecodeError):
        return None
