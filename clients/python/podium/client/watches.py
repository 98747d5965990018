"""The three watches, resuming for ever: of a project, of a pod, of all pods.

Each gives the messages of its RPC as they come, over any number of connections. At least once: after a reconnect what
was seen may come again, as one conflated change; drop what ends at or before the revision you hold.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from podium.client.errors import OutOfRangeError, PodiumError, make_error
from podium.client.watch import resuming

if TYPE_CHECKING:
    from podium.pods.v1.pod_service_pb2 import WatchPodResponse, WatchPodsResponse
    from podium.pods.v1.pod_service_pb2_grpc import PodServiceAsyncStub
    from podium.tasks.v1.maestro_service_pb2 import WatchProjectResponse
    from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceAsyncStub

T = TypeVar("T")

SILENCE_SECONDS = 45.0
"""A watch from which nothing came for so long is taken for dead; servers send a bookmark every 15 seconds."""


@dataclass(frozen=True)
class Resuming:
    """How a watch comes back: who hears of losses (the error, and the pause in seconds), and how it waits."""

    on_loss: Callable[[PodiumError | None, float], None] | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    silence_seconds: float = SILENCE_SECONDS


async def watch_project(
    maestro: "MaestroServiceAsyncStub",
    project_id: str,
    *,
    after_revision: int | None = None,
    snapshot: bool = False,
    how: Resuming | None = None,
) -> AsyncGenerator["WatchProjectResponse", None]:
    """A project's bookmarks and changes after a revision; without one from now on, or from a snapshot.

    A snapshot may come again, when the point to resume after is no longer kept: it begins with a part after a bookmark.
    Without `snapshot` that raises OutOfRangeError: fetch anew what you show. Raises PROJECT_NOT_FOUND.
    """
    from podium.tasks.v1 import maestro_service_pb2 as pb

    start = pb.WATCH_START_SNAPSHOT if snapshot else pb.WATCH_START_NOW

    def open_call(cursor: int | None) -> AsyncIterator[Any]:
        return aiter(
            maestro.WatchProject(pb.WatchProjectRequest(project_id=project_id, after_revision=cursor, start=start))
        )

    async with aclosing(_watch(open_call, _cursor, after_revision, snapshot, how)) as items:
        async for item in items:
            yield item


async def watch_pod(
    pods: "PodServiceAsyncStub",
    pod_id: str,
    *,
    after_revision: int | None = None,
    snapshot: bool = True,
    how: Resuming | None = None,
) -> AsyncGenerator["WatchPodResponse", None]:
    """A pod: its state first (unless `snapshot` is False), then bookmarks and changes.

    The state may come again, when the point to resume after is no longer kept; without `snapshot` that raises
    OutOfRangeError. Raises POD_NOT_FOUND.
    """
    from podium.pods.v1 import pod_service_pb2 as pb

    start = pb.WATCH_START_SNAPSHOT if snapshot else pb.WATCH_START_NOW

    def open_call(cursor: int | None) -> AsyncIterator[Any]:
        return aiter(pods.WatchPod(pb.WatchPodRequest(pod_id=pod_id, after_revision=cursor, start=start)))

    async with aclosing(_watch(open_call, _cursor, after_revision, snapshot, how)) as items:
        async for item in items:
            yield item


async def watch_pods(
    pods: "PodServiceAsyncStub",
    project_id: str = "",
    *,
    after_position: int | None = None,
    how: Resuming | None = None,
) -> AsyncGenerator["WatchPodsResponse", None]:
    """Summaries of all pods (of a project), then of those that change; `synced` once all have been sent."""
    from podium.pods.v1 import pod_service_pb2 as pb

    def open_call(cursor: int | None) -> AsyncIterator[Any]:
        return aiter(pods.WatchPods(pb.WatchPodsRequest(project_id=project_id, after_position=cursor)))

    def cursor_of(item: Any) -> int | None:
        return int(item.position) if item.synced else None

    async with aclosing(_watch(open_call, cursor_of, after_position, True, how)) as items:
        async for item in items:
            yield item


def _cursor(item: Any) -> int | None:
    """The revision up to which everything has come with this item; None in the middle of something."""
    match item.WhichOneof("item"):
        case "bookmark":
            return int(item.bookmark.revision)
        case "change":
            return None if getattr(item.change, "partial", False) else int(item.change.to_revision)
    return None


async def _watch(
    open_call: Callable[[int | None], AsyncIterator[T]],
    cursor_of: Callable[[T], int | None],
    start: int | None,
    anew: bool,
    how: Resuming | None,
) -> AsyncGenerator[T, None]:
    """`resuming`, that takes silence for a loss, and begins anew where that is meant to heal a lost resume point."""
    how = how or Resuming()

    def heard(cursor: int | None) -> AsyncIterator[T]:
        return audible(open_call(cursor), how.silence_seconds)

    while True:
        try:
            items = resuming(heard, cursor_of, start, on_loss=how.on_loss, sleep=how.sleep, chance=how.chance)
            async with aclosing(items):
                async for item in items:
                    yield item
        except OutOfRangeError:
            if not anew:
                raise
            start = None


async def audible(items: AsyncIterator[T], seconds: float) -> AsyncGenerator[T, None]:
    """The items; UNAVAILABLE where none comes for so long."""
    try:
        while True:
            try:
                async with asyncio.timeout(seconds):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise make_error("UNAVAILABLE", "", f"nothing was heard for {seconds:g} s") from None
            yield item
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()
