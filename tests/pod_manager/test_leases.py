"""Following the runners' leases: what a pod is told, and when."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from podium.chassis.leases import LOOK_EVERY_SECONDS, Lease, Leases, LeasesUnavailable
from podium.chassis.tasks import TaskSet
from podium.kernel.errors import unavailable
from podium.pod_manager.application.leases import (
    MISSING_GRACE_SECONDS,
    LeaseFollower,
    Told,
    doubts,
)
from podium.pod_manager.application.runners import missing_runner
from podium.pod_manager.domain.commands.agents import RunnerLeaseChanged
from podium.pod_manager.domain.commands.lifecycle import CancelPod
from podium.pod_manager.domain.kinds import AgentKind
from podium.pod_manager.domain.policy import Policy, ProfileChoice
from podium.pod_manager.domain.resources import Pod
from tests.fakes.clock import ManualClock
from tests.pod_manager.scene import MANAGER, Scene, item


def running_pod() -> Scene:
    """An agent runs on runner-1 under epoch 1."""
    scene = Scene().executing(item("a"))
    scene.run(scene.agent_on("a"))
    return scene


def test_doubts() -> None:
    """A lease that is gone or newer is told; one that lives, or that the pod has been told of, is not."""
    scene = running_pod()
    assert doubts(scene.pod, {"runner-1": Lease(1)}) == []
    assert doubts(scene.pod, {"runner-2": Lease(1)}) == [RunnerLeaseChanged("runner-1", 1, live=False)]
    assert doubts(scene.pod, {"runner-1": Lease(3)}) == [RunnerLeaseChanged("runner-1", 3, live=True)]
    scene.lease_ended()
    assert doubts(scene.pod, {}) == []


class Store:
    """A `LeaseSource` whose answers the test chooses."""

    def __init__(self, leases: Leases) -> None:
        self.leases = leases
        self.away = False
        self.asked = 0
        self.facts: asyncio.Queue[None] = asyncio.Queue()

    async def living(self) -> Leases:
        self.asked += 1
        if self.away:
            raise LeasesUnavailable("away")
        return dict(self.leases)

    async def changes(self) -> AsyncIterator[None]:
        while True:
            yield await self.facts.get()


class OnePod:
    """`Pods` of one scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.told = asyncio.Event()
        self.refuses = False

    def loaded(self) -> Iterable[Pod]:
        return [self.scene.pod]

    async def tell(self, pod_id: str, command: Told) -> None:
        if self.refuses:
            raise unavailable("OUTCOME_UNKNOWN", "the store is away")
        self.scene.do(command, MANAGER)
        self.told.set()


async def test_a_fact_about_leases_wakes_it() -> None:
    """The end of a lease reaches the pod without any time passing; a living lease costs no question."""
    scene, clock = running_pod(), ManualClock()
    store, pods, tasks = Store({"runner-1": Lease(1)}), OnePod(scene), TaskSet("test")
    follower = LeaseFollower(store, pods, clock, tasks)
    await follower.reconcile()
    assert scene.agent(scene.only_agent()).runner_lost_time is None
    tasks.spawn(follower.run(), name="follower")
    store.leases = {}
    store.facts.put_nowait(None)
    await pods.told.wait()
    assert scene.agent(scene.only_agent()).runner_lost_time is not None
    asked = store.asked
    await follower.reconcile()
    assert store.asked == asked
    await tasks.close()


async def test_what_could_not_be_told_is_told_later() -> None:
    """A store that is away, or a pod that cannot take the command, is tried again."""
    scene, clock = running_pod(), ManualClock()
    store, pods, tasks = Store({}), OnePod(scene), TaskSet("test")
    store.away, pods.refuses = True, True
    follower = LeaseFollower(store, pods, clock, tasks)
    tasks.spawn(follower.run(), name="follower")
    for asked in (1, 2, 3):
        await clock.wait_for_sleepers()
        assert store.asked == asked
        store.away = asked < 2
        pods.refuses = asked < 3
        clock.advance(LOOK_EVERY_SECONDS)
        await asyncio.sleep(0)
    await pods.told.wait()
    await tasks.close()


