"""One attachment: what a viewer is shown, in order, at its own speed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from podium.chassis.engine.ports import Clock
from podium.kernel.errors import Rejection
from podium.maestro.application.terminals.items import (
    UNKNOWN_SIZE,
    Exit,
    InputLost,
    Opened,
    Output,
    Size,
    TerminalLimits,
    ViewerItem,
)
from podium.maestro.application.terminals.ports import SessionFacts, Sessions, Transcripts
from podium.maestro.application.terminals.relay import Relay
from podium.maestro.application.terminals.sides import Watching

if TYPE_CHECKING:
    from podium.maestro.application.terminals.terminals import Key

_PATIENCE = 3
_CLOSED = Exit(text="closed")
_AWAY = Exit(text="no runner serves the terminal now", away=True)


class Viewer(Watching):
    """Iterate `items`, once."""

    def __init__(
        self,
        viewer_id: str,
        key: "Key",
        relay: Relay,
        sessions: Sessions,
        transcripts: Transcripts,
        clock: Clock,
        limits: TerminalLimits,
        after_offset: int,
    ) -> None:
        super().__init__(after_offset)
        self.viewer_id = viewer_id
        self._returns = after_offset > 0
        self._key = key
        self._relay = relay
        self._sessions = sessions
        self._transcript = transcripts.open(key[1])
        self._clock = clock
        self._limits = limits
        self._size = Size()
        self._follows_transcript = False
        """Where nobody serves a terminal that lives, its transcript is what there is to see."""
        self._token = ""
        self._came_at = self._looked_at = self._said_at = self._read_at = clock.monotonic()

    async def items(
        self, facts: SessionFacts, *, take_input: bool, read_only: bool, input_token: str
    ) -> AsyncIterator[ViewerItem]:
        """`Opened`, output and what else happens, `Exit` at the end; output without data is a heartbeat."""
        relay = self._relay
        relay.watch(self)
        # Whoever has a token had it from a terminal that was served, if not by this process.
        relay.was_served = relay.was_served or bool(input_token)
        try:
            if not read_only and facts.exit is None and relay.takes_input(facts.spawned or relay.was_served):
                self._token = relay.keyboard.hold(self, input_token, take_input, returns=self._returns)
            self._size = relay.next_size(self)
            if self._size == UNKNOWN_SIZE:
                self._size = facts.size
            sequence = relay.keyboard.sequence if self._token else 0
            yield Opened(self.viewer_id, self._token, self._size, self.position, relay.source is not None, sequence)
            if not await self._is_live(facts):
                self._follows_transcript = facts.exit is None
                async with aclosing(self._replay()) as outputs:  # type: ignore[type-var]
                    async for output in outputs:
                        yield output
            if facts.exit is not None and relay.source is None:
                yield relay.exit or facts.exit
                return
            async with aclosing(self._follow()) as items:  # type: ignore[type-var]
                async for item in items:
                    yield item
        finally:
            relay.unwatch(self)

    # -- from the transcript ---------------------------------------------------------------------------------

    async def _is_live(self, facts: SessionFacts) -> bool:
        """Whether a runner serves it, after a moment; what has just begun has nothing else to show."""
        relay, wait = self._relay, self._limits.transcript_after_seconds
        if self._returns:
            wait *= _PATIENCE  # a loss that met it may have met the runner too, and live it sees more
        if facts.exit is not None:
            return relay.source is not None
        if facts.starting:
            return True
        started = self._clock.monotonic()
        while relay.source is None and relay.exit is None and self._clock.monotonic() - started < wait:
            await self._rest(wait)
        return relay.source is not None

    async def _replay(self) -> AsyncIterator[Output]:
        """What the transcript has behind the viewer's offset."""
        self._read_at = self._clock.monotonic()
        async with aclosing(self._transcript.more()) as outputs:  # type: ignore[type-var]
            async for output in outputs:
                if output.end > self.position:
                    fresh = output.data[max(0, self.position - output.offset) :]
                    offset = output.end - len(fresh)
                    gap, self.position = offset - self.position, output.end
                    yield Output(offset, fresh, gap)

    # -- live ------------------------------------------------------------------------------------------------

    async def _follow(self) -> AsyncIterator[ViewerItem]:
        while True:
            item = self._next()
            if item is None and self._reads_on():
                async with aclosing(self._replay()) as outputs:  # type: ignore[type-var]
                    async for output in outputs:
                        self._came_at = self._said_at = self._read_at
                        yield output
            if item is None:
                item = await self._look()
            if item is None:
                await self._rest(self._limits.look_seconds)
                continue
            self._said_at = self._clock.monotonic()
            yield item
            if isinstance(item, Exit):
                return

    def _reads_on(self) -> bool:
        due = self._clock.monotonic() - self._read_at >= self._limits.look_seconds
        return due and self._follows_transcript and self._relay.source is None

    def _next(self) -> ViewerItem | None:
        relay = self._relay
        if self.input_lost:
            self.input_lost = False
            return InputLost()
        size = relay.next_size(self)
        if self._size != size != UNKNOWN_SIZE:
            self._size = size
            return size
        output = relay.next_output(self)
        return relay.exit if output is None else output

    async def _look(self) -> ViewerItem | None:
        """Now and then: whether the session still is, and is ours; whether the other side hears us."""
        now, limits = self._clock.monotonic(), self._limits
        if now - self._looked_at >= limits.look_seconds:
            self._looked_at = now
            ended = await self._ended()
            if ended is not None and self._relay.source is None:
                return ended
        alone_since = max(self._came_at, self._relay.changed_at)
        if self._relay.source is None and now - alone_since >= limits.away_after_seconds:
            return _AWAY
        if now - self._said_at >= limits.heartbeat_seconds:
            return Output(self.position)
        return None

    async def _ended(self) -> Exit | None:
        try:
            return (await self._sessions.find(*self._key)).exit
        except Rejection as refusal:
            if refusal.reason in ("SESSION_NOT_FOUND", "PROJECT_NOT_FOUND"):
                return _CLOSED
            if refusal.reason == "NOT_OWNER":
                raise
            return None

    async def _rest(self, seconds: float) -> None:
        """Until something changes, or a while is over."""
        self.changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self.changed.wait()
        except TimeoutError:
            return
