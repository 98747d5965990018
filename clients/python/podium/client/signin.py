"""How a person gets from a terminal into the browser: the gateway's address and one-time tokens.

A one-time token is `o1.<name>.<made>.<expiry>.<nonce>.<signature>`: the name as it stands in the person's token, times
in milliseconds since the epoch, and an HMAC-SHA256 by the person's token. Whoever holds that token can make one without
asking anybody; the gateway takes it once and gives a cookie for it.
"""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass

from podium.client.installation import Installation

LIFETIME_SECONDS = 300
"""How long a one-time token can be used."""

_VERSION = "o1"
_PARTS = 6


@dataclass(frozen=True, slots=True)
class OneTime:
    """What a one-time token says; `encoded_name` is the person's name as tokens carry it (URL-safe base 64)."""

    encoded_name: str
    made_ms: int
    expiry_ms: int
    nonce: str
    body: str
    signature: str

    def signed_with(self, person_token: str) -> bool:
        """Whether the holder of the person's token made it."""
        return hmac.compare_digest(self.signature.encode(), _sign(person_token, self.body).encode())


def make_one_time(person_token: str, *, now: float | None = None) -> str:
    """A new one-time token. Raises ValueError where that is no person's token."""
    parts = person_token.split(".")
    if len(parts) != 5 or parts[1] != "user":
        raise ValueError("only a person's token can sign in to a browser")
    made = int((time.time() if now is None else now) * 1000)
    body = f"{_VERSION}.{parts[2]}.{made}.{made + LIFETIME_SECONDS * 1000}.{secrets.token_hex(16)}"
    return f"{body}.{_sign(person_token, body)}"


def read_one_time(text: str) -> OneTime | None:
    """What a one-time token says, not yet proved; None where it is none."""
    parts = text.split(".")
    if len(parts) != _PARTS or parts[0] != _VERSION or not (parts[2].isdecimal() and parts[3].isdecimal()):
        return None
    return OneTime(parts[1], int(parts[2][:15]), int(parts[3][:15]), parts[4], text.rpartition(".")[0], parts[5])


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway serves (`http://127.0.0.1:3000`), and whether it has a web interface to show."""

    url: str
    has_ui: bool


def find_gateway(installation: Installation) -> Gateway | None:
    """The installation's gateway, as it said itself; None where none serves."""
    try:
        found = json.loads(installation.gateway_file.read_text(encoding="utf-8"))
        return Gateway(str(found["url"]), bool(found["ui"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def sign_in_url(url: str, person_token: str) -> str:
    """The gateway's address with a new one-time token in its fragment, which browsers send to nobody."""
    return f"{url}/#token={make_one_time(person_token)}"


def _sign(person_token: str, body: str) -> str:
    return hmac.new(person_token.encode(), body.encode(), hashlib.sha256).hexdigest()
