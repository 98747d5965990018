"""One subscriber over a log and a ring: nothing missed, nothing twice, whatever the pace."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from podium.event_store.application.hub import Hub
from podium.event_store.application.subscription import Subscription
from podium.event_store.domain.model import Filter, Retention
from podium.events.v1.event_pb2 import Event
from podium.events.v1.event_service_pb2 import SubscribeResponse
from podium.kernel.errors import Rejection
from tests.contracts.facts import fact, one, stored
from tests.fakes.clock import ManualClock
from tests.fakes.memory_event_log import MemoryEventLog

EVERYTHING = Filter()


class Scene:
    """A log with a small ring before it."""

    def __init__(self, max_events: int = 50) -> None:
        self.log = MemoryEventLog()
        self.clock = ManualClock()
        self.hub = Hub(0, max_events=max_events, monotonic=self.clock.monotonic)
        self.log.listen(self.hub.publish)
        self.reads = 0

    def subscribe(self, after: int | None, wanted: Filter = EVERYTHING) -> "Subscriber":
        subscription = Subscription(self.log, self.hub, wanted, after, clock=self.clock, bookmark_seconds=5.0)
        return Subscriber(subscription.messages())


class Subscriber:
    def __init__(self, messages: AsyncIterator[bytes]) -> None:
        self.messages = messages

    async def item(self) -> SubscribeResponse:
        return SubscribeResponse.FromString(await anext(self.messages))

    async def events(self, count: int) -> list[Event]:
        """The next so many; marks in between are passed over."""
        found: list[Event] = []
        while len(found) < count:
            found += (await self.item()).batch.events
        assert len(found) == count
        return found


def positions(events: Sequence[Event]) -> list[int]:
    return [event.position for event in events]


async def test_an_empty_log_is_caught_up_at_once() -> None:
    """`caught_up` also where there is nothing: for the log and for a stream that nobody wrote."""
    scene = Scene()
    for wanted in (EVERYTHING, Filter(stream="a/1")):
        for after in (None, 0):
            item = await scene.subscribe(after, wanted).item()
            assert item.WhichOneof("item") == "caught_up"
            assert item.caught_up.at == 0


async def test_what_was_there_comes_first_then_the_mark_then_what_comes() -> None:
    """Catch-up, `caught_up` at its end, live commits."""
    scene = Scene()
    await stored(scene.log, one("a/1", fact(), fact()))
    subscriber = scene.subscribe(0)
    assert positions((await subscriber.item()).batch.events) == [1, 2]
    assert (await subscriber.item()).caught_up.at == 2
    waiting = asyncio.ensure_future(subscriber.item())
    await asyncio.sleep(0)
    assert not waiting.done()
    await stored(scene.log, one("a/2"))
    assert positions((await waiting).batch.events) == [3]


async def test_without_a_resume_point_only_what_comes_is_sent() -> None:
    """The mark says where it begins."""
    scene = Scene()
    await stored(scene.log, one("a/1", fact(), fact()))
    log, stream = scene.subscribe(None), scene.subscribe(None, Filter(stream="a/1"))
    assert (await log.item()).caught_up.at == 2
    assert (await stream.item()).caught_up.at == 2
    await stored(scene.log, one("a/1"))
    assert positions(await log.events(1)) == [3]
    assert positions(await stream.events(1)) == [3]


@pytest.mark.parametrize("after", range(7))
async def test_a_resume_point_within_a_commit_splits_it(after: int) -> None:
    """Whether it is still in the ring or not, exactly what comes after is sent."""
    scene = Scene()
    await stored(scene.log, one("a/1", fact(), fact(), fact()))
    await stored(scene.log, one("a/1", fact(), fact(), fact()))
    subscriber = scene.subscribe(after)
    assert positions(await subscriber.events(6 - after)) == list(range(after + 1, 7))
    stream = scene.subscribe(after, Filter(stream="a/1"))
    assert [event.revision for event in await stream.events(6 - after)] == list(range(after + 1, 7))


async def test_a_slow_subscriber_reads_the_log_and_misses_nothing() -> None:
    """The ring moved past it by far; it gets every event once, in order, and the writer never waited."""
    scene = Scene(max_events=10)
    subscriber, stream = scene.subscribe(0), scene.subscribe(0, Filter(stream="a/1"))
    await subscriber.item()
    await stream.item()
    for _ in range(40):
        await stored(scene.log, one("a/1", fact(), fact()))
        await stored(scene.log, one("b/1"))
    assert scene.hub.since(0) is None
    assert positions(await subscriber.events(120)) == list(range(1, 121))
    assert [event.revision for event in await stream.events(80)] == list(range(1, 81))


async def test_commits_that_arrive_while_it_reads_the_log_are_neither_lost_nor_doubled() -> None:
    """The change from the log to the ring has no seam."""
    scene = Scene(max_events=10)
    for _ in range(30):
        await stored(scene.log, one("a/1"))
    subscriber = scene.subscribe(0)
    found: list[Event] = []
    while len(found) < 60:
        found += (await subscriber.item()).batch.events
        if len(found) < 60 and scene.log.position < 60:
            await stored(scene.log, one("a/1", *(fact() for _ in range(10))))
    assert positions(found) == list(range(1, 61))


async def test_a_commit_longer_than_a_message_is_sent_in_pages() -> None:
    """No message is much longer than a megabyte."""
    scene = Scene()
    subscriber = scene.subscribe(None, Filter(prefixes=("a/",)))
    await subscriber.item()
    await stored(scene.log, one("b/1"))
    await stored(scene.log, one("a/1", *(fact(b"x" * 300_000) for _ in range(10))))
    first = await subscriber.item()
    assert first.ByteSize() < 2 << 20
    rest = await subscriber.events(10 - len(first.batch.events))
    assert positions([*first.batch.events, *rest]) == list(range(2, 12))


async def test_filters_choose_live_events_too() -> None:
    """By prefix and by type, from the ring as from the log."""
    scene = Scene()
    wanted = Filter(prefixes=("pods/",), types=frozenset({"Y"}))
    live = scene.subscribe(0, wanted)
    await live.item()
    for number in range(12):
        await stored(scene.log, one(f"{'pods' if number % 2 else 'jobs'}/1", fact(kind="XY"[number % 4 // 2])))
    expected = [n + 1 for n in range(12) if n % 2 and n % 4 // 2]
    assert positions(await live.events(len(expected))) == expected
    assert positions(await scene.subscribe(0, wanted).events(len(expected))) == expected


async def test_bookmarks_move_past_what_does_not_match() -> None:
    """Five seconds without a message: a bookmark, at what was passed over; a stream's counts its revisions."""
    scene = Scene()
    await stored(scene.log, one("a/1"))
    other, stream = scene.subscribe(None, Filter(prefixes=("z/",))), scene.subscribe(0, Filter(stream="a/1"))
    assert (await other.item()).caught_up.at == 1
    await stream.events(1)
    assert (await stream.item()).caught_up.at == 1
    await stored(scene.log, one("b/1"))
    waiting = [asyncio.ensure_future(subscriber.item()) for subscriber in (other, stream)]
    for _ in range(2):
        scene.hub.tick()
        await asyncio.sleep(0)
    assert not any(each.done() for each in waiting)
    scene.clock.advance(5.0)
    scene.hub.tick()
    assert [(await each).bookmark.at for each in waiting] == [2, 1]


