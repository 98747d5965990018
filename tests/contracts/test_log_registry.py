"""Leases, shards and snapshots as stored."""

import pytest

from podium.event_store.application.ports import Log
from podium.event_store.domain.limits import LEASES_STREAM
from podium.event_store.domain.model import Fence, LeaseEnd, Snapshot
from podium.events.v1.lease_events_pb2 import LeaseAcquired, LeaseEnded, LeaseEndReason
from podium.kernel.errors import Rejection
from tests.contracts.conftest import Bench
from tests.contracts.facts import events, fact, one, stored


async def told(log: Log) -> list[str]:
    """What `$leases` says, in short."""
    said = []
    for event in events(await log.read_stream(LEASES_STREAM, 0)):
        if event.type == "podium.events.v1.LeaseAcquired":
            acquired = LeaseAcquired.FromString(event.data)
            said.append(f"{acquired.name} {acquired.epoch} acquired {acquired.address}")
        else:
            ended = LeaseEnded.FromString(event.data)
            reason = LeaseEndReason.Name(ended.reason).removeprefix("LEASE_END_REASON_")
            said.append(f"{ended.name} {ended.epoch} {reason}")
    return said


async def test_a_name_changes_hands_with_a_new_epoch(bench: Bench) -> None:
    """Acquired anew: the old lease ends as replaced, the epoch rises; also after an end and a restart."""
    log = bench.log
    assert (await log.acquire_lease("pm-1", "unix:a", 4.0, {"service": "pod-manager"})).epoch == 1
    assert (await log.acquire_lease("pm-1", "unix:b", 4.0, {})).epoch == 2
    await log.end_lease("pm-1", 2, LeaseEnd.EXPIRED)
    assert await log.leases() == []
    log = await bench.reopen()
    lease = await log.acquire_lease("pm-1", "unix:c", 2.0, {"pools": "default"})
    assert await log.leases() == [lease]
    assert (lease.epoch, lease.ttl_seconds, lease.metadata) == (3, 2.0, {"pools": "default"})
    assert await told(log) == [
        "pm-1 1 acquired unix:a",
        "pm-1 1 REPLACED",
        "pm-1 2 acquired unix:b",
        "pm-1 2 EXPIRED",
        "pm-1 3 acquired unix:c",
    ]


async def test_only_the_holder_changes_or_ends_a_lease(log: Log) -> None:
    """An outdated epoch is LEASE_LOST."""
    await log.acquire_lease("r-1", "", 4.0, {})
    await log.acquire_lease("r-1", "", 4.0, {})
    for attempt in (log.end_lease("r-1", 1, LeaseEnd.RELEASED), log.describe_lease("r-1", 1, {"a": "b"})):
        with pytest.raises(Rejection, match="LEASE_LOST"):
            await attempt
    assert (await log.describe_lease("r-1", 2, {"a": "b"})).metadata == {"a": "b"}
    assert (await log.leases())[0].metadata == {"a": "b"}


async def test_shards_are_claimed_all_or_none(bench: Bench) -> None:
    """A living owner keeps its shards; one whose lease is over, or was replaced, loses them to whoever claims."""
    log = bench.log
    one_ = await log.acquire_lease("pm-1", "", 4.0, {})
    two = await log.acquire_lease("pm-2", "", 4.0, {})
    rows = await log.claim_shards("pod-manager", [3, 1], "pm-1", one_.epoch)
    assert [(row.shard, row.owner, row.epoch) for row in rows] == [(3, "pm-1", 1), (1, "pm-1", 1)]
    with pytest.raises(Rejection, match="SHARD_OWNED"):
        await log.claim_shards("pod-manager", [2, 3], "pm-2", two.epoch)
    assert (await log.shards("pod-manager"))[2].owner == ""
    await log.claim_shards("maestro", [3], "pm-2", two.epoch)  # another service, another row
    await log.end_lease("pm-1", one_.epoch, LeaseEnd.EXPIRED)
    with pytest.raises(Rejection, match="LEASE_LOST"):
        await log.claim_shards("pod-manager", [5], "pm-1", one_.epoch)
    log = await bench.reopen()
    rows = await log.claim_shards("pod-manager", [1, 2], "pm-2", two.epoch)
    assert [(row.owner, row.epoch) for row in rows] == [("pm-2", 2), ("pm-2", 1)]


