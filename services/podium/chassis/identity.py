"""Who calls, and the key that proves it."""

import os
import secrets
import tempfile
from collections import OrderedDict
from contextvars import ContextVar
from pathlib import Path

from podium.chassis.settings import ServiceSettings
from podium.kernel.errors import Kind, Rejection
from podium.kernel.identity import CallerKind, Identity, issue_token, read_token

_CURRENT: ContextVar[Identity | None] = ContextVar("podium_identity", default=None)

_SCHEME = "bearer "
_TOKENS_KEPT = 1024


def current_identity() -> Identity:
    """The caller of the call being served. Raises LookupError outside of one."""
    identity = _CURRENT.get()
    if identity is None:
        raise LookupError("no call is being served here")
    return identity


def set_current_identity(identity: Identity) -> None:
    """Say who calls, for the rest of this call's context."""
    _CURRENT.set(identity)


def service_identity(settings: ServiceSettings) -> Identity:
    """Who a service process is: a runner goes by its instance's name, the others by their service's."""
    if settings.service == "runner":
        return Identity(CallerKind.RUNNER, settings.instance)
    return Identity(CallerKind.SERVICE, settings.service)


def service_token(settings: ServiceSettings, key: bytes) -> str:
    """The token that a service process sends: the configured one, else one signed with the key."""
    if settings.token:
        return settings.token
    if settings.token_file is not None:
        return settings.token_file.read_text().strip()
    return issue_token(key, service_identity(settings))


def ensure_key(path: Path) -> bytes:
    """The key in the file; where there is none, one is made (0600).

    Processes that start together agree on one: the file appears whole, and the first one stays. Raises OSError.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        except FileExistsError:
            pass  # another process was first
        finally:
            Path(temporary).unlink()
    key = path.read_bytes().strip()
    if len(key) < 32:
        raise OSError(f"{path}: a key has at least 32 characters; remove the file and a new one is made")
    return key


class Authenticator:
    """Reads tokens; remembers the last ones, since each connection sends the same one with every call."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: OrderedDict[str, Identity] = OrderedDict()

    def identify(self, authorization: str) -> Identity:
        """The identity of an `authorization` header. Raises Rejection UNAUTHENTICATED."""
        known = self._known.get(authorization)
        if known is not None:
            return known
        identity = None
        if authorization[: len(_SCHEME)].lower() == _SCHEME:
            identity = read_token(self._key, authorization[len(_SCHEME) :].strip())
        if identity is None:
            text = "the token is not valid here" if authorization else "send `authorization: Bearer <token>`"
            raise Rejection(Kind.UNAUTHENTICATED, "UNAUTHENTICATED", text)
        self._known[authorization] = identity
        if len(self._known) > _TOKENS_KEPT:
            self._known.popitem(last=False)
        return identity
