"""What is wrong in any state is refused with the name of the field, at every method."""

import asyncio
from typing import Any

import pytest
from google.protobuf.message import Message

from podium.client.errors import PodiumError
from podium.events.v1 import event_service_pb2 as pb
from podium.events.v1.event_pb2 import Fence
from tests.event_store.conftest import Server
from tests.event_store.words import to

LONG = "x" * 256
CASES: list[tuple[str, Message, str]] = [
    ("Append", pb.AppendRequest(), "appends"),
    ("Append", pb.AppendRequest(appends=[to("a/1", expect=-1)]), "appends[0].expected_revision"),
    ("Append", pb.AppendRequest(appends=[to("a/1")], fence=Fence(service="s", shard=256, epoch=1)), "fence.shard"),
    ("Append", pb.AppendRequest(appends=[to("a/1")], fence=Fence(service="s", shard=1)), "fence.epoch"),
    ("ReadStream", pb.ReadStreamRequest(), "stream"),
    ("ReadStream", pb.ReadStreamRequest(stream=LONG), "stream"),
    ("ReadStream", pb.ReadStreamRequest(stream="a/1", from_revision=-1), "from_revision"),
    ("ReadStream", pb.ReadStreamRequest(stream="a/1", limit=-1), "limit"),
    ("ReadStream", pb.ReadStreamRequest(stream="a/1", min_position=-1), "min_position"),
    ("ReadAll", pb.ReadAllRequest(from_position=-1), "from_position"),
    ("ReadAll", pb.ReadAllRequest(limit=-1), "limit"),
    ("ReadAll", pb.ReadAllRequest(filter=pb.Filter(types=["t"] * 101)), "filter.types"),
    ("ReadAll", pb.ReadAllRequest(filter=pb.Filter(stream_prefixes=[LONG])), "filter.stream_prefixes[0]"),
    ("Subscribe", pb.SubscribeRequest(stream=LONG), "stream"),
    ("Subscribe", pb.SubscribeRequest(after=-1), "after"),
    ("Subscribe", pb.SubscribeRequest(stream="a/1", filter=pb.Filter(types=["t"])), "filter"),
    ("GetStream", pb.GetStreamRequest(), "stream"),
    ("ListStreams", pb.ListStreamsRequest(prefix=LONG), "prefix"),
    ("ListStreams", pb.ListStreamsRequest(page_size=-1), "page_size"),
    ("ListStreams", pb.ListStreamsRequest(page_size=10_001), "page_size"),
    ("ListStreams", pb.ListStreamsRequest(page_token="?"), "page_token"),
    ("SetStreamMetadata", pb.SetStreamMetadataRequest(stream="a/1"), "retention"),
    (
        "SetStreamMetadata",
        pb.SetStreamMetadataRequest(stream="a/1", retention=pb.StreamRetention(max_count=0)),
        "retention.max_count",
    ),
    (
        "SetStreamMetadata",
        pb.SetStreamMetadataRequest(stream="a/1", retention=pb.StreamRetention(max_age_seconds=-1)),
        "retention.max_age_seconds",
    ),
    ("DeleteStream", pb.DeleteStreamRequest(), "stream"),
    ("DeleteStream", pb.DeleteStreamRequest(stream="$leases"), "stream"),
    ("LoadSnapshot", pb.LoadSnapshotRequest(stream="a/1", at_revision=-1), "at_revision"),
    ("LoadSnapshot", pb.LoadSnapshotRequest(stream="a/1", schema_version=-1), "schema_version"),
    ("AcquireLease", pb.AcquireLeaseRequest(), "name"),
    ("AcquireLease", pb.AcquireLeaseRequest(name="n", ttl_seconds=3601), "ttl_seconds"),
    ("AcquireLease", pb.AcquireLeaseRequest(name="n", ttl_seconds=-1), "ttl_seconds"),
    ("AcquireLease", pb.AcquireLeaseRequest(name="n", metadata={str(n): "" for n in range(65)}), "metadata"),
    ("RenewLease", pb.RenewLeaseRequest(name="n"), "epoch"),
    ("ReleaseLease", pb.ReleaseLeaseRequest(name="n"), "epoch"),
    ("ListLeases", pb.ListLeasesRequest(prefix=LONG), "prefix"),
    ("ClaimShards", pb.ClaimShardsRequest(service="s", shards=[256], owner="n", owner_epoch=1), "shards[0]"),
    ("ClaimShards", pb.ClaimShardsRequest(service="s", shards=[1, 1], owner="n", owner_epoch=1), "shards"),
    ("ReleaseShards", pb.ReleaseShardsRequest(service="s", owner="n", owner_epoch=1), "shards"),
    ("ListShards", pb.ListShardsRequest(), "service"),
    ("Verify", pb.VerifyRequest(from_position=-1), "from_position"),
    ("Backup", pb.BackupRequest(), "path"),
    ("Backup", pb.BackupRequest(path="relative"), "path"),
]


async def ask(stub: Any, method: str, request: Message) -> None:
    """Call it, and read an answer where it gives many."""
    call = getattr(stub, method)(request)
    if method in ("ReadStream", "ReadAll", "Subscribe", "LoadSnapshot", "Verify"):
        await anext(aiter(call))
    else:
        await call


async def test_every_method_names_the_field_that_is_wrong(server: Server) -> None:
    """INVALID_ARGUMENT, with the field's path as the request writes it."""
    stub = server.connect().event_store
    for method, request, field in CASES:
        with pytest.raises(PodiumError) as caught:
            await ask(stub, method, request)
        error = caught.value
        assert (method, error.code, [each.field for each in error.violations][:1]) == (
            method,
            "INVALID_ARGUMENT",
            [field],
        ), request


def test_the_table_knows_every_method() -> None:
    """A method that is added is added here too; streams of requests have tests of their own."""
    service = pb.DESCRIPTOR.services_by_name["EventStoreService"]
    asked = {method.name for method in service.methods if not method.client_streaming}
    assert asked == {method for method, _, _ in CASES}


async def test_the_stream_of_appends_names_the_same_fields(server: Server) -> None:
    """Refused alone and alike, whichever way it came; what shares its message is stored."""
    events = server.connect().events
    for method, request, field in CASES:
        if method != "Append":
            continue
        assert isinstance(request, pb.AppendRequest)
        fence = request.fence if request.HasField("fence") else None
        wrong, right = await asyncio.gather(
            events.append(list(request.appends), fence), events.append([to("a/2")]), return_exceptions=True
        )
        assert isinstance(wrong, PodiumError), request
        assert (wrong.code, [each.field for each in wrong.violations]) == ("INVALID_ARGUMENT", [field])
        assert isinstance(right, pb.AppendResponse)
