"""Watches that outlive their connections."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from podium.client.errors import PodiumError

T = TypeVar("T")
C = TypeVar("C")

MAX_BACKOFF_SECONDS = 30.0

_FINAL = frozenset(
    {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "FAILED_PRECONDITION",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
    }
)
"""Codes that another attempt would meet again."""


def backoff_seconds(failures: int, chance: float) -> float:
    """The pause after so many failures in a row (from 1): min(1 s · 2ⁿ, 30 s) and up to half as much again.

    `chance` is a random number from 0 to 1.
    """
    return min(2.0 ** min(failures - 1, 10), MAX_BACKOFF_SECONDS) * (1 + 0.5 * chance)


async def resuming(
    open_call: Callable[[C | None], AsyncIterator[T]],
    cursor_of: Callable[[T], C | None],
    start: C | None = None,
    *,
    on_loss: Callable[[PodiumError | None, float], None] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    chance: Callable[[], float] = random.random,
) -> AsyncGenerator[T, None]:
    """The items of a stream that is opened again, after the last cursor seen, whenever it ends; for ever.

    `open_call(cursor)` opens it after a cursor (`start` at first); `cursor_of(item)` is the cursor to resume after,
    or None where an item moves nothing. Every item counts as success and resets the back-off. `on_loss` hears of each
    loss: the error (None: the stream just ended) and the pause in seconds.

    Raises the PodiumErrors that another attempt would meet again, among them OUT_OF_RANGE: take a new snapshot.
    """
    cursor, failures = start, 0
    while True:
        error: PodiumError | None = None
        items = open_call(cursor)
        try:
            async for item in items:
                failures = 0
                moved = cursor_of(item)
                if moved is not None:
                    cursor = moved
                yield item
        except PodiumError as failure:
            if failure.code in _FINAL:
                raise
            error = failure
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()
        failures += 1
        pause = backoff_seconds(failures, chance())
        if on_loss is not None:
            on_loss(error, pause)
        await sleep(pause)
