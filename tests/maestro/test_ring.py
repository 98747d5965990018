"""What a watched terminal keeps, and how fast a runner may send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.maestro.application.terminals.items import (
    Output,
)
from podium.maestro.application.terminals.pace import MESSAGE_BYTES, Pace
from podium.maestro.application.terminals.ring import Ring
from tests.fakes.clock import ManualClock

CHUNK = st.tuples(st.integers(0, 3), st.integers(1, 40))
"""Bytes left out before a chunk, and its length."""


@given(st.lists(CHUNK, max_size=60), st.integers(0, 500), st.integers(1, 200), st.integers(1, 20))
def test_a_ring_gives_every_byte_once_or_counts_it(
    chunks: list[tuple[int, int]], start: int, most_bytes: int, most_chunks: int
):
    """Wherever a viewer begins, what it is given and the gaps that are marked add up to the whole, in order."""
    ring, whole, position = Ring(most_bytes, most_chunks), bytearray(), 0
    for gap, length in chunks:
        offset = position + gap
        data = bytes((offset + i) % 251 for i in range(length))
        ring.add(Output(offset, data, gap))
        whole += bytes(gap) + data
        position = offset + length
    at = min(start, position)
    while (output := ring.after(at)) is not None:
        assert output.offset - output.gap_bytes == at
        assert output.data == bytes((output.offset + i) % 251 for i in range(len(output.data)))
        at = output.end
    assert at == position


def test_a_ring_of_many_short_chunks_is_few_long_ones():
    """A hundred thousand single bytes cost few objects."""
    ring = Ring(1 << 20, 100)
    for i in range(100_000):
        ring.add(Output(i, b"x"))
    at = pieces = 0
    while (output := ring.after(at)) is not None:
        at, pieces = output.end, pieces + 1
    assert at == 100_000 and pieces <= 101


def test_who_floods_is_held_up():
    """The burst is free, then the rate holds; a short message costs as much as a longer one."""
    clock = ManualClock()
    pace = Pace(clock, bytes_per_second=1 << 20, burst_bytes=1 << 20)
    assert pace.spend(1 << 20) == 0
    assert pace.spend(1 << 20) == pytest.approx(1.0)
    clock.advance(2.0)
    assert pace.spend(1) == 0
    for _ in range((1 << 20) // MESSAGE_BYTES):
        pause = pace.spend(1)
    assert pause > 0