async def test_a_resume_point_below_the_floor_is_refused() -> None:
    """OUT_OF_RANGE with the oldest revision; from there on it works."""
    scene = Scene()
    await stored(scene.log, one("a/1", *(fact() for _ in range(5))))
    await scene.log.set_retention("a/1", Retention(truncate_before=4))
    with pytest.raises(Rejection, match="RESUME_POINT_TRUNCATED"):
        await scene.subscribe(2, Filter(stream="a/1")).item()
    assert [event.revision for event in await scene.subscribe(3, Filter(stream="a/1")).events(2)] == [4, 5]


async def test_subscribers_of_one_filter_share_their_messages() -> None:
    """Those who are equally far get the same bytes, made once; who is elsewhere gets what follows there."""
    scene = Scene()
    wanted = [Filter(stream="a/1"), Filter(stream="a/1"), EVERYTHING]
    subscribers = [scene.subscribe(None, each) for each in wanted]
    for subscriber in subscribers:
        await subscriber.item()
    await stored(scene.log, one("a/1"))
    await stored(scene.log, one("b/1"))
    first, second, other = [await anext(each.messages) for each in subscribers]
    assert first is second
    assert positions(SubscribeResponse.FromString(other).batch.events) == [1, 2]


async def test_with_many_subscribers_each_takes_more_at_a_time() -> None:
    """Commits that come faster than everybody can be served are sent together, in the next round."""
    scene = Scene()
    subscribers = [scene.subscribe(None) for _ in range(20)]
    for subscriber in subscribers:
        await subscriber.item()
    scene.clock.advance(1)
    waiting = [asyncio.ensure_future(subscriber.item()) for subscriber in subscribers]
    await asyncio.sleep(0)
    await stored(scene.log, one("a/1"))
    for each in waiting:
        assert positions((await each).batch.events) == [1]
    waiting = [asyncio.ensure_future(subscriber.item()) for subscriber in subscribers]
    await asyncio.sleep(0)
    await stored(scene.log, one("a/1"))
    await stored(scene.log, one("b/1"))
    for each in waiting:
        assert positions((await each).batch.events) == [2, 3]


