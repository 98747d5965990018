"""Appends as they are read from a request: the quick way against the careful one."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.event_store.adapters.append_view import AppendRequest as AppendView
from podium.event_store.adapters.append_view import AppendStreamRequest
from podium.event_store.adapters.incoming import _checked, parse_append
from podium.event_store.domain import wire
from podium.event_store.domain.model import Fact
from podium.events.v1 import event_service_pb2 as pb
from podium.events.v1.event_pb2 import Fence, NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import AppendRequest
from podium.kernel.errors import Rejection

SIZES = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 255, 256, 4096, 4097]
texts = st.builds(lambda size, letter: letter * size, st.sampled_from(SIZES), st.sampled_from(["x", "é", "\0"]))
events = st.builds(
    NewEvent,
    event_id=st.one_of(st.binary(min_size=16, max_size=16), st.sampled_from([b"", b"x" * 15, b"x" * 17])),
    type=st.one_of(st.sampled_from(["T", "podium.pods.v1.SpecApproved"]), texts),
    content_type=st.one_of(st.sampled_from(["", "application/json"]), texts),
    data=st.sampled_from([0, 1, 127, 128, 16_383, 16_384, 1 << 20, (1 << 20) + 1]).map(bytes),
    metadata=st.one_of(
        st.dictionaries(texts, texts, max_size=3),
        st.sampled_from([31, 32, 33]).map(lambda pairs: {str(pair): "" for pair in range(pairs)}),
        st.just({"actor": "user:anna", "time": "1795000000000000"}),
    ),
)


def outcome(event: NewEvent) -> Fact | tuple[str, ...]:
    """What the careful way makes of it."""
    try:
        return _checked(event, event.SerializeToString(deterministic=True), "appends[0].events[0]")
    except Rejection as refusal:
        return tuple(violation.field for violation in refusal.violations)


@given(st.lists(events, min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_the_quick_way_sees_what_the_careful_one_does(given_events: list[NewEvent]) -> None:
    """Each event is taken, or refused by the same field, whatever came before it and is known from it."""
    for event in [*given_events, *given_events]:
        request = AppendRequest(appends=[StreamAppend(stream="a/1", events=[event])])
        try:
            found: Fact | tuple[str, ...] = (
                parse_append(AppendView.FromString(request.SerializeToString())).parts[0].facts[0]
            )
        except Rejection as refusal:
            found = tuple(violation.field for violation in refusal.violations)
        assert found == outcome(event)


def as_pieces(event: NewEvent) -> list[bytes]:
    """Its fields, encoded one by one: put together in another way they are no longer in their one form."""
    pieces = [NewEvent(**{name: getattr(event, name)}) for name in ("event_id", "type", "content_type", "data")]
    pieces += [NewEvent(metadata={key: value}) for key, value in event.metadata.items()]
    return [piece.SerializeToString() for piece in pieces]


ODD = [
    b"\x08\x63",
    b"\x4a\x02\x08\x01",
    b"\x3a\x00",
    b"\x3a\x81\x00x",
    b"\x42\x00",
    b"\x42\x04\x0a\x00\x12\x00",
    b"\xff",
]
"""Fields of the store's own, payloads of wasteful sizes, empty pairs, no field at all."""


@given(events, st.randoms(use_true_random=False), st.lists(st.sampled_from(ODD), max_size=2), st.integers(0, 3))
@settings(max_examples=500, deadline=None)
def test_what_is_stored_is_in_the_one_form(event: NewEvent, chance: random.Random, odd: list[bytes], cut: int) -> None:
    """However it was encoded, twice or cut short: refused, or kept as protobuf would write it, without strangers."""
    pieces = as_pieces(event)
    chance.shuffle(pieces)
    body = b"".join([*pieces, *odd, *chance.sample(pieces, cut % len(pieces))])
    body = body[: len(body) - (cut == 3)]
    for given_body in (event.SerializeToString(), body, body):
        part = AppendStreamRequest.FromString(as_append(given_body)).appends[0].append
        try:
            (fact,) = parse_append(part).parts[0].facts
        except Rejection:
            continue
        kept = NewEvent.FromString(given_body)
        kept.DiscardUnknownFields()
        assert fact == Fact(kept.event_id, kept.type, kept.SerializeToString(deterministic=True))


