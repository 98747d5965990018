"""What can go wrong: gateway. Made by protos/tools/error_classes.py (`make reasons`)."""

from podium.client.families import NotFoundError, PermissionDeniedError, PodiumError, UnauthenticatedError


class WatchNotFoundError(NotFoundError):
    """The watch has ended, or belongs to another gateway · watch_id · open a new one with the resume points reached."""


class ForeignHostError(PermissionDeniedError):
    """The request names a host that this gateway does not serve · host · use the address that `podium open` prints."""


class ForeignOriginError(PermissionDeniedError):
    """A page of another origin made the request · origin · only the gateway's own pages may call it."""


class NotForBrowsersError(PermissionDeniedError):
    """The RPC exists, but not for browsers · method · use another client."""


class TokenSpentError(UnauthenticatedError):
    """The one-time token was used before, or its time is over · none · `podium open` gives a new one."""


_BY_REASON: dict[str, type[PodiumError]] = {
    "WATCH_NOT_FOUND": WatchNotFoundError,
    "FOREIGN_HOST": ForeignHostError,
    "FOREIGN_ORIGIN": ForeignOriginError,
    "NOT_FOR_BROWSERS": NotForBrowsersError,
    "TOKEN_SPENT": TokenSpentError,
}
