"""Reads, subscriptions, listings and snapshots over the wire."""

import asyncio
import os

import pytest

from podium.client.errors import PodiumError
from podium.events.v1.event_service_pb2 import (
    BackupRequest,
    DeleteStreamRequest,
    GetStreamRequest,
    ListStreamsRequest,
    ReadAllRequest,
    SaveSnapshotRequest,
    SetStreamMetadataRequest,
    SnapshotHeader,
    StreamRetention,
    SubscribeRequest,
    VerifyRequest,
)
from podium.kernel.identity import CallerKind
from tests.event_store.conftest import Server
from tests.event_store.words import event, to, until, whole


async def test_reads_come_in_batches_and_end(server: Server) -> None:
    """Several pages of a stream and of the log, forwards, backwards, limited, filtered."""
    podium = server.connect()
    await podium.events.append([to("a/1", *(event() for _ in range(5000)))])
    await podium.events.append([to("b/1", event(kind="Y"))])
    revisions = [e.revision async for batch in podium.events.read_stream("a/1", 10) for e in batch]
    assert revisions == list(range(11, 5001))
    newest = [e.revision async for b in podium.events.read_stream("a/1", limit=3, backwards=True) for e in b]
    assert newest == [5000, 4999, 4998]
    before = [e.revision async for b in podium.events.read_stream("a/1", 3, backwards=True) for e in b]
    assert before == [2, 1]
    assert [e.position for e in await whole(podium)] == list(range(1, 5002))
    typed = [e.stream async for batch in podium.events.read_all(types=["Y"]) for e in batch]
    assert typed == ["b/1"]
    limited = [e.position async for batch in podium.events.read_all(4000, limit=5) for e in batch]
    assert limited == list(range(4001, 4006))


async def test_min_position_waits_for_what_is_coming(server: Server) -> None:
    """A read that names a position answers once it is there."""
    podium = server.connect()
    reading = aiter(podium.event_store.ReadAll(ReadAllRequest(min_position=2)))
    first = asyncio.ensure_future(anext(reading))
    await podium.events.append([to("a/1")])
    await podium.events.append([to("a/1")])
    assert [e.position for e in (await first).events][-1] == 2


async def test_a_subscription_outlives_its_server(server: Server) -> None:
    """Across a restart each event comes once, in order; the cursor is the client's affair."""
    podium = server.connect()
    items = podium.events.subscribe(prefixes=["a/"], after=0)
    await podium.events.append([to("a/1"), to("b/1")])
    assert [e.position for e in await until(items, 1)] == [1]
    await server.stop()
    await server.start()
    await podium.events.append([to("b/1"), to("a/1")])
    async with asyncio.timeout(20):
        assert [e.position for e in await until(items, 1)] == [4]


async def test_a_stalled_subscriber_delays_nobody(server: Server) -> None:
    """One reads nothing while megabytes pass; the others get them live, and it gets them later, all, in order."""
    podium, other = server.connect(), server.connect(name="maestro")
    stalled = aiter(other.event_store.Subscribe(SubscribeRequest(after=0)))
    await anext(stalled)
    live = podium.events.subscribe(after=0)
    for _ in range(30):
        await podium.events.append([to("a/1", *(event(b"x" * 100_000) for _ in range(10)))])
    assert [e.position for e in await until(live, 300)] == list(range(1, 301))
    late: list[int] = []
    while len(late) < 300:
        late += [e.position for e in (await anext(stalled)).batch.events]
    assert late == list(range(1, 301))


async def test_dead_subscribers_leave_nothing_behind(server: Server) -> None:
    """Connections that vanish in mid-stream are forgotten; the store goes on for everybody else."""
    store = server.store
    for _ in range(3):
        gone = [server.connect() for _ in range(5)]
        feeds = [each.events.subscribe(after=0) for each in gone]
        await asyncio.gather(*(anext(feed) for feed in feeds))
        assert store.hub.subscribers == 5
        await asyncio.gather(*(each.close() for each in gone))
        async with asyncio.timeout(30):
            while store.hub.subscribers:
                await asyncio.sleep(0.01)
    podium = server.connect()
    await podium.events.append([to("a/1")])
    assert [e.position for e in await until(podium.events.subscribe(after=0), 1)] == [1]


