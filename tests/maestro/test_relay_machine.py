"""Whatever is lost, late or slow between a runner, the relay and its viewers: each sees the terminal's bytes in order.

The runner here keeps the end of its output and sends what is wanted; its messages take their time, also over a
reconnect, and so do those that it is sent: they are lost with the stream. What is typed comes to its process all the
same, once and in order. The relay is the real one, once with rings so small that they overflow all the time, once with
room for all.
"""

from collections import deque
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from podium.maestro.application.terminals.items import Input, Output, ServeItem, Size, TerminalLimits, Unwanted, Wanted
from podium.maestro.application.terminals.relay import Relay
from podium.maestro.application.terminals.sides import Source, Watching
from podium.maestro.application.terminals.typed import Received
from tests.fakes.clock import ManualClock

SIZE = Size(24, 80)
VIEWERS = 4
INPUT_BYTES = 16


def written(life: int, start: int, end: int) -> bytes:
    """What the terminal wrote there, in this life of its own."""
    return bytes((life * 31 + offset * 7) % 251 for offset in range(start, end))


class Terminals(RuleBasedStateMachine):
    """One terminal, its runner, and up to four viewers."""

    keeps_all = False
    kept = 40
    limits = TerminalLimits(ring_bytes=32, ring_chunks=6, input_bytes=INPUT_BYTES)

    @initialize()
    def begin(self) -> None:
        self.tokens = count()
        self.relay = self.new_relay()
        self.life = self.total = 0
        self.typed = bytearray()
        """What was typed for this life of the terminal: all of it has to come."""
        self.received = bytearray()
        self.taken = 0
        self.input_id = "first"
        self.orders: deque[ServeItem] = deque()
        """On their way to the runner, over the stream that it has."""
        self.source: Source | None = None
        self.position: int | None = None
        self.on_the_way: deque[tuple[Source, Output | int]] = deque()
        """Output, and how much input is taken; also of streams that were lost."""
        self.viewers: list[Watching] = []
        self.waiting: list[Watching] = []
        """Came while nobody served the terminal: they look at the transcript before they look at the ring."""

    def new_relay(self) -> Relay:
        return Relay("s", self.limits, ManualClock(), lambda: f"token {next(self.tokens)}")

    # -- the runner ------------------------------------------------------------------------------------------

    @rule(
        size=st.integers(0, 60),
        most=st.integers(1, 20),
        late=st.integers(0, 3),
        unheard=st.integers(0, 2),
        untaken=st.integers(0, 20),
    )
    def run(self, size: int, most: int, late: int, unheard: int, untaken: int) -> None:
        """It writes, hears what is wanted and sends it; some messages are still on their way after that."""
        self.total += size
        if self.source is not None:
            self.hear(unheard)
            self.take_input(untaken)
            while self.position is not None and self.position < self.total:
                self.send(most)
        while len(self.on_the_way) > late:
            self.deliver()

    @precondition(lambda self: self.source is None)
    @rule(anew=st.integers(0, 7))
    def serve(self, anew: int) -> None:
        """It offers the terminal; now and then one that began anew."""
        if anew == 7:
            self.begin_anew()
        self.offer()

    def begin_anew(self) -> None:
        """Another terminal: what was typed for the one before is not for it."""
        if self.relay.was_served:
            self.typed.clear()
        del self.typed[: len(self.received)]
        self.life, self.total = self.life + 1, 0
        self.received.clear()
        self.taken, self.input_id = 0, f"own {next(self.tokens)}"
        self.on_the_way.clear()

    def offer(self) -> None:
        received = Received(len(self.received), len(self.received) - self.taken, self.input_id)
        self.source, self.position = self.relay.serve(SIZE, self.total, True, received), None
        self.orders.clear()
        self.waiting.clear()

    @precondition(lambda self: self.source is not None)
    @rule(told=st.booleans())
    def lose(self, told: bool) -> None:
        """The stream is lost; the relay may not know it yet when the next one opens."""
        if told:
            assert self.source is not None
            self.relay.leave(self.source)
        self.source = None

    def hear(self, unheard: int) -> None:
        assert self.source is not None
        while (order := self.relay.next_order(self.source)) is not None:
            self.orders.append(order)
        while len(self.orders) > unheard:
            self.input_id = self.relay.keyboard.input_id
            match self.orders.popleft():
                case Wanted(after_offset):
                    assert 0 <= after_offset <= self.total
                    self.position = after_offset
                case Unwanted():
                    self.position = None
                case Input(data, offset):
                    assert offset == len(self.received), "input is lost or repeated"
                    self.received += data
                    assert len(self.received) - self.taken <= INPUT_BYTES
        assert self.typed.startswith(self.received)

    def take_input(self, untaken: int) -> None:
        """The process reads, as far as it likes."""
        assert self.source is not None
        taken = max(self.taken, len(self.received) - untaken)
        if taken != self.taken:
            self.taken = taken
            self.on_the_way.append((self.source, taken))

    def send(self, most: int) -> None:
        assert self.source is not None and self.position is not None
        start = max(self.position, self.total - self.kept)
        end = min(start + most, self.total)
        chunk = Output(start, written(self.life, start, end), start - self.position)
        self.on_the_way.append((self.source, chunk))
        self.position = end

    def deliver(self) -> None:
        source, message = self.on_the_way.popleft()
        if isinstance(message, Output):
            self.relay.take(source, message)
        else:
            self.relay.took_input(source, message)

    @rule()
    def restart(self) -> None:
        """Maestro begins anew, with nobody attached: what it had on its way is gone."""
        self.relay, self.source = self.new_relay(), None
        self.typed = self.received[:]
        self.on_the_way.clear()
        self.viewers.clear()
        self.waiting.clear()

    @rule(size=st.integers(1, 10))
    def type(self, size: int) -> None:
        data = bytes((len(self.typed) + place) % 251 for place in range(size))
        if not self.relay.keyboard.is_full(data):
            self.relay.keyboard.put(data)
            self.typed += data

    # -- the viewers -----------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.viewers) < VIEWERS)
    @rule(after=st.integers(0, 200))
    def join(self, after: int) -> None:
        viewer = Watching(min(after, self.total))
        self.relay.watch(viewer)
        self.viewers.append(viewer)
        if self.relay.source is None:
            self.waiting.append(viewer)

    @precondition(lambda self: self.viewers)
    @rule(number=st.integers(0, VIEWERS - 1))
    def leave(self, number: int) -> None:
        viewer = self.viewers[number % len(self.viewers)]
        self.viewers.remove(viewer)
        self.relay.unwatch(viewer)

    @precondition(lambda self: self.viewers)
    @rule(number=st.integers(0, VIEWERS - 1))
    def look(self, number: int) -> None:
        viewer = self.viewers[number % len(self.viewers)]
        if viewer not in self.waiting:
            self.read(viewer)

    def read(self, viewer: Watching) -> bool:
        """A viewer takes what is there: it joins what it saw, and is what was written."""
        before, output = viewer.position, self.relay.next_output(viewer)
        if output is None:
            return False
        assert output.offset - output.gap_bytes == before
        assert not output.gap_bytes or not self.keeps_all, "nothing had to go, so nothing may be missing"
        assert output.data == written(self.life, output.offset, output.end)
        assert viewer.position == output.end
        return True

    # -- the end ---------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """When all is quiet, every viewer has come to the end of the output, and all that was typed has arrived."""
        if not hasattr(self, "relay"):
            return
        if self.source is None:
            self.offer()
        for size in (1, 0, 0, 0):
            self.run(size, 20, 0, 0, 0)
            for viewer in self.viewers:
                while self.read(viewer):
                    pass
        assert [viewer.position for viewer in self.viewers] == [self.total] * len(self.viewers)
        assert self.received == self.typed and self.relay.keyboard.typed.waiting == 0


class RoomyTerminals(Terminals):
    """The same where everything is kept: then no gap is excused."""

    keeps_all = True
    kept = 1 << 20
    limits = TerminalLimits(ring_bytes=1 << 20, ring_chunks=1 << 20, input_bytes=INPUT_BYTES)


TestTerminals = Terminals.TestCase
TestRoomyTerminals = RoomyTerminals.TestCase
TestTerminals.settings = TestRoomyTerminals.settings = settings(max_examples=40, stateful_step_count=60, deadline=None)
