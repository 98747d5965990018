"""Following the job streams: one subscription for each, folded into boards, for ever."""

import logging
from collections.abc import Callable
from contextlib import aclosing

from podium.client.errors import PodiumError
from podium.client.events import EventStore
from podium.runner.jobs.board import Board, Positions

_log = logging.getLogger(__name__)


async def follow(events: EventStore, board: Board, positions: Positions, on_change: Callable[[], None]) -> None:
    """Keep a board; `on_change` is called after each step, from when the board is synced."""
    while True:
        try:
            subscription = events.subscribe(stream=board.stream, after=board.resume_after)
            async with aclosing(subscription) as items:
                async for item in items:
                    for event in item.batch.events:
                        board.fold(event)
                    if item.HasField("caught_up"):
                        board.passed(item.caught_up.at)
                        board.synced = True
                    elif item.HasField("bookmark"):
                        board.passed(item.bookmark.at)
                    if board.synced:
                        positions.save(board.stream, board.resume_after)
                        on_change()
        except PodiumError as error:
            if error.reason != "RESUME_POINT_TRUNCATED":
                raise
            oldest = int(error.metadata.get("oldest_revision", "1"))
            _log.warning("%s begins at %d now", board.stream, oldest)
            board.passed(max(oldest - 1, board.resume_after + 1))
