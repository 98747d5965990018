"""The two sides of a relay: a viewer, and a runner's stream."""

import asyncio

from podium.maestro.application.terminals.items import Size, Unwanted, Wanted


class Watching:
    """A viewer, as far as the relay knows it: where it is in the output, and how to wake it."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.changed = asyncio.Event()
        self.input_lost = False

    def lose_input(self) -> None:
        """Somebody else types now."""
        self.input_lost = True
        self.changed.set()


class Source:
    """A runner's stream for one terminal, for as long as it lasts."""

    def __init__(self, writable: bool, counts: bool, typed: int) -> None:
        self.writable = writable
        self.counts = counts
        """Whether it says what of its input the process has taken."""
        self.typed = typed
        """The offset behind the last input that it was sent, or had received before."""
        self.changed = asyncio.Event()
        self.closed = False
        self.wish: Wanted | Unwanted | None = None
        self.size: Size | None = None

    def close(self) -> None:
        """Its stream ends."""
        self.closed = True
        self.changed.set()
