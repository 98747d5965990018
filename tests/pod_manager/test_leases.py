"""Following the runners' leases: what a pod is told, and when."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from podium.chassis.tasks import TaskSet
from podium.kernel.errors import unavailable
from podium.pod_manager.application.leases import LOOK_EVERY_SECONDS, LeaseFollower, Leases, LeasesUnavailable, doubts
from podium.pod_manager.domain.commands.agents import RunnerLeaseChanged
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
    assert doubts(scene.pod, {"runner-1": 1}) == []
    assert doubts(scene.pod, {"runner-2": 1}) == [RunnerLeaseChanged("runner-1", 1, live=False)]
    assert doubts(scene.pod, {"runner-1": 3}) == [RunnerLeaseChanged("runner-1", 3, live=True)]
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

    async def tell(self, pod_id: str, command: RunnerLeaseChanged) -> None:
        if self.refuses:
            raise unavailable("OUTCOME_UNKNOWN", "the store is away")
        self.scene.do(command, MANAGER)
        self.told.set()


async def test_a_fact_about_leases_wakes_it() -> None:
    """The end of a lease reaches the pod without any time passing; a living lease costs no question."""
    scene, clock = running_pod(), ManualClock()
    store, pods, tasks = Store({"runner-1": 1}), OnePod(scene), TaskSet("test")
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