SOUND = st.builds(
    NewEvent,
    event_id=st.binary(min_size=16, max_size=16),
    type=st.sampled_from(["T", "podium.pods.v1.SpecApproved"]),
    content_type=st.sampled_from(["", "application/json"]),
    data=st.sampled_from([0, 1, 127, 128, 300, 16_384]).map(bytes),
    metadata=st.sampled_from([{}, {"a": ""}, {"actor": "user:anna", "time": "1795000000000000"}]),
)


@given(SOUND, st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=3), st.integers(1, 3))
@settings(max_examples=500, deadline=None)
def test_neighbours_of_one_size_are_looked_at_each(
    event: NewEvent, changes: list[tuple[int, int]], before: int
) -> None:
    """What is known of a sound event of the same size lets no byte of another one pass that would not pass alone."""
    sound = event.SerializeToString(deterministic=True)
    other = bytearray(sound)
    for place, value in changes:
        other[place % len(other)] = value
    assert taken([sound] * before + [bytes(other)])[before:] == taken([bytes(other)])


def taken(bodies: list[bytes]) -> list[object]:
    """The facts of an append of these, or the fields that are wrong, without the event's own number."""
    part = AppendStreamRequest.FromString(as_append(*bodies)).appends[0].append
    try:
        return list(parse_append(part).parts[0].facts)
    except Rejection as refusal:
        fields = [violation.field for violation in refusal.violations]
        last = f"appends[0].events[{len(bodies) - 1}]"
        assert all(field.startswith(last) for field in fields)
        return [None] * (len(bodies) - 1) + [[field.removeprefix(last) for field in fields]]


def as_append(*bodies: bytes) -> bytes:
    """An encoded AppendStreamRequest around encoded events."""
    part = wire.as_field(1, b"a/1") + b"".join(wire.as_field(3, body) for body in bodies)
    return wire.as_field(1, b"\x08\x07" + wire.as_field(2, wire.as_field(1, part)))


def test_bytes_that_are_no_event_are_refused_by_their_place() -> None:
    """Only the append that they are in."""
    view = AppendStreamRequest.FromString(as_append(b"\xff\xff"))
    with pytest.raises(Rejection) as caught:
        parse_append(view.appends[0].append)
    assert [violation.field for violation in caught.value.violations] == ["appends[0].events[0]"]


def test_a_view_shows_the_whole_request() -> None:
    """Numbers, streams, expected revisions (0 is not unset), fences; events as the bytes of the event alone."""
    event = NewEvent(event_id=b"x" * 16, type="T", data=b"d", metadata={str(n): "v" for n in range(9)})
    parts = [
        StreamAppend(stream="pods/1", expected_revision=0, events=[event, event]),
        StreamAppend(stream="jobs/default", events=[event]),
    ]
    request = pb.AppendStreamRequest()
    request.appends.add(number=7, append=AppendRequest(appends=parts, fence=Fence(service="s", shard=3, epoch=9)))
    request.appends.add(number=8)
    first, second = AppendStreamRequest.FromString(request.SerializeToString(deterministic=True)).appends
    assert (first.number, second.number, len(second.append.appends)) == (7, 8, 0)
    assert (first.append.fence.epoch, second.append.HasField("fence")) == (9, False)
    one, two = first.append.appends
    assert (one.stream, one.HasField("expected_revision"), two.HasField("expected_revision")) == ("pods/1", True, False)
    assert [*one.events, *two.events] == [event.SerializeToString(deterministic=True)] * 3
