"""What the store writes around events by itself."""

from itertools import islice

from podium.event_store.domain import wire
from podium.events.v1.event_pb2 import Event

EDGES = [0, 1, 126, 127, 128, 255, 16_383, 16_384, 2_097_151, 2_097_152, (1 << 35) - 2, (1 << 62) + 5]


def test_consecutive_numbers_are_written_as_each_alone() -> None:
    """Over every change of length."""
    for first in EDGES:
        assert list(islice(wire.varints(first), 300)) == [wire.varint(n) for n in range(first, first + 300)]


def test_numbers_are_as_protobuf_writes_them() -> None:
    """Of every length."""
    for number in EDGES[1:]:
        assert b"\x08" + wire.varint(number) == Event(position=number).SerializeToString()
