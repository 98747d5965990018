"""Watches that resume."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from podium.client.errors import PodiumError, make_error
from podium.client.watch import MAX_BACKOFF_SECONDS, backoff_seconds, resuming

Script = list[list[Any]]


class Source:
    """Opens scripted streams: lists of numbers, a PodiumError to raise at the end."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.cursors: list[int | None] = []
        self.closed = 0

    async def open(self, cursor: int | None) -> AsyncIterator[int]:
        self.cursors.append(cursor)
        items = self.script.pop(0)
        try:
            for item in items:
                if isinstance(item, PodiumError):
                    raise item
                yield item
        finally:
            self.closed += 1


LOST = make_error("UNAVAILABLE", "NOT_READY", "stopping")
FINAL = make_error("OUT_OF_RANGE", "RESUME_POINT_TRUNCATED", "too old")


async def _collect(source: Source, pauses: list[float], losses: list[Any]) -> list[int]:
    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    seen: list[int] = []
    watch = resuming(
        source.open,
        lambda item: item if item > 0 else None,
        7,
        on_loss=lambda error, pause: losses.append((error.code if error else None, pause)),
        sleep=sleep,
        chance=lambda: 0.0,
    )
    with pytest.raises(PodiumError) as ended:
        async for item in watch:
            seen.append(item)
    assert ended.value is FINAL
    return seen


async def test_each_connection_resumes_after_the_last_cursor() -> None:
    """A lost, refused or ended stream is opened again after what was seen; items without a cursor move nothing."""
    source = Source([[8, 9, LOST], [LOST], [0, 10], [11, -1, LOST], [FINAL]])
    pauses: list[float] = []
    losses: list[Any] = []
    assert await _collect(source, pauses, losses) == [8, 9, 0, 10, 11, -1]
    assert source.cursors == [7, 9, 9, 10, 11]
    assert source.closed == 5
    assert [code for code, _ in losses] == ["UNAVAILABLE", "UNAVAILABLE", None, "UNAVAILABLE"]


async def test_success_resets_the_backoff() -> None:
    """Pauses double while nothing comes, and start again at a second after an item."""
    source = Source([[LOST], [LOST], [LOST], [8, LOST], [LOST], [FINAL]])
    pauses: list[float] = []
    await _collect(source, pauses, [])
    assert pauses == [1, 2, 4, 1, 2]


@pytest.mark.parametrize(
    "code", ["INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED", "UNAUTHENTICATED", "FAILED_PRECONDITION"]
)
async def test_what_would_come_again_is_raised(code: str) -> None:
    """An error that another attempt would meet again ends the watch."""
    source = Source([[8, make_error(code, "X", "no")]])
    watch = resuming(source.open, lambda item: item)
    assert await anext(watch) == 8
    with pytest.raises(PodiumError) as ended:
        await anext(watch)
    assert ended.value.code == code


async def test_leaving_closes_the_stream() -> None:
    """Who stops iterating leaves no open call behind."""
    source = Source([[8, 9]])
    watch = resuming(source.open, lambda item: item)
    assert await anext(watch) == 8
    await watch.aclose()
    assert source.closed == 1


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1.0), (2, 2.0), (5, 16.0), (6, 30.0), (99_999, 30.0)])
def test_backoff(failures: int, seconds: float) -> None:
    """min(1 s · 2ⁿ, 30 s), and up to half as much again by chance."""
    assert backoff_seconds(failures, 0.0) == seconds
    assert backoff_seconds(failures, 1.0) == seconds * 1.5 <= MAX_BACKOFF_SECONDS * 1.5