async def test_streams_are_shown_and_listed(server: Server) -> None:
    """In pages, by prefix; a token of another listing is refused."""
    podium = server.connect(CallerKind.PERSON, "anna")
    store = server.connect().event_store
    events = server.connect().events
    for number in range(5):
        await events.append([to(f"a/{number}"), to("b/1")])
    assert [info.stream async for info in events.list_streams("a/")] == [f"a/{n}" for n in range(5)]
    page = await store.ListStreams(ListStreamsRequest(prefix="a/", page_size=2))
    rest = await store.ListStreams(ListStreamsRequest(prefix="a/", page_size=3, page_token=page.next_page_token))
    assert [info.stream for info in rest.streams] == ["a/2", "a/3", "a/4"]
    assert (rest.next_page_token, page.position) == ("", 10)
    info = (await podium.event_store.GetStream(GetStreamRequest(stream="b/1"))).stream
    assert (info.revision, info.last_position, info.oldest_revision) == (5, 10, 1)
    assert (await store.GetStream(GetStreamRequest(stream="z/1"))).stream.revision == 0
    with pytest.raises(PodiumError, match="INVALID_PAGE_TOKEN"):
        await store.ListStreams(ListStreamsRequest(page_token="%"))


async def test_truncation_over_the_wire(server: Server) -> None:
    """Retention and deletion; a reader below the floor hears the oldest revision; others may not truncate."""
    podium = server.connect()
    await podium.events.append([to("a/1", *(event() for _ in range(5)))])
    request = SetStreamMetadataRequest(stream="a/1", retention=StreamRetention(max_count=2))
    await podium.event_store.SetStreamMetadata(request)
    with pytest.raises(PodiumError) as caught:
        [b async for b in podium.events.read_stream("a/1", 1)]
    assert (caught.value.code, caught.value.metadata["oldest_revision"]) == ("OUT_OF_RANGE", "4")
    info = (await podium.event_store.GetStream(GetStreamRequest(stream="a/1"))).stream
    assert (info.oldest_revision, info.retention.max_count) == (4, 2)
    assert not info.retention.HasField("truncate_before")
    gone = await podium.event_store.DeleteStream(DeleteStreamRequest(stream="a/1"))
    assert gone.truncated_before == 6
    assert [e.data for e in await whole(podium)] == [b""] * 5


async def test_snapshots_travel_in_chunks(server: Server) -> None:
    """Megabytes there and back; unknown schema versions are not found; a short one is refused and not kept."""
    podium = server.connect()
    await podium.events.append([to("a/1", event(), event())])
    assert await podium.events.load_snapshot("a/1") is None
    data = os.urandom(3_500_000)
    await podium.events.save_snapshot("a/1", 2, 7, data, None)
    assert await podium.events.load_snapshot("a/1", schema_version=7) == (2, data)
    assert await podium.events.load_snapshot("a/1", schema_version=8) is None
    assert await podium.events.load_snapshot("a/1", at_revision=1) is None
    await podium.events.save_snapshot("a/1", 1, 7, b"", None)
    assert await podium.events.load_snapshot("a/1", at_revision=1) == (1, b"")
    short = [
        SaveSnapshotRequest(header=SnapshotHeader(stream="a/1", revision=2, schema_version=7, size=10)),
        SaveSnapshotRequest(chunk=b"short"),
    ]
    with pytest.raises(PodiumError, match="INVALID_FIELD"):
        await podium.event_store.SaveSnapshot(iter(short))
    assert await podium.events.load_snapshot("a/1") == (2, data)
    with pytest.raises(PodiumError, match="FENCE_REQUIRED"):
        await podium.events.save_snapshot("pods/p", 1, 7, b"", None)


async def test_verify_and_backup(server: Server) -> None:
    """A whole log verifies; its copy holds the same events, and nothing is overwritten."""
    podium = server.connect()
    await podium.events.append([to("a/1", *(event() for _ in range(2500)))])
    answers = [answer async for answer in podium.event_store.Verify(VerifyRequest())]
    assert [(a.checked, a.done, a.damage) for a in answers] == [(2000, False, ""), (2500, True, "")]
    path = server.settings.data_dir / "copy" / "store.sqlite3"
    path.parent.mkdir()
    request = BackupRequest(path=str(path))
    assert (await podium.event_store.Backup(request)).last_position == 2500
    with pytest.raises(PodiumError, match="exists"):
        await podium.event_store.Backup(request)
    copy = Server(path.parent)
    await copy.start()
    try:
        assert await whole(copy.connect()) == await whole(podium)
    finally:
        await copy.close()
