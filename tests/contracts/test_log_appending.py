"""Appends: order, atomicity, expected revisions, repeats, fences."""

import asyncio

import pytest

from podium.event_store.application.ports import Log
from podium.event_store.domain.limits import shard_of_stream
from podium.event_store.domain.model import Append, Appended, Commit, Fence, LeaseEnd, Range, Retention
from podium.kernel.errors import Rejection
from tests.contracts.conftest import Bench
from tests.contracts.facts import fact, one, put, refused, stored, to, whole


async def test_positions_and_revisions_count_from_one_without_gaps(log: Log) -> None:
    """Positions are contiguous over the log, revisions in each stream, in commit order."""
    first = await stored(log, one("a/1", fact(), fact()))
    second = await stored(log, one("a/2"))
    third = await stored(log, one("a/1"))
    assert first == Appended(1, 2, [Range("a/1", 1, 2)])
    assert second == Appended(3, 3, [Range("a/2", 1, 1)])
    assert third == Appended(4, 4, [Range("a/1", 3, 3)])
    assert [(e.position, e.stream, e.revision) for e in await whole(log)] == [
        (1, "a/1", 1),
        (2, "a/1", 2),
        (3, "a/2", 1),
        (4, "a/1", 3),
    ]


async def test_an_event_comes_back_as_it_was_given(bench: Bench) -> None:
    """Type, payload and metadata are the writer's; stream, place and time are the store's."""
    await stored(bench.log, one("a/1", fact(b"\x00\xff payload", "podium.x.v1.Y")))
    (event,) = await whole(bench.log)
    assert (event.type, event.data, dict(event.metadata)) == (
        "podium.x.v1.Y",
        b"\x00\xff payload",
        {"actor": "user:anna", "b": "c"},
    )
    assert event.recorded_time.ToMicroseconds() == bench.now_us


async def test_an_append_of_any_size_comes_back_whole(log: Log) -> None:
    """However many events there are, and however they are dealt out to statements: each is there, in its place."""
    given: list[bytes] = []
    for size in (1, 127, 128, 129, 160, 161, 511, 512, 513, 640, 1000, 1537):
        facts = [fact(b"%d of %d" % (number, size)) for number in range(size)]
        await stored(log, one(f"a/{size}", *facts))
        given += [each.event_id for each in facts]
    found = await whole(log)
    assert [event.event_id for event in found] == given
    assert [event.position for event in found] == list(range(1, len(given) + 1))
    assert {e.stream: e.data for e in found if e.revision == 127}["a/161"] == b"126 of 161"


async def test_an_append_over_many_streams_is_all_or_nothing(log: Log) -> None:
    """One wrong revision among many streams leaves no trace of any."""
    await stored(log, one("a/1"))
    refusal = await refused(log, Append([to("b/1", expect=0), to("a/1", expect=0)]))
    assert refusal.reason == "REVISION_CONFLICT"
    assert len(await whole(log)) == 1
    outcome = await stored(log, Append([to("b/1", fact(), fact(), expect=0), to("a/1", expect=1)]))
    assert outcome == Appended(2, 4, [Range("b/1", 1, 2), Range("a/1", 2, 2)])


@pytest.mark.parametrize(("expect", "fits"), [(None, True), (2, True), (0, False), (1, False), (3, False)])
async def test_the_expected_revision_is_exact(log: Log, expect: int | None, fits: bool) -> None:
    """Unset is any, 0 must not exist, n is exactly n; a conflict says what is there."""
    await stored(log, one("a/1", fact(), fact()))
    outcome = await put(log, one("a/1", expect=expect))
    assert isinstance(outcome, Appended) is fits
    if isinstance(outcome, Rejection):
        assert outcome.metadata == {"stream": "a/1", "expected": str(expect), "actual": "2"}


async def test_one_refused_append_does_not_harm_its_neighbours(log: Log) -> None:
    """Appends of one commit are judged one by one, each seeing those before it."""
    outcomes = await log.append(
        [one("a/1", expect=0), one("a/1", expect=0), one("a/1", expect=1), one("a/2", expect=7)]
    )
    assert [isinstance(outcome, Appended) for outcome in outcomes] == [True, False, True, False]
    assert [event.revision for event in await whole(log)] == [1, 2]


async def test_a_clock_that_steps_moves_times_and_nothing_else(bench: Bench) -> None:
    """An hour back, a day on: positions and revisions go on, and each event carries the clock as it was."""
    hour = 3_600_000_000
    begin = bench.now_us
    for step in (0, -hour, 24 * hour, -hour):
        bench.now_us += step
        await stored(bench.log, one("a/1"))
    log = await bench.reopen()
    await stored(log, one("a/1", expect=4))
    found = await whole(log)
    assert [(each.position, each.revision) for each in found] == [(n, n) for n in range(1, 6)]
    hours = [round((each.recorded_time.ToMicroseconds() - begin) / hour) for each in found]
    assert hours == [0, -1, 23, 22, 22]


async def test_calls_are_admitted_in_their_order(log: Log) -> None:
    """Appends that name each other's revisions fit when they are called without waiting in between."""
    answers = [log.append([one("a/1", expect=revision)]) for revision in range(20)]
    outcomes = [outcome for answer in answers for outcome in await answer]
    assert [outcome.first_position for outcome in outcomes if isinstance(outcome, Appended)] == list(range(1, 21))


