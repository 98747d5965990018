"""One terminal: the runner's stream on one side, the viewers on the other."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from podium.chassis.engine.ports import Clock
from podium.kernel.errors import Rejection, precondition
from podium.maestro.application.terminals.items import (
    Exit,
    Output,
    ServeItem,
    Size,
    TerminalLimits,
    Unwanted,
    Wanted,
)
from podium.maestro.application.terminals.keyboard import Keyboard
from podium.maestro.application.terminals.ring import Ring
from podium.maestro.application.terminals.sides import Source, Watching
from podium.maestro.application.terminals.sizes import Sizes, Step
from podium.maestro.application.terminals.typed import Received

_STRAY_CHUNKS = 64
"""After asking anew, so many chunks of before may still be on their way; what comes then is taken as it is."""


class Relay:
    """What is known of a terminal while somebody serves or watches it; all in memory, and bounded."""

    def __init__(self, session_id: str, limits: TerminalLimits, clock: Clock, new_token: Callable[[], str]) -> None:
        self.session_id = session_id
        self._limits = limits
        self._clock = clock
        self._ring = Ring(limits.ring_bytes, limits.ring_chunks)
        self.keyboard = Keyboard(session_id, limits, clock, new_token, self._wake_source)
        self.viewers: set[Watching] = set()
        self.source: Source | None = None
        self.was_served = False
        self._sizes = Sizes()
        self._asked: Size | None = None
        """The size that was asked for last, until the runner says that it has it."""
        self.end = 0
        """Bytes that it wrote, as far as is known."""
        self.exit: Exit | None = None
        self.changed_at = clock.monotonic()
        """When a runner last came or went, or it ended."""
        self._expected = 0
        self._stray = 0
        self._moved = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Nobody serves or watches it, and its end is known for long enough."""
        if self.source is not None or self.viewers:
            return False
        kept = self._limits.input_kept_seconds
        if self.exit is not None:
            kept = self._limits.exit_kept_seconds
        elif self.keyboard.typed.waiting:
            kept = max(kept, self._limits.away_after_seconds)
        return self._clock.monotonic() - self.changed_at > kept

    # -- the runner's side -----------------------------------------------------------------------------------

    def serve(self, size: Size, offset: int, writable: bool, received: Received, sizes: Sequence[Step] = ()) -> Source:
        """A runner offers it; a stream that did so before has to go. The viewers go on where they are."""
        if self.source is not None:
            self.source.close()
        source = self.source = Source(writable, received.counts, self.keyboard.begin(received))
        self.exit = None
        self.was_served = True
        self.changed_at = self._clock.monotonic()
        if offset < self.end:
            # It began anew, and counts anew.
            self._ring.clear()
            self._sizes.clear()
            self._expected = 0
            for viewer in self.viewers:
                viewer.position = 0
        for viewer in self.viewers:
            viewer.position = min(viewer.position, offset)
        self.end = offset
        self._sizes.begin(sizes)
        self.resize(size, offset)
        source.size = self._asked
        source.wish = Unwanted()
        if self.viewers:
            self._want(min(self._continues_at(), offset))
        self._wake_viewers()
        return source

    def _continues_at(self) -> int:
        """Up to where all viewers can be given what they lack from the ring, else where the first of them is."""
        earliest = min(viewer.position for viewer in self.viewers)
        return earliest if earliest >= self._expected or self._lacks(earliest) else self._expected

    def leave(self, source: Source) -> None:
        """A runner's stream is over."""
        if self.source is source:
            self.source = None
            self.changed_at = self._clock.monotonic()
            self._wake_viewers()

    def take(self, source: Source, chunk: Output) -> None:
        """Output of the runner: kept while somebody watches, each byte once."""
        if source is not self.source:
            return
        begins = chunk.offset - chunk.gap_bytes
        if begins != self._expected:
            if self._stray:
                self._stray -= 1
                return
            if chunk.end <= self._expected:
                return
            if chunk.offset < self._expected:
                chunk = Output(self._expected, chunk.data[self._expected - chunk.offset :])
            elif begins > self._expected:
                chunk = Output(chunk.offset, chunk.data, chunk.offset - self._expected)
        self._stray = 0
        self._expected = chunk.end
        self.end = max(self.end, chunk.end)
        if self.viewers:
            self._ring.add(chunk)
            self._wake_viewers()

    def resize(self, size: Size, offset: int | None = None) -> None:
        """It has another size, behind so many bytes of output; None: behind what has come."""
        if size == self._asked:
            self._asked = None
        if self._sizes.take(self._expected if offset is None else offset, size):
            self._wake_viewers()

    def finish(self, end: Exit) -> None:
        """It has ended."""
        if self.exit is None:
            self.exit = end
            self.keyboard.end()
            self.changed_at = self._clock.monotonic()
            self._wake_viewers()

    async def orders(self, source: Source) -> AsyncIterator[ServeItem]:
        """What the runner is told, until its stream is over."""
        while not source.closed:
            item = self.next_order(source)
            if item is not None:
                yield item
                continue
            source.changed.clear()
            await source.changed.wait()

    def next_order(self, source: Source) -> ServeItem | None:
        """What the runner is told next; None: nothing now."""
        if source.wish is not None:
            wish, source.wish = source.wish, None
            return wish
        if source.size is not None:
            size, source.size = source.size, None
            return size
        item = self.keyboard.typed.after(source.typed)
        if item is not None:
            source.typed = item.offset + len(item.data)
            if not source.counts:
                self.keyboard.took(source.typed)
        return item

    def took_input(self, source: Source, offset: int) -> None:
        """The process has taken the input up to an offset: it need not be kept any longer."""
        if source is self.source:
            self.keyboard.took(offset)

    # -- the viewers' side -----------------------------------------------------------------------------------

    def watch(self, viewer: Watching) -> None:
        """A viewer comes; the runner sends what it lacks."""
        first = not self.viewers
        self.viewers.add(viewer)
        self._moved.set()
        if self.source is None:
            return
        viewer.position = min(viewer.position, self.end)
        if first or self._lacks(viewer.position):
            self._want(viewer.position)

    def _lacks(self, position: int) -> bool:
        """Whether the runner may have more after an offset than the ring, which held all that was asked for so far."""
        if position >= self._expected or self._ring.was_cut:
            return False
        found = self._ring.after(position)
        return found is None or found.gap_bytes > 0

    def unwatch(self, viewer: Watching) -> None:
        """A viewer goes; for the last one's sake nothing is sent."""
        self.viewers.discard(viewer)
        self._moved.set()
        self.keyboard.leave(viewer)
        if not self.viewers:
            self._ring.clear()
            self.changed_at = self._clock.monotonic()
            if self.source is not None:
                self.source.wish = Unwanted()
                self._wake_source()

    def next_output(self, viewer: Watching) -> Output | None:
        """What a viewer has not seen, as far as it is there; it has seen it then."""
        output = self._ring.after(viewer.position)
        if output is not None:
            cut = self._sizes.after(output.offset)
            if cut is not None and cut < output.end:
                output = Output(output.offset, output.data[: cut - output.offset], output.gap_bytes)
            viewer.position = output.end
            self._moved.set()
        return output

    def next_size(self, viewer: Watching) -> Size:
        """The size in which the terminal wrote what the viewer sees next."""
        if self._sizes.after(viewer.position) is None:
            return self._sizes.now
        output = self._ring.after(viewer.position)
        return self._sizes.at(viewer.position if output is None else output.offset)

    async def caught_up(self) -> None:
        """Wait, not for long, until at least one viewer is less than half a ring behind: the runner's pace is theirs.

        Who is slower than the quickest one is cut forward; who is stuck holds nobody up.
        """
        try:
            async with asyncio.timeout(self._limits.lag_seconds):
                while self._all_lag():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return

    def _all_lag(self) -> bool:
        behind = self._expected - self._limits.ring_bytes // 2
        return bool(self.viewers) and all(viewer.position < behind for viewer in self.viewers)

    def takes_input(self, expected: bool) -> bool:
        """Whether what is typed has somewhere to go; `expected`: a runner will serve it, if none does."""
        if self.exit is not None:
            return False
        if self.source is not None:
            return self.source.writable
        return expected and self._clock.monotonic() - self.changed_at < self._limits.away_after_seconds

    def check_written(self, expected: bool) -> None:
        """Raises TERMINAL_NOT_SERVED or TERMINAL_READ_ONLY where nothing can be typed."""
        if self.takes_input(expected):
            return
        if self.source is None or self.exit is not None:
            raise not_served(self.session_id)
        message = f"the terminal of {self.session_id} takes no input"
        raise precondition("TERMINAL_READ_ONLY", message, session_id=self.session_id)

    def ask_size(self, size: Size) -> None:
        """A viewer wants another size; the runner says when it has it."""
        if self.source is None:
            raise not_served(self.session_id)
        self.source.size = size
        self._asked = size if size != self._sizes.now else None
        self._wake_source()

    # -- inside ----------------------------------------------------------------------------------------------

    def _want(self, after_offset: int) -> None:
        """Ask for output from an offset on; what the ring has behind it comes again."""
        if self.source is not None:
            if after_offset != self._expected:
                self._ring.clear()
                self._stray = _STRAY_CHUNKS
            self._expected = after_offset
            self.source.wish = Wanted(after_offset)
            self._wake_source()

    def _wake_source(self) -> None:
        if self.source is not None:
            self.source.changed.set()

    def _wake_viewers(self) -> None:
        for viewer in self.viewers:
            viewer.changed.set()


def not_served(session_id: str) -> Rejection:
    """Nobody serves the terminal."""
    return precondition(
        "TERMINAL_NOT_SERVED", f"no runner serves the terminal of {session_id} now", session_id=session_id
    )
