"""Runners that die: their sessions fail with the cause, also where nobody looked when it happened."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from podium.chassis.leases import LOOK_EVERY_SECONDS, Lease, Leases, LeasesUnavailable
from podium.chassis.tasks import TaskSet
from podium.events.v1.event_service_pb2 import ReleaseLeaseRequest
from podium.kernel.errors import unavailable
from podium.kernel.identity import CallerKind, Identity
from podium.maestro.application.leases import LeaseFollower, doubts
from podium.maestro.domain import process_commands as p
from podium.maestro.domain.overdue import CLAIM_WITHIN, RETURN_WITHIN
from podium.maestro.domain.state import ProjectState
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1 import task_pb2
from tests.fakes.clock import ManualClock
from tests.maestro.board import World
from tests.maestro.servers import Servers, Watcher, servers
from tests.maestro.terminals import living, report, spawn, start

R1 = Identity(CallerKind.RUNNER, "r1")


def running(epoch: int = 1) -> World:
    """Session s runs on r1, t waits for a runner."""
    world = World()
    world.do(p.SpawnSession("t"))
    world.do(p.SpawnSession("s"))
    world.do(p.ClaimSession("s", world.session("s").job_id, epoch), actor=R1)
    return world


def test_doubts():
    """A lease that is gone or newer is told; one that lives, or that the project doubts already, is not."""
    world = running()
    assert doubts(world.board.state, {"r1": Lease(1)}) == []
    assert doubts(world.board.state, {"r2": Lease(1)}) == [p.RunnerLeaseChanged("r1", 1)]
    assert doubts(world.board.state, {"r1": Lease(2)}) == [p.RunnerLeaseChanged("r1", 2, live=True)]
    world.do(p.RunnerLeaseChanged("r1", 1))
    assert doubts(world.board.state, {}) == []
    world.do(p.CloseSession("s"))
    assert doubts(world.board.state, {}) == []
    assert doubts(running(epoch=0).board.state, {"r1": Lease(7)}) == []


class Store:
    """A `LeaseSource` whose answers the test chooses."""

    def __init__(self, leases: Leases) -> None:
        self.leases = leases
        self.faults = 0
        self.asked = 0
        self.facts: asyncio.Queue[None] = asyncio.Queue()

    async def living(self) -> Leases:
        self.asked += 1
        if self.faults:
            self.faults -= 1
            raise LeasesUnavailable("away")
        return dict(self.leases)

    async def changes(self) -> AsyncIterator[None]:
        while True:
            yield await self.facts.get()


class OneProject:
    """`SpawnedSessions` of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told = asyncio.Event()
        self.refuses = 0

    def loaded(self) -> Iterable[ProjectState]:
        return [self.world.board.state]

    async def tell(self, project_id: str, command: p.RunnerLeaseChanged) -> None:
        if self.refuses:
            self.refuses -= 1
            raise unavailable("OUTCOME_UNKNOWN", "the store is away")
        self.world.do(command)
        self.told.set()


async def test_a_fact_about_leases_wakes_it():
    """The end of a lease reaches the project without any time passing; a living one costs no question."""
    world, clock, tasks = running(), ManualClock(), TaskSet("test")
    store, project = Store({"r1": Lease(1)}), OneProject(world)
    follower = LeaseFollower(store, project, clock, tasks)
    await follower.reconcile()
    await follower.reconcile()
    assert store.asked == 1 and not project.told.is_set()
    tasks.spawn(follower.run(), name="follower")
    store.leases = {}
    store.facts.put_nowait(None)
    async with asyncio.timeout(5):
        await project.told.wait()
    await tasks.close()


async def test_what_went_wrong_is_tried_again():
    """A store that is away and a project that cannot commit cost time, not the word."""
    world, clock, tasks = running(), ManualClock(), TaskSet("test")
    store, project = Store({}), OneProject(world)
    store.faults, project.refuses = 2, 1
    tasks.spawn(LeaseFollower(store, project, clock, tasks).run(), name="follower")
    async with asyncio.timeout(5):
        while not project.told.is_set():
            await asyncio.sleep(0)
            clock.advance(LOOK_EVERY_SECONDS)
    await tasks.close()


# -- over real servers -------------------------------------------------------------------------------------------


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Servers]:
    """Servers with the project p."""
    async with servers(tmp_path) as found:
        await found.connect().maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/shop"))
        yield found


async def ended(place: Servers) -> task_pb2.Session:
    """Session s, once it has ended."""
    watcher = Watcher(place.connect(), "p")

    def failed(copy: Watcher) -> bool:
        session = copy.sessions.get("s")
        return isinstance(session, task_pb2.Session) and session.HasField("completed_time")

    async with asyncio.timeout(20):
        await watcher.until(failed)
    session = watcher.sessions["s"]
    assert isinstance(session, task_pb2.Session)
    return session


async def test_m20_runner_lost_while_maestro_looks(place: Servers):
    """M20: the runner's lease ends: the session is FAILED with the cause, soon."""
    anna, runner = place.connect(), place.connect(CallerKind.RUNNER, "r1")
    lease = await living(runner)
    await start(anna, runner)
    await runner.event_store.ReleaseLease(ReleaseLeaseRequest(name="r1", epoch=lease.epoch))
    session = await ended(place)
    assert (session.status, session.exit_reason) == (task_pb2.SESSION_STATUS_FAILED, "runner lost: r1")


async def test_m20_runner_lost_while_maestro_is_down(place: Servers):
    """M20: a runner that died while Maestro was down is noticed when it is up again."""
    anna, runner = place.connect(), place.connect(CallerKind.RUNNER, "r1")
    lease = await living(runner)
    await start(anna, runner)
    await place.stop_maestro()
    await runner.event_store.ReleaseLease(ReleaseLeaseRequest(name="r1", epoch=lease.epoch))
    await place.start_maestro()
    assert (await ended(place)).exit_reason == "runner lost: r1"


async def test_nobody_claims_while_maestro_is_down(place: Servers):
    """A session that nobody claimed fails after a restart too, at once where its time was over."""
    await spawn(place.connect())
    await place.stop_maestro()
    await place.start_maestro(ahead=CLAIM_WITHIN.total_seconds())
    session = await ended(place)
    assert session.exit_reason == "no runner of pool default took it within 30 seconds"


async def test_a_runner_whose_lease_came_back(place: Servers):
    """A pause long enough to lose the lease: the runner says under its new epoch that the process still runs."""
    anna, runner = place.connect(), place.connect(CallerKind.RUNNER, "r1")
    lease = await living(runner)
    session = (await spawn(anna)).session
    ids = {"project_id": "p", "session_id": "s", "job_id": session.job_id}
    await runner.maestro.ClaimSession(pb.ClaimSessionRequest(**ids, lease_epoch=lease.epoch))
    await report(runner, session, started=pb.SessionStarted(process_id=7), lease_epoch=lease.epoch)
    await runner.event_store.ReleaseLease(ReleaseLeaseRequest(name="r1", epoch=lease.epoch))
    again = await living(runner)
    await report(runner, session, active=pb.SessionActive(), lease_epoch=again.epoch)
    await place.stop_maestro()
    await place.start_maestro(ahead=RETURN_WITHIN.total_seconds())
    listed = await anna.maestro.GetSession(pb.GetSessionRequest(project_id="p", session_id="s"))
    assert listed.session.status == task_pb2.SESSION_STATUS_WORKING
