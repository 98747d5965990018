"""How fast one runner's terminal may send: who floods is held up, and costs the others nothing."""

from podium.chassis.engine.ports import Clock

MESSAGE_BYTES = 4 << 10
"""What a message costs at least: many short ones are dearer than few long ones."""


class Pace:
    """A bucket of bytes that fills with time."""

    def __init__(self, clock: Clock, bytes_per_second: int, burst_bytes: int) -> None:
        self._clock = clock
        self._rate, self._burst = bytes_per_second, burst_bytes
        self._tokens = float(burst_bytes)
        self._filled = clock.monotonic()

    def spend(self, size: int) -> float:
        """So many bytes came; for how many seconds to read no more (0: read on)."""
        size = max(size, MESSAGE_BYTES)
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate) - size
        self._filled = now
        return max(0.0, -self._tokens / self._rate)
