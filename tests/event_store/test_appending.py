"""Append and AppendStream over the wire."""

import pytest
from google.rpc.status_pb2 import Status

from podium.client.errors import PodiumError, from_status
from podium.events.v1.event_pb2 import Fence, NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import AppendRequest, AppendStreamRequest, NumberedAppend
from podium.kernel.identity import CallerKind
from podium.kernel.ids import shard_of
from tests.event_store.conftest import Server
from tests.event_store.words import event, to, whole


async def test_an_append_is_answered_with_its_place(server: Server) -> None:
    """Positions over all, revisions by stream in the order of the request; a repeat says that it is one."""
    store = server.connect().event_store
    request = AppendRequest(appends=[to("a/1", event(), event()), to("b/1")])
    answer = await store.Append(request)
    assert (answer.first_position, answer.last_position, answer.duplicate) == (1, 3, False)
    assert [(s.stream, s.first_revision, s.last_revision) for s in answer.streams] == [("a/1", 1, 2), ("b/1", 1, 1)]
    again = await store.Append(request)
    assert again.duplicate
    assert again.streams == answer.streams


async def test_many_in_flight_are_answered_by_number(server: Server) -> None:
    """A refused append has its own documented status and ends neither its message nor the stream."""
    call = server.connect().event_store.AppendStream()
    good, conflict = to("a/1", expect=0), to("a/1", expect=0)
    bad = StreamAppend(stream="a/1", events=[NewEvent(event_id=b"short", type="T")])
    appends = [
        NumberedAppend(number=number, append=AppendRequest(appends=[append]))
        for number, append in ((7, good), (5, conflict), (6, bad), (9, to("a/1", expect=1)))
    ]
    await call.write(AppendStreamRequest(appends=appends[:3]))
    await call.write(AppendStreamRequest(appends=appends[3:]))
    results = [*(await call.read()).results, *(await call.read()).results]
    await call.done_writing()
    assert [result.number for result in results] == [7, 5, 6, 9]
    assert results[0].response.last_position == 1
    errors = [from_status(Status.FromString(result.status)) for result in results[1:3]]
    assert [(error.code, error.reason) for error in errors] == [
        ("ABORTED", "REVISION_CONFLICT"),
        ("INVALID_ARGUMENT", "INVALID_FIELD"),
    ]
    assert errors[1].violations[0].field == "appends[0].events[0].event_id"
    assert results[3].response.last_position == 2


@pytest.mark.parametrize(
    ("append", "field"),
    [
        (StreamAppend(stream="", events=[event()]), "appends[0].stream"),
        (to("x" * 256), "appends[0].stream"),
        (to("ü" * 128), "appends[0].stream"),
        (to("$leases"), "appends[0].stream"),
        (StreamAppend(stream="a/1"), "appends[0].events"),
        (to("a/1", event(kind="")), "appends[0].events[0].type"),
        (to("a/1", event(kind="t" * 256)), "appends[0].events[0].type"),
        (to("a/1", event(), event(b"x" * ((1 << 20) + 1))), "appends[0].events[1].data"),
        (to("a/1", *(event(b"x" * (1 << 20)) for _ in range(5))), "appends"),
        (
            to("a/1", NewEvent(event_id=b"1" * 16, type="T", metadata={"k": "v" * 5000})),
            "appends[0].events[0].metadata",
        ),
        (
            to("a/1", NewEvent(event_id=b"1" * 16, type="T", metadata={str(n): "" for n in range(33)})),
            "appends[0].events[0].metadata",
        ),
    ],
)
async def test_what_is_too_long_or_too_much_is_refused_by_field(
    server: Server, append: StreamAppend, field: str
) -> None:
    """Names over 255 bytes, payloads over 1 MiB, batches over 4 MiB, and whatever else is wrong in any state."""
    with pytest.raises(PodiumError) as caught:
        await server.connect().events.append([append])
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.violations[0].field.startswith(field)


async def test_ten_thousand_events_fit_and_no_more(server: Server) -> None:
    """The documented bound of one append, exactly."""
    podium = server.connect()
    answer = await podium.events.append([to("a/1", *(event(b"") for _ in range(10_000)))])
    assert answer.last_position == 10_000
    with pytest.raises(PodiumError, match="10000 events"):
        await podium.events.append(
            [to("a/1", *(event(b"") for _ in range(5_001))), to("a/2", *(event(b"") for _ in range(5_000)))]
        )


async def test_unknown_fields_cannot_pose_as_the_stores_own(server: Server) -> None:
    """Bytes that would be position and stream in a stored event are dropped from a new one."""
    forged = NewEvent.FromString(b"\x08\x63\x12\x03z/9" + event().SerializeToString())
    podium = server.connect()
    await podium.events.append([to("a/1", forged)])
    (stored,) = await whole(podium)
    assert (stored.position, stored.stream, stored.revision) == (1, "a/1", 1)


async def test_an_entity_is_written_by_its_fenced_owner_only(server: Server) -> None:
    """Without a fence, with another shard's, by a person or a runner: refused, each in its own way."""
    service = server.connect()
    person = server.connect(CallerKind.PERSON, "anna")
    runner = server.connect(CallerKind.RUNNER, "runner-1")

    async def reason(append: StreamAppend, fence: Fence | None = None) -> str:
        with pytest.raises(PodiumError) as caught:
            await service.events.append([append], fence)
        return caught.value.reason

    assert await reason(to("pods/p")) == "FENCE_REQUIRED"
    assert await reason(to("pods/p"), Fence(service="maestro", shard=1, epoch=1)) == "INVALID_FIELD"
    assert await reason(to("pods/p"), Fence(service="pod-manager", shard=shard_of("p"), epoch=1)) == "FENCED"
    request = AppendRequest(appends=[to("projects/p")], fence=Fence(service="maestro", shard=shard_of("p"), epoch=1))
    for caller in (person, runner):
        with pytest.raises(PodiumError) as caught:
            await caller.event_store.Append(request)
        assert caught.value.reason == "CALLER_NOT_ALLOWED"
    await person.event_store.Append(AppendRequest(appends=[to("notes/1")]))
    await runner.events.append([to("transcripts/agent_1")])
    with pytest.raises(PodiumError, match="CALLER_NOT_ALLOWED"):
        await runner.events.append([to("jobs/default")])