def offering(*profiles: str, pool: str = "default") -> Lease:
    """A runner's lease."""
    return Lease(1, True, frozenset({pool}), frozenset(profiles))


def test_whether_anybody_can_do_what_a_pod_waits_for() -> None:
    """A runner of the pool with the agent's profile, until one has made the pod its own; then that one."""
    scene = Scene()
    scene.open_pod(policy=Policy(profiles=(ProfileChoice(AgentKind.UNSPECIFIED, "mine"),)))
    pod = scene.pod
    assert missing_runner(pod, {"runner-1": offering("mine")}) == ""
    assert "no runner of pool default" in missing_runner(pod, {"maestro-1": Lease(1)})
    assert "no runner of pool default" in missing_runner(pod, {"runner-1": offering("mine", pool="gpu")})
    assert missing_runner(pod, {"runner-1": offering("b", "a")}) == "no runner offers profile mine; offered: a, b"
    scene.run(scene.only_agent())
    assert missing_runner(scene.pod, {}) == "", "no job is open"
    scene.fail(scene.only_agent())
    scene.wait(60)
    assert "runner runner-1, which has this pod's worktrees" in missing_runner(
        scene.pod, {"runner-2": offering("mine")}
    )
    assert missing_runner(scene.pod, {"runner-1": offering()}) == "", "at home it fails, and says so"
    nameless = Scene()
    nameless.open_pod()
    assert "the policy names no profile" in missing_runner(nameless.pod, {"runner-1": offering("a")})
    scene.do(CancelPod())
    assert missing_runner(scene.pod, {}) == ""


async def test_a_pod_is_told_that_it_has_no_runner_and_that_it_has_one_again() -> None:
    """Not before a grace, in which a runner may restart; within ten seconds; taken back at once; told once each."""
    scene, clock = Scene(), ManualClock()
    scene.open_pod(policy=Policy(profiles=(ProfileChoice(AgentKind.UNSPECIFIED, "mine"),)))
    store, pods, tasks = Store({}), OnePod(scene), TaskSet("test")
    follower = LeaseFollower(store, pods, clock, tasks)
    tasks.spawn(follower.run(), name="follower")
    begin = clock.monotonic()
    while not scene.pod.runner_missing:
        await clock.wait_for_sleepers()
        clock.advance(0.5)
        await asyncio.sleep(0)
    assert MISSING_GRACE_SECONDS <= clock.monotonic() - begin < 10
    assert scene.waits() >= {("RUNNER", "runner")}
    assert scene.inbox() == {"runner_missing:runner"}
    told = len(scene.history)
    store.leases = {"runner-1": offering("mine")}
    store.facts.put_nowait(None)
    async with asyncio.timeout(10):
        while scene.pod.runner_missing:
            await asyncio.sleep(0)
    assert scene.inbox() == set()
    assert ("RUNNER", "runner") not in scene.waits()
    for _ in range(4):
        await clock.wait_for_sleepers()
        clock.advance(LOOK_EVERY_SECONDS)
        await asyncio.sleep(0)
    assert len(scene.history) == told + 2, "one fact, and what it clears"
    await tasks.close()


async def test_a_runner_that_only_restarts_is_not_missed() -> None:
    """Gone for less than the grace: the pod hears nothing of it."""
    scene, clock = Scene(), ManualClock()
    scene.open_pod(policy=Policy(profiles=(ProfileChoice(AgentKind.UNSPECIFIED, "mine"),)))
    store, pods, tasks = Store({}), OnePod(scene), TaskSet("test")
    follower = LeaseFollower(store, pods, clock, tasks)
    await follower.reconcile()
    clock.advance(MISSING_GRACE_SECONDS - 1)
    store.leases = {"runner-1": offering("mine")}
    tasks.spawn(follower.run(), name="follower")
    store.facts.put_nowait(None)
    for _ in range(5):
        await clock.wait_for_sleepers()
        clock.advance(LOOK_EVERY_SECONDS)
        await asyncio.sleep(0)
    assert not scene.pod.runner_missing
    assert all(type(recorded.event).__name__ != "RunnerMissed" for recorded in scene.history)
    await tasks.close()
