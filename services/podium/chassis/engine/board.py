"""The watch over all entities of a kind; its cursor is the global position."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Generic, TypeVar

from podium.chassis.engine.entity import Entity
from podium.chassis.engine.model import Board, View

S = TypeVar("S")

LOG_LENGTH = 4096
"""Commits remembered; whoever falls further behind looks at every entity once."""


class BoardLog(Generic[S]):
    """Which entities committed, in order, and up to which global position nothing of ours can still come.

    An append that is under way may land on any position past what was known when it was sent. So the position that a
    watcher may resume after is the lowest such mark of the appends under way, not the highest position seen.
    """

    def __init__(self, heartbeat_seconds: float) -> None:
        self._heartbeat = heartbeat_seconds
        self._known = 0
        self._sent: dict[str, int] = {}
        self._commits: deque[str] = deque(maxlen=LOG_LENGTH)
        self._count = 0
        self._wake = asyncio.Event()

    def mark(self, entity: Entity[S], flying: bool) -> None:
        """An append of the entity begins or ends."""
        if flying:
            self._sent[entity.id] = self._known
        else:
            self._sent.pop(entity.id, None)

    def committed(self, entity: Entity[S]) -> None:
        """The entity has a new committed state."""
        self._known = max(self._known, entity.position)
        self._commits.append(entity.id)
        self._count += 1
        self.stir()

    def stir(self) -> None:
        """Let every watch take a step: there is something new to say, if only about what is served."""
        self._wake.set()
        self._wake = asyncio.Event()

    def safe_position(self) -> int:
        """Everything of ours up to here has been committed and counted."""
        return min(self._sent.values(), default=self._known)

    async def watch(
        self, after_position: int | None, entities: Callable[[], Mapping[str, Entity[S]]]
    ) -> AsyncIterator[Board[S]]:
        """All entities changed since the position (None: all), then each step of changes; heartbeats when idle."""
        seen, position = self._count, self.safe_position()
        since = after_position or 0
        first = {eid: e.view() for eid, e in entities().items() if e.position > since and e.committed.revision}
        yield Board(first, position, True)
        while True:
            wake = self._wake
            if self._count == seen:
                try:
                    async with asyncio.timeout(self._heartbeat):
                        await wake.wait()
                except TimeoutError:
                    yield Board({}, self.safe_position(), True)
                    continue
            seen, ids = self._since(seen, entities())
            position = max(position, self.safe_position())
            now = entities()
            changed: dict[str, View[S]] = {eid: now[eid].view() for eid in ids if eid in now}
            yield Board(changed, position, True)

    def _since(self, seen: int, everything: Mapping[str, Entity[S]]) -> tuple[int, set[str]]:
        behind = self._count - seen
        if behind > len(self._commits):
            return self._count, set(everything)
        return self._count, {self._commits[-i] for i in range(1, behind + 1)}
