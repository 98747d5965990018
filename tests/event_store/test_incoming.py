"""Appends as they are read from a request: the quick way against the careful one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from podium.event_store.adapters.append_view import view_of
from podium.event_store.adapters.incoming import _checked, parse_append
from podium.event_store.domain.model import Fact
from podium.events.v1.event_pb2 import Fence, NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import AppendRequest, AppendStreamRequest
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
        return _checked(event.SerializeToString(deterministic=True), 0, 0)
    except Rejection as refusal:
        return tuple(violation.field for violation in refusal.violations)


@given(st.lists(events, min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_the_quick_way_sees_what_the_careful_one_does(given_events: list[NewEvent]) -> None:
    """Each event is taken, or refused by the same field, whatever came before it and is known from it."""
    for event in [*given_events, *given_events]:
        request = AppendRequest(appends=[StreamAppend(stream="a/1", events=[event])])
        try:
            found: Fact | tuple[str, ...] = parse_append(view_of(request)).parts[0].facts[0]
        except Rejection as refusal:
            found = tuple(violation.field for violation in refusal.violations)
        assert found == outcome(event)


def test_a_view_shows_the_whole_request() -> None:
    """Numbers, streams, expected revisions (0 is not unset), fences; events as the bytes of the event alone."""
    event = NewEvent(event_id=b"x" * 16, type="T", data=b"d", metadata={str(n): "v" for n in range(9)})
    parts = [
        StreamAppend(stream="pods/1", expected_revision=0, events=[event, event]),
        StreamAppend(stream="jobs/default", events=[event]),
    ]
    request = AppendStreamRequest()
    request.appends.add(number=7, append=AppendRequest(appends=parts, fence=Fence(service="s", shard=3, epoch=9)))
    request.appends.add(number=8)
    first, second = view_of(request).appends
    assert (first.number, second.number, len(second.append.appends)) == (7, 8, 0)
    assert (first.append.fence.epoch, second.append.HasField("fence")) == (9, False)
    one, two = first.append.appends
    assert (one.stream, one.HasField("expected_revision"), two.HasField("expected_revision")) == ("pods/1", True, False)
    assert [*one.events, *two.events] == [event.SerializeToString(deterministic=True)] * 3


def test_what_the_protos_do_not_know_is_dropped() -> None:
    """A field that poses as the store's position is not kept with the event."""
    event = NewEvent(event_id=b"x" * 16, type="T", data=b"d")
    posing = NewEvent.FromString(b"\x08\x63" + event.SerializeToString() + b"\x4a\x02\x08\x01")
    view = view_of(AppendRequest(appends=[StreamAppend(stream="a/1", events=[posing])]))
    assert list(view.appends[0].events) == [event.SerializeToString()]
