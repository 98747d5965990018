"""Reads: pages, directions, filters, bounds, truncation."""

import pytest

from podium.event_store.application.ports import Log
from podium.event_store.domain.model import Filter, Retention, StreamInfo
from podium.kernel.errors import Rejection
from tests.contracts.conftest import Bench
from tests.contracts.facts import EVERYTHING, events, fact, one, stored, whole


async def test_a_stream_reads_forwards_and_backwards(log: Log) -> None:
    """From any revision, with a limit; 0 is the start, or backwards the end."""
    await stored(log, one("a/1", *(fact() for _ in range(5))))
    await stored(log, one("a/2"))

    async def revisions(first: int, backwards: bool = False, limit: int = 0) -> list[int]:
        page = await log.read_stream("a/1", first, backwards=backwards, limit=limit)
        return [event.revision for event in events(page)]

    assert await revisions(0) == [1, 2, 3, 4, 5]
    assert await revisions(3) == [3, 4, 5]
    assert await revisions(2, limit=2) == [2, 3]
    assert await revisions(0, backwards=True, limit=2) == [5, 4]
    assert await revisions(3, backwards=True) == [3, 2, 1]
    assert await revisions(6) == []


async def test_an_unknown_stream_is_empty(log: Log) -> None:
    """Reading what was never written is no error: revision 0."""
    page = await log.read_stream("a/1", 0)
    assert (page.chunk, page.size, page.end) == (b"", 0, True)
    assert await log.stream("a/1") == StreamInfo("a/1")


async def test_pages_are_bounded_in_bytes_and_rows_and_join_without_gaps(log: Log) -> None:
    """A page ends early where it gets long; going on after its last misses nothing."""
    for _ in range(3):
        await stored(log, one("a/1", *(fact(b"x" * 100) for _ in range(1000))))
    page = await log.read_all(EVERYTHING, 1, max_bytes=2000)
    assert 1 < page.size < 20
    assert not page.end
    assert [event.position for event in await whole(log)] == list(range(1, 3001))


async def test_filters_choose_by_prefix_and_type(log: Log) -> None:
    """All conditions hold together, each list is a choice; a page says how far it looked."""
    for number in range(30):
        await stored(log, one(f"{'abc'[number % 3]}/{number}", fact(kind="XY"[number % 2])))

    async def positions(wanted: Filter, **more: bool | int) -> list[int]:
        return [event.position for event in events(await log.read_all(wanted, 0, **more))]  # type: ignore[arg-type]

    assert await positions(Filter(prefixes=("a/", "b/"))) == [n + 1 for n in range(30) if n % 3 < 2]
    assert await positions(Filter(types=frozenset({"Y"}))) == [n + 1 for n in range(30) if n % 2]
    both = Filter(prefixes=("a/",), types=frozenset({"X"}))
    assert await positions(both) == [n + 1 for n in range(30) if n % 6 == 0]
    assert await positions(both, backwards=True, limit=2) == [25, 19]
    nothing = await log.read_all(Filter(prefixes=("z",)), 1)
    assert (nothing.size, nothing.last, nothing.end) == (0, 30, True)


async def test_reading_past_the_head_skips_nothing(log: Log) -> None:
    """A page beyond the end says that it looked no further than the head."""
    await stored(log, one("a/1"))
    page = await log.read_all(EVERYTHING, 2)
    assert (page.size, page.last, page.end) == (0, 1, True)


async def test_streams_are_listed_by_name_in_pages(log: Log) -> None:
    """Names in order, after a name, under a prefix; revisions and positions are right."""
    for name in ("b/2", "a/1", "b/1", "b/10", "c/1"):
        await stored(log, one(name, fact(), fact()))
    listed = await log.streams("b/", "", 2)
    assert [(info.stream, info.revision) for info in listed] == [("b/1", 2), ("b/10", 2)]
    (rest,) = await log.streams("b/", "b/10", 2)
    assert (rest.stream, rest.last_position) == ("b/2", 2)


async def test_truncated_events_leave_their_places(bench: Bench) -> None:
    """Below the floor: OUT_OF_RANGE with the oldest revision; the log still counts without gaps, payloads are gone."""
    log = bench.log
    await stored(log, one("a/1", *(fact(b"secret") for _ in range(5))))
    info = await log.set_retention("a/1", Retention(truncate_before=4))
    assert (info.oldest_revision, info.revision) == (4, 5)
    with pytest.raises(Rejection) as caught:
        await log.read_stream("a/1", 3)
    assert (caught.value.reason, caught.value.metadata["oldest_revision"]) == ("RESUME_POINT_TRUNCATED", "4")
    assert [event.revision for event in events(await log.read_stream("a/1", 0))] == [4, 5]
    assert [event.revision for event in events(await log.read_stream("a/1", 0, backwards=True))] == [5, 4]
    log = await bench.reopen()
    assert [(e.position, e.data, e.type) for e in await whole(log)] == [
        (1, b"", "T"),
        (2, b"", "T"),
        (3, b"", "T"),
        (4, b"secret", "T"),
        (5, b"secret", "T"),
    ]


async def test_a_deleted_stream_lives_on_by_name(bench: Bench) -> None:
    """Everything is truncated; the next event continues the revisions."""
    log = bench.log
    await stored(log, one("a/1", fact(), fact()))
    assert (await log.delete_stream("a/1")).oldest_revision == 3
    assert events(await log.read_stream("a/1", 0)) == []
    await stored(log, one("a/1", expect=2))
    log = await bench.reopen()
    assert [event.revision for event in events(await log.read_stream("a/1", 0))] == [3]


async def test_count_and_age_are_applied_by_the_scavenger(bench: Bench) -> None:
    """max_count and max_age raise the floor as time and appends go on; it never sinks again."""
    log = bench.log
    await stored(log, one("a/1"))
    await stored(log, one("b/1"))
    await log.set_retention("a/1", Retention(max_count=2))
    await log.set_retention("b/1", Retention(max_age_seconds=60))
    await stored(log, one("a/1", fact(), fact()))
    bench.now_us += 61_000_000
    await stored(log, one("b/1"))
    assert await log.scavenge() == 2
    assert (await log.stream("a/1")).oldest_revision == 2
    assert (await log.stream("b/1")).oldest_revision == 2
    await log.set_retention("a/1", Retention())
    assert (await log.stream("a/1")).oldest_revision == 2
    with pytest.raises(Rejection, match="STREAM_NOT_FOUND"):
        await log.set_retention("z/1", Retention())


async def test_a_whole_log_verifies(log: Log) -> None:
    """Truncated rows too."""
    await stored(log, one("a/1", fact(), fact(), fact()))
    await log.set_retention("a/1", Retention(truncate_before=2))
    assert (await log.verify(0)) == (3, 3, True, "")
