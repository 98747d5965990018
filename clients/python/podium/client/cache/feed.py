"""The stream that keeps a cache current: follows a project for ever, and says how it stands with the connection."""

import logging
import random
from collections.abc import Callable, Iterable
from contextlib import aclosing
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from podium.client.cache.board import Board, GapError
from podium.client.cache.keys import CONNECTION, Key
from podium.client.clock import Clock
from podium.client.errors import NotFoundError, OutOfRangeError, PodiumError
from podium.client.watch import backoff_seconds
from podium.client.watches import SILENCE_SECONDS, Resuming, watch_project

if TYPE_CHECKING:
    from podium.tasks.v1.maestro_service_pb2_grpc import MaestroServiceAsyncStub

_log = logging.getLogger(__name__)


class Connection(StrEnum):
    """How a cache stands with the server."""

    CONNECTING = "connecting"
    """No connection yet."""
    CONNECTED = "connected"
    """Changes arrive."""
    RECONNECTING = "reconnecting"
    """The connection is lost; what is shown may be old. It comes back by itself."""
    FAILED = "failed"
    """The server refuses, and would again: a wrong token, say. See the error of the key CONNECTION."""


class Feed:
    """Follows one project. `tell` hears which keys changed, `began` of each new connection."""

    def __init__(
        self,
        maestro: "MaestroServiceAsyncStub",
        project_id: str,
        board: Board,
        clock: Clock,
        *,
        tell: Callable[[Iterable[Key]], None],
        began: Callable[[], None],
        silence_seconds: float = SILENCE_SECONDS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._maestro = maestro
        self._project_id = project_id
        self._board = board
        self._clock = clock
        self._tell = tell
        self._began = began
        self._chance = chance
        self._how = Resuming(self._lost, clock.sleep, chance, silence_seconds)
        self._failures = 0
        self.state = Connection.CONNECTING
        self.gaps = 0
        """How often the changes had to begin anew."""

    async def run(self) -> None:
        """For ever; ends only where the server refuses for good."""
        while True:
            try:
                await self._follow()
            except (GapError, OutOfRangeError) as gap:
                _log.info("%s: %s; fetching anew", self._project_id, gap)
                self._board.lose()
                self.gaps += 1
                if not self._failures:
                    self._failures = 1
                    continue
            except NotFoundError as missing:  # it may be made, or made again
                self._lost(missing, 0.0)
            except PodiumError as refusal:
                self._set(Connection.FAILED, refusal)
                return
            self._failures += 1
            await self._clock.sleep(backoff_seconds(self._failures, self._chance()))

    async def _follow(self) -> None:
        watch = watch_project(self._maestro, self._project_id, after_revision=self._board.followed, how=self._how)
        async with aclosing(watch) as items:
            async for item in items:
                begins = self._board.followed is None
                self._apply(item)
                self._failures = 0
                if self.state is not Connection.CONNECTED:
                    begins = True
                    self._set(Connection.CONNECTED, None)
                if begins:
                    self._began()

    def _apply(self, item: Any) -> None:
        match item.WhichOneof("item"):
            case "change":
                self._tell(self._board.change(item.change, self._clock.monotonic()))
            case "bookmark":
                self._tell(self._board.bookmark(item.bookmark.revision))

    def _lost(self, error: PodiumError | None, pause: float) -> None:
        _log.info("%s: connection lost (%s); again in %.1f s", self._project_id, error, pause)
        self._set(Connection.RECONNECTING, error)

    def _set(self, state: Connection, error: PodiumError | None) -> None:
        self.state = state
        self._board.freshness.fail(CONNECTION, error)
        self._tell((CONNECTION,))