@pytest.mark.parametrize("expect", [None, 0])
async def test_a_repeat_gets_the_original_positions(bench: Bench, expect: int | None) -> None:
    """In every mode, after others have written, after a restart; nothing is stored twice."""
    append = Append([to("a/1", fact(), fact(), expect=expect), to("b/1", expect=expect)])
    original = await stored(bench.log, append)
    await stored(bench.log, one("a/1"))
    assert await stored(bench.log, append) == original._replace(duplicate=True)
    log = await bench.reopen()
    assert await stored(log, append) == original._replace(duplicate=True)
    assert len(await whole(log)) == 4


async def test_a_repeat_with_a_later_expected_revision_is_still_a_repeat(log: Log) -> None:
    """The duplicate is found before the revision is looked at."""
    await stored(log, one("a/1"))
    append = one("a/1", fact(), expect=1)
    await stored(log, append)
    assert (await stored(log, append)).duplicate


async def test_a_repeat_within_one_commit_is_found(log: Log) -> None:
    """The first one and its resend may wait together."""
    append = one("a/1")
    outcomes = await log.append([append, one("a/2"), append])
    assert [o.duplicate for o in outcomes if isinstance(o, Appended)] == [False, False, True]
    assert len(await whole(log)) == 2


async def test_a_repeat_among_new_ones_harms_nobody(log: Log) -> None:
    """A commit with one repeat in it stores all the others."""
    append = one("a/1")
    await stored(log, append)
    outcomes = await log.append([one("a/1"), append, one("a/2")])
    assert [o.duplicate for o in outcomes if isinstance(o, Appended)] == [False, True, False]
    assert [event.position for event in await whole(log)] == [1, 2, 3]


async def test_an_id_with_other_content_is_refused(log: Log) -> None:
    """Same id, and other payload, stream or company: never taken for a repeat."""
    known = fact(b"one")
    await stored(log, one("a/1", known))
    other = fact(b"two", event_id=known.event_id)
    for append in (one("a/1", other), one("a/2", known), one("a/1", known, fact()), one("a/1", fact(), known)):
        refusal = await refused(log, append)
        assert refusal.reason == "EVENT_ID_REUSED"
    twice = fact()
    assert (await refused(log, one("a/3", twice, twice))).reason == "EVENT_ID_REUSED"
    assert len(await whole(log)) == 1


async def test_repeats_are_known_after_truncation(log: Log) -> None:
    """Truncation frees payloads; ids, positions and what tells one content from another stay."""
    append = one("a/1", fact(b"one"))
    original = await stored(log, append)
    await stored(log, one("a/1"))
    await log.set_retention("a/1", Retention(truncate_before=2))
    assert await stored(log, append) == original._replace(duplicate=True)
    other = fact(b"two", event_id=append.parts[0].facts[0].event_id)
    assert (await refused(log, one("a/1", other))).reason == "EVENT_ID_REUSED"


async def own(log: Log, name: str, stream: str) -> Fence:
    """A fence for the stream, claimed under a new lease."""
    lease = await log.acquire_lease(name, "", 4.0, {})
    (row,) = await log.claim_shards("pod-manager", [shard_of_stream(stream)], name, lease.epoch)
    return Fence("pod-manager", row.shard, row.epoch)


async def test_an_outdated_fence_writes_nothing(log: Log) -> None:
    """An owner that was replaced writes nothing, not even the streams that ride along; the new one does."""
    old = await own(log, "pm-1", "pods/p")
    await stored(log, one("pods/p", fence=old))
    new = await own(log, "pm-1", "pods/p")
    before = len(await whole(log))
    refusal = await refused(log, Append([to("pods/p"), to("jobs/x")], old))
    assert (refusal.reason, refusal.metadata["current"]) == ("FENCED", str(new.epoch))
    assert len(await whole(log)) == before
    await stored(log, Append([to("pods/p"), to("jobs/x")], new))


async def test_a_repeat_comes_before_the_fence_and_the_fence_before_the_revision(log: Log) -> None:
    """Duplicate, fence, revision: in this order."""
    old = await own(log, "pm-1", "pods/p")
    append = one("pods/p", fence=old)
    original = await stored(log, append)
    await own(log, "pm-1", "pods/p")
    assert await stored(log, append) == original._replace(duplicate=True)
    assert (await refused(log, one("pods/p", expect=99, fence=old))).reason == "FENCED"


async def test_a_released_shard_is_fenced_off(log: Log) -> None:
    """Who gave up its lease has given up writing."""
    fence = await own(log, "pm-1", "pods/p")
    await log.end_lease("pm-1", 1, LeaseEnd.RELEASED)
    assert (await refused(log, one("pods/p", fence=fence))).reason == "FENCED"


async def test_commits_are_told_in_order_and_before_the_answer(log: Log) -> None:
    """Listeners see every row once, in order; whoever has an answer finds `position` there."""
    seen: list[int] = []

    def listen(commit: Commit) -> None:
        seen.extend(row.position for row in commit.rows)

    log.listen(listen)

    async def write(stream: str) -> None:
        for _ in range(5):
            outcome = await stored(log, one(stream))
            assert log.position >= outcome.last_position
            assert seen[-1] >= outcome.last_position

    await asyncio.gather(*(write(f"a/{number}") for number in range(10)))
    assert seen == list(range(1, 51))
