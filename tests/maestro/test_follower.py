"""The follower brings every fact of every pod to its project, whatever is lost, late, twice or killed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from podium.client.tasks import TaskSet
from podium.kernel.ids import SHARDS, shard_of
from podium.maestro.application.follower import (
    ATTEMPTS,
    FACTS_PER_COMMAND,
    LOOK_EVERY_SECONDS,
    RETRY_EVERY_SECONDS,
    SAVE_EVERY_POSITIONS,
    SAVE_EVERY_SECONDS,
    Follower,
)
from podium.maestro.application.ports import Bookmark
from podium.maestro.domain import commands as c
from podium.maestro.domain.model import SessionStatus, TimelineKind
from tests.fakes.clock import ManualClock
from tests.maestro.board import OPENED, check, ended, requested
from tests.maestro.feeds import MemoryFeed, MemoryProjects

EVERYTHING = frozenset(range(SHARDS))


class EagerClock(ManualClock):
    """Whoever backs off is woken at once; only the follower's own look around waits for `advance`."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds if seconds == LOOK_EVERY_SECONDS else 0)


@asynccontextmanager
async def following(
    feed: MemoryFeed, projects: MemoryProjects, clock: ManualClock | None = None
) -> AsyncIterator[Follower]:
    """A follower that runs; left as by a kill: nothing is saved on the way out."""
    async with TaskSet("test") as tasks:
        follower = Follower(feed, projects, clock or EagerClock(), tasks)
        tasks.spawn(follower.run(), name="follower")
        yield follower


async def follow_all(feed: MemoryFeed, projects: MemoryProjects) -> None:
    feed.opened.clear()
    async with following(feed, projects) as follower:
        await feed.opened.wait()
        await follower.caught_up(len(feed.events))


def agent_life(agent_id: str) -> tuple[c.PodNote, ...]:
    return (
        requested(agent_id),
        c.AgentWorking(agent_id),
        c.AgentProgressed(agent_id, f"{agent_id} works"),
        ended(agent_id),
    )


async def test_pods_reach_their_projects():
    """Each pod's facts come to its own project, in order, many in one command."""
    feed, projects = MemoryFeed(batch=100), MemoryProjects()
    feed.say("t", OPENED, *agent_life("x"))
    feed.say("u", OPENED, *agent_life("y"), project_id="q")
    await follow_all(feed, projects)
    assert projects.world("p").session("x").status is SessionStatus.COMPLETED
    assert projects.world("q").session("y").status is SessionStatus.COMPLETED
    assert projects.commands == 2


async def test_restart_repeats_nothing():
    """A follower that begins again from the start, its bookmark lost, changes nothing."""
    feed, projects = MemoryFeed(), MemoryProjects()
    feed.say("t", OPENED, *agent_life("x"))
    await follow_all(feed, projects)
    before = projects.world().board
    await follow_all(feed, projects)
    assert projects.world().board is before


async def test_gaps_are_read_from_the_pods_stream():
    """What the subscription left out is read from the pod's own stream before going on."""
    feed, projects = MemoryFeed(batch=1, lost={1, 2, 3}, faults=["away"]), MemoryProjects()
    feed.say("t", OPENED, *agent_life("x"))
    await follow_all(feed, projects)
    assert projects.world().session("x").status is SessionStatus.COMPLETED
    assert feed.reads >= 1


async def test_bookmark_is_saved_and_used():
    """The position is kept after a while and the next follower begins there, not from the start."""
    feed, projects, clock = MemoryFeed(), MemoryProjects(), EagerClock()
    feed.say("t", OPENED, *agent_life("x"))
    async with following(feed, projects, clock) as follower:
        await follower.caught_up(5)
        while "this" not in feed.saved:
            await clock.wait_for_sleepers()
            clock.advance(SAVE_EVERY_SECONDS)
    assert feed.saved["this"] == Bookmark(5, EVERYTHING)
    await follow_all(feed, projects)
    assert feed.began == [0, 5]


async def test_an_idle_log_is_left_alone():
    """Where only others write, the bookmark is not saved for every step: saving it is a step itself."""
    feed, projects, clock = MemoryFeed(idle_to=SAVE_EVERY_POSITIONS - 1), MemoryProjects(), EagerClock()
    async with following(feed, projects, clock) as follower:
        await follower.caught_up(feed.idle_to)
        await clock.wait_for_sleepers()
        clock.advance(2 * SAVE_EVERY_SECONDS)
        await follower.save()
        assert not feed.saved
        feed.idle_to += 1
        feed.say("t")
        await follower.caught_up(feed.idle_to)
        await follower.save()
    assert feed.saved["this"].position == SAVE_EVERY_POSITIONS


async def test_the_beginning_is_early_enough_for_every_shard():
    """With shards of different owners before, the lowest of their positions counts; an unknown shard is from 0."""
    feed, projects = MemoryFeed(), MemoryProjects(shards={1, 2})
    feed.say("t", *[None] * 9)
    feed.saved = {"a": Bookmark(7, frozenset({1})), "b": Bookmark(4, frozenset({2, 1}))}
    await follow_all(feed, projects)
    feed.saved["b"] = Bookmark(9, frozenset({3}))
    await follow_all(feed, projects)
    assert feed.began == [4, 0]


