"""Page tokens of a listing by name: opaque to clients, the last name of the page to us."""

import base64
import binascii

from podium.kernel.errors import invalid


def write_token(name: str) -> str:
    """The token that goes on after a name."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def read_token(token: str) -> str:
    """The name to go on after; empty at the beginning. Raises INVALID_PAGE_TOKEN."""
    try:
        padded = token + "=" * (-len(token) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise invalid("page_token", "not from this listing; start again", "INVALID_PAGE_TOKEN") from None
