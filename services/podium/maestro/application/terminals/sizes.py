"""The sizes that a terminal had, each from a place in its output on: what is shown again is drawn as it was written."""

from collections.abc import Sequence

from podium.maestro.application.terminals.items import UNKNOWN_SIZE, Size

MOST_STEPS = 64
Step = tuple[int, Size]
"""(offset in the output, the size from there on)"""


class Sizes:
    """Steps in order; the oldest ones go."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    @property
    def now(self) -> Size:
        """The last one; UNKNOWN_SIZE before the first."""
        return self._steps[-1][1] if self._steps else UNKNOWN_SIZE

    def begin(self, history: Sequence[Step]) -> None:
        """What a runner says of the past takes the place of what was known; nothing is no news."""
        if history:
            self._steps = []
            for offset, size in history:
                self.take(offset, size)

    def take(self, offset: int, size: Size) -> bool:
        """It takes a size behind so many bytes of output; whether that is another one."""
        if size == self.now:
            return False
        while self._steps and self._steps[-1][0] >= offset:
            self._steps.pop()  # nothing was written in it
        self._steps.append((offset, size))
        del self._steps[:-MOST_STEPS]
        return True

    def at(self, offset: int) -> Size:
        """The size in which it wrote what stands behind an offset, or the first one that is known."""
        known = [size for start, size in self._steps if start <= offset] or [size for _, size in self._steps[:1]]
        return known[-1] if known else UNKNOWN_SIZE

    def after(self, offset: int) -> int | None:
        """Where the next size begins behind an offset; None: it keeps the last one."""
        if not self._steps or self._steps[-1][0] <= offset:
            return None
        return next(start for start, _ in self._steps if start > offset)

    def clear(self) -> None:
        """It begins anew."""
        self._steps.clear()
