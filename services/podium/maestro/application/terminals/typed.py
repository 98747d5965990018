"""What was typed into a terminal, by its place in all that was: kept until the process has taken it.

A runner's stream may be lost with input that it was sent; the next one says how much the runner has received, and what
lies behind that is sent again: nothing is lost, and nothing typed twice.
"""

from dataclasses import dataclass

from podium.maestro.application.terminals.items import Input

PIECE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Received:
    """What a runner says of a terminal's input when it offers it."""

    offset: int = 0
    """Bytes that it has received so far."""
    waiting: int = 0
    """How many of these the process has not taken yet."""
    input_id: str = ""
    """Who counted them; at first a name that the terminal gave itself."""
    counts: bool = True
    """Whether it counts input at all; else what it was sent is as good as taken."""


class Typed:
    """The input of one terminal, between its first byte and the last one that its process has taken."""

    def __init__(self, most_bytes: int) -> None:
        """At most so many bytes are with the runner and not taken yet."""
        self._most = most_bytes
        self._data = bytearray()
        self._start = 0
        """The offset of the first byte that is kept."""
        self._taken = 0
        """The process has taken all up to here: less than is not kept any more, where the runner still holds some."""
        self._last: Received | None = None
        """What the runner said when it last offered the terminal."""

    @property
    def end(self) -> int:
        """Bytes in all."""
        return self._start + len(self._data)

    @property
    def waiting(self) -> int:
        """How many bytes no process has taken yet."""
        return self.end - self._taken

    def add(self, data: bytes) -> None:
        """Somebody typed."""
        self._data += data

    def after(self, offset: int) -> Input | None:
        """The next bytes behind an offset, as far as the runner has room; None where there are none."""
        first = max(offset, self._start)
        size = min(PIECE_BYTES, self._taken + self._most - first)
        if size <= 0 or first >= self.end:
            return None
        index = first - self._start
        return Input(bytes(self._data[index : index + size]), first)

    def begin(self, received: Received, input_id: str) -> int:
        """A runner offers the terminal: the offset behind which it is sent what was typed.

        `input_id` is ours: what a runner that knows it has received, it was sent by us. Another one is of a terminal
        that began anew, or that others typed into meanwhile: what was typed for the one before is dropped. What is
        typed before the first runner comes is for that one.
        """
        last, self._last = self._last, received
        offset = received.offset if received.counts else self._start
        if last is not None and not self._continues(last, received, input_id):
            self._data.clear()
        if self._data and last is not None and self._start <= offset <= self.end:
            self._forget(offset)
        else:
            self._start = offset
        self._taken = offset - min(received.waiting, offset)
        return offset

    def _continues(self, last: Received, received: Received, input_id: str) -> bool:
        if not received.counts:
            return not last.counts
        if received.input_id == input_id:
            return self._start <= received.offset <= self.end
        # It has heard nothing by the stream before, not even who we are.
        heard_nothing = bool(received.input_id) and received.input_id == last.input_id
        return heard_nothing and received.offset == last.offset

    def took(self, offset: int) -> bool:
        """The process has taken the input up to an offset; whether there is more room by that."""
        if not self._taken < offset <= self.end:
            return False
        self._taken = offset
        self._forget(offset)
        return True

    def clear(self) -> None:
        """Nothing will be typed any more: the terminal has ended."""
        self._start = self._taken = self.end
        self._data.clear()

    def _forget(self, offset: int) -> None:
        if offset > self._start:
            del self._data[: offset - self._start]
            self._start = offset