async def test_a_round_waits_for_nobody() -> None:
    """Of many subscribers one takes nothing for long: the others get every round, and it gets all of them in one."""
    scene = Scene()
    stalled, *others = [scene.subscribe(None) for _ in range(20)]
    for subscriber in (stalled, *others):
        await subscriber.item()
    for number in range(1, 4):
        await stored(scene.log, one("a/1"))
        for subscriber in others:
            assert positions((await subscriber.item()).batch.events) == [number]
    assert positions((await stalled.item()).batch.events) == [1, 2, 3]


async def test_who_waits_for_a_position_waits_for_no_round() -> None:
    """A read that waits for what was just written goes on with its commit, however many subscribers there are."""
    scene = Scene()
    subscribers = [scene.subscribe(None) for _ in range(20)]
    for subscriber in subscribers:
        await subscriber.item()
    scene.clock.advance(1)
    await stored(scene.log, one("a/1"))
    assert positions(await subscribers[0].events(1)) == [1]
    following, arrived = asyncio.ensure_future(subscribers[0].item()), asyncio.ensure_future(scene.hub.arrival())
    await asyncio.sleep(0)
    await stored(scene.log, one("a/1"))
    await asyncio.sleep(0)
    assert arrived.done()
    assert not following.done()
    await following


async def test_in_a_rush_of_commits_messages_get_longer_and_fewer() -> None:
    """The pause of each of many subscribers grows while commits come thick and fast, and shrinks again."""
    scene = Scene(max_events=10_000)
    subscribers = [scene.subscribe(None) for _ in range(100)]
    for subscriber in subscribers:
        await subscriber.item()

    async def commits(count: int, interval: float) -> float:
        for _ in range(count):
            scene.clock.advance(interval)
            await stored(scene.log, one("a/1"))
        return scene.hub.pace_seconds

    calm = await commits(40, 0.01)
    assert await commits(80, 0.001) > calm
    assert await commits(40, 0.01) == calm


async def test_the_ring_is_bounded_in_bytes_too() -> None:
    """A few large commits push the older ones out; the newest always stays."""
    hub = Hub(0, max_events=1000, max_bytes=1000)
    log = MemoryEventLog()
    log.listen(hub.publish)
    for _ in range(5):
        await stored(log, one("a/1", fact(b"x" * 600)))
    assert hub.since(3) is None
    newest = hub.since(4)
    assert newest is not None
    assert [entry.last for entry in newest] == [5]