async def test_released_shards_are_free(log: Log) -> None:
    """By ReleaseShards or with the lease; those of others stay."""
    lease = await log.acquire_lease("pm-1", "", 4.0, {})
    other = await log.acquire_lease("pm-2", "", 4.0, {})
    await log.claim_shards("maestro", [1, 2], "pm-1", lease.epoch)
    await log.claim_shards("maestro", [3], "pm-2", other.epoch)
    await log.release_shards("maestro", [1, 3], "pm-1", lease.epoch)
    assert [row.owner for row in (await log.shards("maestro"))[1:4]] == ["", "pm-1", "pm-2"]
    await log.end_lease("pm-1", lease.epoch, LeaseEnd.RELEASED)
    assert [row.owner for row in (await log.shards("maestro"))[1:4]] == ["", "", "pm-2"]
    await log.claim_shards("maestro", [2], "pm-2", other.epoch)


async def keep(log: Log, revision: int, *chunks: bytes, schema: int = 1, fence: Fence | None = None) -> None:
    header = Snapshot("a/1", revision, schema, sum(map(len, chunks)), fence)
    snapshot_id = await log.begin_snapshot(header)
    for number, chunk in enumerate(chunks):
        await log.add_chunk(snapshot_id, number, chunk)
    await log.finish_snapshot(snapshot_id, header)


async def found(log: Log, at: int = 0, schema: int = 0) -> tuple[int, bytes] | None:
    hit = await log.find_snapshot("a/1", at, schema)
    if hit is None:
        return None
    chunks, number = [], 0
    while (chunk := await log.chunk(hit[0], number)) is not None:
        chunks.append(chunk)
        number += 1
    return hit[1].revision, b"".join(chunks)


async def test_a_snapshot_is_found_at_or_before_a_revision(bench: Bench) -> None:
    """Whole, in chunks, of the asked schema version, after a restart; unfinished ones never."""
    log = bench.log
    await stored(log, one("a/1", *(fact() for _ in range(3000))))
    await keep(log, 900, b"nine", b"hundred")
    await keep(log, 1900, b"later")
    await keep(log, 2900, b"other schema", schema=2)
    await log.begin_snapshot(Snapshot("a/1", 3000, 1, 0))
    log = await bench.reopen()
    assert await found(log, schema=1) == (1900, b"later")
    assert await found(log, at=1899, schema=1) == (900, b"ninehundred")
    assert await found(log) == (2900, b"other schema")
    assert await found(log, at=899) is None
    assert await found(log, schema=3) is None


async def test_one_snapshot_is_kept_for_a_thousand_revisions(log: Log) -> None:
    """The newest of each thousand; saving a revision again replaces it."""
    await stored(log, one("a/1", *(fact() for _ in range(2100))))
    for revision in (100, 600, 1000, 1001, 1500, 2001):
        await keep(log, revision, str(revision).encode())
    assert [await found(log, at) for at in (999, 1000, 1499, 2000, 0)] == [
        None,
        (1000, b"1000"),
        (1000, b"1000"),
        (1500, b"1500"),
        (2001, b"2001"),
    ]
    await keep(log, 2001, b"again")
    assert await found(log) == (2001, b"again")


async def test_a_snapshot_needs_the_fence_and_what_it_is_of(log: Log) -> None:
    """Above the head: refused; under an outdated epoch: FENCED, and nothing is visible."""
    await stored(log, one("a/1"))
    with pytest.raises(Rejection, match="INVALID_FIELD"):
        await log.begin_snapshot(Snapshot("a/1", 2, 1, 0))
    lease = await log.acquire_lease("pm-1", "", 4.0, {})
    await log.claim_shards("pod-manager", [7], "pm-1", lease.epoch)
    header = Snapshot("a/1", 1, 1, 0, Fence("pod-manager", 7, 1))
    snapshot_id = await log.begin_snapshot(header)
    await log.claim_shards("pod-manager", [7], "pm-1", lease.epoch)
    with pytest.raises(Rejection, match="FENCED"):
        await log.finish_snapshot(snapshot_id, header)
    assert await found(log) is None
