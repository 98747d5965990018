"""The course of one call: what it carries, how long it may take, where it goes next, when it is repeated."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import MethodOptions

from podium.client.ambient import TRACEPARENT, remaining_seconds
from podium.client.errors import PodiumError, make_error

OPENING_SECONDS = 10.0
"""How long the opening of a stream is repeated, where the caller gives no deadline."""

MAX_HOPS = 3
"""How often a call follows NOT_OWNER from one process to the next before it pauses."""

_FIRST_BACKOFF_SECONDS = 0.05
_MAX_BACKOFF_SECONDS = 1.0

Metadata = tuple[tuple[str, str | bytes], ...]
Open = Callable[[str], Any]
"""The raw multi-callable of a method at an address."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What every call of a connection carries; `span` opens the trace span of a call to a method."""

    token: str
    span: Callable[[str], AbstractContextManager[None]]

    def metadata(self, given: Any) -> Metadata:
        """The metadata of a call; a given `authorization` stands instead of the connection's."""
        own = tuple((key, value) for key, value in given or ())
        names = {key for key, _ in own}
        if self.token and "authorization" not in names:
            own += (("authorization", f"Bearer {self.token}"),)
        if "traceparent" not in names and (traceparent := TRACEPARENT.get()):
            own += (("traceparent", traceparent),)
        return own


class Method:
    """A method at a home address, and how to reach it at others."""

    def __init__(self, path: str, home: str, open_at: Open, caller: Caller) -> None:
        self.path = path
        self.home = home
        self.open_at = open_at
        self.caller = caller
        self.repeatable = _has_no_effects(path)

    def attempts(self, timeout: float | None, *, repeatable: bool, once: bool = False) -> "Attempts":
        """The course of one call; with `once` it follows its owner, but is not repeated."""
        return Attempts(self, timeout, repeatable, once)


class Attempts:
    """The attempts of one call: where the next one goes, how long it may take, whether there is one."""

    def __init__(self, method: Method, timeout: float | None, repeatable: bool, once: bool) -> None:
        inherited = remaining_seconds()
        limits = [limit for limit in (timeout, inherited) if limit is not None]
        self._deadline = time.monotonic() + min(limits) if limits else None
        self._give_up = self._deadline or time.monotonic() + OPENING_SECONDS
        self._repeatable = repeatable
        self._once = once
        self._backoff = _FIRST_BACKOFF_SECONDS
        self._home = method.home
        self._hops = 0
        self._last: PodiumError | None = None
        self.address = method.home

    def remaining(self) -> float | None:
        """Seconds for the next attempt; where none are left raises what the last one met, else DEADLINE_EXCEEDED."""
        if self._deadline is None:
            return None
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._last or make_error(
                "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "the deadline passed before the call"
            )
        return left

    async def after(self, error: PodiumError) -> None:
        """Wait until the next attempt, or raise the error where there is none."""
        self._last = error
        if error.reason == "NOT_OWNER" and self._hops < MAX_HOPS:
            self._hops += 1
            owner = error.metadata.get("owner_address", "")
            if owner and owner != self.address:
                self.address = owner
                return
        if self._once or (error.code != "UNAVAILABLE" and not _is_loss(error)):
            raise error
        # A refusal before the work began can be repeated whatever the call does.
        if not self._repeatable and error.reason not in ("NOT_READY", "NOT_OWNER"):
            raise error
        pause = max(self._backoff, error.retry_after_seconds or 0.0) * random.uniform(1.0, 1.5)  # noqa: S311
        self._backoff = min(self._backoff * 2, _MAX_BACKOFF_SECONDS)
        if time.monotonic() + pause >= self._give_up:
            raise error
        await asyncio.sleep(pause)
        # Owners that name each other are amid a handover: ask at home again.
        self.address, self._hops = self._home, 0


def _is_loss(error: PodiumError) -> bool:
    """Whether gRPC itself says that the call was torn off: the server was killed, or stopped past its grace."""
    return not error.reason and error.code in ("UNKNOWN", "CANCELLED")


def _has_no_effects(path: str) -> bool:
    service, _, name = path.strip("/").partition("/")
    try:
        method = descriptor_pool.Default().FindMethodByName(f"{service}.{name}")
    except KeyError:
        return False
    return bool(method.GetOptions().idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN)
