"""Many watches as one: each target is followed by a task of its own, all feed one short queue.

The queue is the only buffer. A tab that reads slowly fills it; then the followers wait, the services' streams back up,
and the services conflate what their watchers have missed. So a slow tab costs no memory here and loses nothing.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import grpc
from google.protobuf.message import Message

from podium.chassis.tasks import TaskSet
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.client.watch import resuming
from podium.gateway.asgi import AWAY, in_words
from podium.gateway.web.targets import Source, source_of
from podium.kernel.errors import exhausted, invalid, not_found
from podium.kernel.identity import Identity
from podium.web.v1 import web_service_pb2 as pb

MAX_TARGETS = 100
"""Of one watch."""

MAX_WATCHES = 1000
"""Of one gateway."""

_QUEUED = 16


class Watch:
    """One tab's watch."""

    def __init__(self, owner: Identity, client: Podium) -> None:
        self.id = f"watch_{secrets.token_hex(12)}"
        self.owner = owner
        self._client = client
        self._queue: asyncio.Queue[pb.WatchResponse] = asyncio.Queue(_QUEUED)
        self._tasks = TaskSet("watch")
        self._targets: dict[str, asyncio.Task[None]] = {}

    def change(self, remove: Iterable[str], add: Iterable[pb.WatchTarget]) -> list[str]:
        """Take targets out and add others; the ids that are in it then. Raises Rejection, and has changed nothing."""
        gone = set(remove)
        staying = self._targets.keys() - gone
        new = {each.target_id: each for each in add if each.target_id not in staying}
        if len(staying) + len(new) > MAX_TARGETS:
            text = f"a watch has at most {MAX_TARGETS} targets"
            raise invalid("add", text, reason="TOO_MANY_ENTRIES", field="add", limit=str(MAX_TARGETS))
        sources = {target_id: source_of(target, self._client) for target_id, target in new.items()}
        for target_id in gone & self._targets.keys():
            self._targets.pop(target_id).cancel()
        for target_id, source in sources.items():
            self._targets[target_id] = self._tasks.spawn(self._follow(target_id, source), name=source.item)
        return sorted(self._targets)

    async def next(self, timeout_seconds: float) -> pb.WatchResponse | None:
        """The next item of any target; None where none came in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._queue.get()
        except TimeoutError:
            return None

    async def close(self) -> None:
        """End all targets."""
        await self._tasks.close()

    async def _follow(self, target_id: str, source: Source) -> None:
        def lost(error: PodiumError | None, pause: float) -> None:
            # A tab too slow to hear of it will see the target go on.
            with contextlib.suppress(asyncio.QueueFull):
                text = AWAY if error is None else in_words(error).message
                notice = pb.WatchInterrupted(message=text, retry_seconds=pause)
                self._queue.put_nowait(pb.WatchResponse(target_id=target_id, interrupted=notice))

        try:
            items = resuming(source.open, source.cursor_of, source.start, on_loss=lost)
            async with aclosing(items):
                async for item in items:
                    await self._queue.put(_response(target_id, source, item))
                    if source.is_last(item):
                        return
        except PodiumError as error:
            failed = pb.WatchFailed(
                code=_number(error.code), reason=error.reason, message=error.message, metadata=error.metadata
            )
            await self._queue.put(pb.WatchResponse(target_id=target_id, failed=failed))
        finally:
            if self._targets.get(target_id) is asyncio.current_task():
                del self._targets[target_id]


class Watches:
    """The open watches of this process."""

    def __init__(self) -> None:
        self._open: dict[str, Watch] = {}

    @asynccontextmanager
    async def opened(self, owner: Identity, client: Podium) -> AsyncIterator[Watch]:
        """A new watch, while its stream lasts. Raises Rejection TOO_MANY_REQUESTS."""
        if len(self._open) >= MAX_WATCHES:
            raise exhausted("TOO_MANY_REQUESTS", f"{MAX_WATCHES} watches are open", 5.0)
        watch = Watch(owner, client)
        self._open[watch.id] = watch
        try:
            yield watch
        finally:
            del self._open[watch.id]
            await watch.close()

    def count_of(self, owner: Identity) -> int:
        """How many this person has open."""
        return sum(1 for watch in self._open.values() if watch.owner == owner)

    def find(self, watch_id: str, owner: Identity) -> Watch:
        """An open watch of this person. Raises Rejection WATCH_NOT_FOUND."""
        watch = self._open.get(watch_id)
        if watch is None or watch.owner != owner:
            raise not_found("WATCH_NOT_FOUND", "this watch has ended: open a new one", watch_id=watch_id)
        return watch


def _response(target_id: str, source: Source, item: Message) -> pb.WatchResponse:
    parts: dict[str, Any] = {source.item: source.render(item)}
    return pb.WatchResponse(target_id=target_id, **parts)


def _number(code: str) -> int:
    """The gRPC number of a status code's name."""
    number: int = grpc.StatusCode[code].value[0]
    return number