async def test_shards_that_come_are_caught_up():
    """A shard taken over later is followed from where its owner before had come."""
    feed, projects, clock = MemoryFeed(), MemoryProjects(shards=set()), EagerClock()
    feed.say("t", OPENED, *agent_life("x"))
    async with following(feed, projects, clock) as follower:
        await clock.wait_for_sleepers()
        assert not projects.world().log
        projects.shards = {shard_of("p")}
        clock.advance(1.0)
        while not projects.world().board.state.sessions:
            await clock.wait_for_sleepers()
            clock.advance(1.0)
        await follower.caught_up(5)
    assert projects.world().session("x").status is SessionStatus.COMPLETED


async def test_shards_that_go_and_come_back_are_caught_up():
    """Facts that came while a shard was another's are looked for again when it comes back; that one may have died."""
    feed, projects, clock = MemoryFeed(), MemoryProjects(), EagerClock()
    feed.say("t", OPENED)
    async with following(feed, projects, clock) as follower:
        await follower.caught_up(1)
        projects.shards = EVERYTHING - {shard_of("p")}
        feed.say("t", requested("x"))
        await follower.caught_up(2)
        assert not projects.world().board.state.sessions
        projects.shards = set(EVERYTHING)
        while not projects.world().board.state.sessions:
            await clock.wait_for_sleepers()
            clock.advance(LOOK_EVERY_SECONDS)
    assert projects.world().task("t").session_ids == ("x",)


async def test_one_broken_pod_stops_nobody():
    """A pod whose facts cannot be taken in is set aside and keeps the bookmark back; its next fact mends it."""
    feed, projects = MemoryFeed(batch=1), MemoryProjects(faults=["never"])
    feed.say("t", OPENED)
    feed.say("u", OPENED, *agent_life("y"))
    async with following(feed, projects) as follower:
        await follower.caught_up(6)
        assert "t" not in projects.world().board.state.tasks
        assert projects.world().session("y").status is SessionStatus.COMPLETED
        assert follower.reached() == 0
        feed.say("t", requested("x"))
        await follower.caught_up(7)
        assert projects.world().task("t").session_ids == ("x",)
        assert follower.reached() == 7


async def test_what_was_set_aside_is_tried_again():
    """A pod that was set aside is taken in later, with all of its facts, also if it says nothing more."""
    feed, projects, clock = MemoryFeed(batch=1), MemoryProjects(faults=["never", "never"]), EagerClock()
    feed.say("t", OPENED, requested("x"))
    async with following(feed, projects, clock) as follower:
        await follower.caught_up(2)
        assert follower.reached() == 0 and not projects.world().log
        while not projects.world().board.state.sessions:
            await clock.wait_for_sleepers()
            clock.advance(RETRY_EVERY_SECONDS)
        await clock.wait_for_sleepers()
        assert follower.reached() == 2


async def test_patience_has_an_end():
    """A project that stays unavailable is set aside after a while; others are followed meanwhile."""
    feed, projects = MemoryFeed(batch=1), MemoryProjects(faults=["before"] * ATTEMPTS)
    feed.say("t", OPENED)
    feed.say("u", OPENED, project_id="q")
    await follow_all(feed, projects)
    assert "u" in projects.world("q").board.state.tasks and not projects.world().log


async def test_long_runs_come_in_bounded_commands():
    """However many facts wait, a command has a bounded number of them."""
    feed, projects = MemoryFeed(batch=1000), MemoryProjects()
    feed.say("t", OPENED, requested("x"), *[c.AgentProgressed("x", "on")] * (2 * FACTS_PER_COMMAND))
    await follow_all(feed, projects)
    assert projects.commands == 3
    assert projects.world().board.state.followed["t"].revision == 2 + 2 * FACTS_PER_COMMAND


@given(data=st.data())
@settings(max_examples=25, deadline=None)
async def test_exactly_once(data: st.DataObject):
    """Kills, lost deliveries, unknown outcomes and repeats: each agent has one session, each line stands once."""
    feed = MemoryFeed(batch=data.draw(st.integers(1, 7)))
    projects = MemoryProjects()
    order = data.draw(st.permutations(["t", "u"] * 6))
    lives = {pod: [OPENED, *agent_life(f"{pod}1"), *agent_life(f"{pod}2")] for pod in ("t", "u")}
    for pod in order:
        if lives[pod]:
            feed.say(pod, lives[pod].pop(0))
    feed.lost = data.draw(st.sets(st.integers(1, len(feed.events)), max_size=4))
    for killed_at, saved in data.draw(st.lists(st.tuples(st.integers(0, len(feed.events)), st.booleans()), max_size=4)):
        projects.faults = data.draw(st.lists(st.sampled_from(["", "before", "after"]), max_size=6))
        async with following(feed, projects) as follower:
            await follower.caught_up(killed_at)
            if saved:
                await follower.save()
    for pod in ("t", "u"):
        feed.say(pod, *lives[pod], None)
    await follow_all(feed, projects)
    world = projects.world()
    check(world.board)
    assert len(world.board.state.sessions) == 4
    created = [type(f).__name__ for recorded in world.log for f in recorded.event.facts]  # type: ignore[attr-defined]
    assert created.count("SessionCreated") == 4 and created.count("TaskCreated") == 2
    for session in world.board.state.sessions.values():
        assert session.status is SessionStatus.COMPLETED
        assert [line.kind for line in session.timeline].count(TimelineKind.PROGRESS) == 1
    for pod in ("t", "u"):
        assert world.task(pod).session_ids == (f"{pod}1", f"{pod}2")
