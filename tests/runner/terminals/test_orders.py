"""Orders for sessions: which are taken, and when."""

import asyncio
from dataclasses import dataclass, field

from podium.chassis.tasks import TaskSet
from podium.events.v1.event_pb2 import Event
from podium.jobs.v1.session_job_events_pb2 import CloseOrder, SessionJobClosed, SessionJobIssued, SpawnOrder
from podium.runner.jobs.board import Board
from podium.runner.terminals.orders import SessionOrders


@dataclass
class Sessions:
    """As the orders know them: room, profiles, and what was asked of them."""

    room: int = 1
    profiles: tuple[str, ...] = ()
    begun: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def offers(self, profile: str) -> bool:
        return not profile or profile in self.profiles

    def start(self, job: SessionJobIssued) -> None:
        self.begun.append(job.session_id)
        self.room -= 1

    async def close(self, job: SessionJobIssued) -> None:
        self.closed.append(job.session_id)
        self.changed.set()


def fact(message: SessionJobIssued | SessionJobClosed, revision: int) -> Event:
    return Event(type=message.DESCRIPTOR.full_name, revision=revision, data=message.SerializeToString())


def spawn(name: str, revision: int, *, priority: int = 2, agent: str = "") -> Event:
    order = SpawnOrder(agent=agent)
    job = SessionJobIssued(job_id=f"job_{name}", project_id="p", session_id=name, priority=priority, spawn=order)
    return fact(job, revision)


async def test_orders_are_taken_by_rank_as_far_as_there_is_room() -> None:
    """The urgent first, then the older; what does not fit waits until a session has ended; none twice."""
    board, sessions = Board("jobs/default"), Sessions(room=2)
    async with TaskSet("test") as tasks:
        orders = SessionOrders([board], "jobs/runner-1", sessions, tasks)  # type: ignore[arg-type]
        for event in (spawn("old", 1), spawn("young", 2), spawn("urgent", 3, priority=3)):
            board.fold(event)
        orders.look()
        assert sessions.begun == [], "what is not yet known whole is left alone"
        board.synced = True
        orders.look()
        orders.look()
        assert sessions.begun == ["urgent", "old"]
        assert board.resume_after == 0
        board.fold(fact(SessionJobClosed(job_id="job_old", session_id="old"), 4))
        board.fold(fact(SessionJobClosed(job_id="job_urgent", session_id="urgent"), 5))
        assert board.resume_after == 1
        sessions.room = 1
        orders.look()
        assert sessions.begun == ["urgent", "old", "young"]


async def test_a_profile_that_is_not_here_is_left_to_others() -> None:
    """Another runner of the pool may have it."""
    board, sessions = Board("jobs/default"), Sessions(room=5, profiles=("mine",))
    board.synced = True
    async with TaskSet("test") as tasks:
        orders = SessionOrders([board], "jobs/runner-1", sessions, tasks)  # type: ignore[arg-type]
        board.fold(spawn("theirs", 1, agent="theirs"))
        board.fold(spawn("ours", 2, agent="mine"))
        orders.look()
        assert sessions.begun == ["ours"]


async def test_a_session_is_closed_by_its_own_runner_once() -> None:
    """Orders to close count in the runner's own stream alone, and need no room."""
    pool, own, sessions = Board("jobs/default"), Board("jobs/runner-1"), Sessions(room=0)
    pool.synced = own.synced = True
    async with TaskSet("test") as tasks:
        orders = SessionOrders([own, pool], "jobs/runner-1", sessions, tasks)  # type: ignore[arg-type]
        job = SessionJobIssued(job_id="job_1", project_id="p", session_id="s", close=CloseOrder())
        pool.fold(fact(job, 1))
        orders.look()
        own.fold(fact(job, 1))
        orders.look()
        orders.look()
        await sessions.changed.wait()
        assert sessions.closed == ["s"]
