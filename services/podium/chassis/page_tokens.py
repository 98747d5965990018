"""Page tokens: opaque to clients; to us the listing and the place before or after which its next page begins."""

import base64
import binascii

from podium.kernel.errors import Rejection, invalid


def write_token(listing: str, place: str) -> str:
    """The token of a place in a listing."""
    return base64.urlsafe_b64encode(f"{listing}:{place}".encode()).decode().rstrip("=")


def read_token(listing: str, token: str) -> str:
    """The place; empty at the beginning. Raises INVALID_PAGE_TOKEN for tokens of other listings."""
    if not token:
        return ""
    try:
        padded = token + "=" * (-len(token) % 4)
        name, _, place = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _foreign() from None
    if name != listing or not place:
        raise _foreign()
    return place


def read_number(listing: str, token: str) -> int:
    """The place as a number; 0 at the beginning. Raises INVALID_PAGE_TOKEN."""
    place = read_token(listing, token)
    if place and not place.isdecimal():
        raise _foreign()
    return int(place or 0)


def _foreign() -> Rejection:
    return invalid("page_token", "not from this listing; start again", "INVALID_PAGE_TOKEN")
