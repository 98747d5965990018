"""Page tokens: opaque to clients; to us the place after which the next page begins."""

import base64
import binascii

from podium.kernel.errors import Rejection, invalid

_LISTING = "pods"


def write_token(place: str) -> str:
    """The token of a place."""
    return base64.urlsafe_b64encode(f"{_LISTING}:{place}".encode()).decode().rstrip("=")


def read_token(token: str) -> str:
    """The place; empty at the beginning. Raises INVALID_PAGE_TOKEN."""
    if not token:
        return ""
    try:
        padded = token + "=" * (-len(token) % 4)
        name, _, place = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _foreign() from None
    if name != _LISTING or not place:
        raise _foreign()
    return place


def _foreign() -> Rejection:
    return invalid("page_token", "not from this listing; start again", "INVALID_PAGE_TOKEN")
