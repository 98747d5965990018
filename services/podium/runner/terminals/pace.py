"""How fast terminals are read: one that floods is paused, so that it costs the others nothing.

What is not read stays in the terminal, and its process has to wait, as with any slow terminal.
"""

from collections.abc import Callable

BYTES_PER_SECOND = 8 << 20
"""What all terminals that flood may write together."""
BURST_BYTES = 1 << 20
_SHORTEST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 1.0
_REMEMBERED_SECONDS = 1.0
"""How long a terminal counts among those that flood."""


class Pace:
    """Shared by the terminals of a runner."""

    def __init__(self, clock: Callable[[], float], bytes_per_second: int = BYTES_PER_SECOND) -> None:
        self.clock = clock
        self._rate = bytes_per_second
        self._floods: dict[Flow, float] = {}

    def share(self) -> float:
        """Bytes a second for each of those that flood."""
        now = self.clock()
        self._floods = {flow: until for flow, until in self._floods.items() if until > now}
        return self._rate / max(1, len(self._floods))

    def flooded(self, flow: "Flow") -> None:
        """A terminal writes faster than its share."""
        self._floods[flow] = self.clock() + _REMEMBERED_SECONDS


class Flow:
    """One terminal's part."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._tokens = float(BURST_BYTES)
        self._filled = pace.clock()

    def spend(self, size: int) -> float:
        """So many bytes were read; for how many seconds to read no more (0: read on)."""
        now, share = self._pace.clock(), self._pace.share()
        self._tokens = min(BURST_BYTES, self._tokens + (now - self._filled) * share) - size
        self._filled = now
        if self._tokens >= 0:
            return 0.0
        self._pace.flooded(self)
        return min(max(-self._tokens / share, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
