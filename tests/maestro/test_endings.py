"""How sessions with a process end: by time, with their runner, closed. Numbers: maestro.md (M), scenarios.md (S)."""

from collections.abc import Callable

import pytest

from podium.maestro.domain import commands as c
from podium.maestro.domain import facts
from podium.maestro.domain import process_commands as p
from podium.maestro.domain.model import Session, SessionJobKind, SessionStatus, TimelineKind
from podium.maestro.domain.orders import JobClosure
from podium.maestro.domain.overdue import CLAIM_WITHIN, CLOSE_WITHIN, RETURN_WITHIN, START_WITHIN
from tests.maestro.board import OPENED, World, check, names, requested
from tests.maestro.spawned import R1, R2, claim, closed, issued, job_of, report, spawned, started, with_reason


@pytest.fixture
def world() -> World:
    """Session s waits for a runner."""
    return spawned()


@pytest.fixture
def running() -> World:
    """Session s runs on r1."""
    return started()


# -- time --------------------------------------------------------------------------------------------------------


def test_nobody_claims(world: World):
    """S46: an order that nobody takes fails its session with the cause, and is taken back; it never stays STARTING."""
    job = job_of(world)
    assert world.domain.due(world.board) == job.issued_time + CLAIM_WITHIN  # type: ignore[operator]
    assert world.wait(CLAIM_WITHIN.total_seconds() - 1) == ()
    world.wait(1)
    session = world.session("s")
    assert (session.status, session.exit_reason) == (
        SessionStatus.FAILED,
        "no runner of pool default took it within 30 seconds",
    )
    assert closed(world.orders[-1]) == ("jobs/default", job.id, JobClosure.CANCELLED)
    assert world.domain.due(world.board) is None
    with_reason(world, p.ClaimSession("s", job.id), R1, "JOB_NOT_FOUND")
    check(world.board)


def test_claimed_and_never_started(world: World):
    """A runner that takes it and says nothing more has ten minutes."""
    claim(world)
    world.wait(START_WITHIN.total_seconds())
    assert world.session("s").exit_reason == "runner r1 took it and did not start it"
    assert world.session("s").status is SessionStatus.FAILED
    check(world.board)


def test_a_running_process_has_no_timer(running: World):
    """What runs may run for ever."""
    assert running.domain.due(running.board) is None


# -- the runner's lease ------------------------------------------------------------------------------------------


def test_m20_runner_lost(running: World):
    """M20: runner lost → FAILED with the cause, after a grace; nobody else's session is touched."""
    running.do(p.RunnerLeaseChanged("r2", 5))
    assert running.domain.due(running.board) is None
    running.do(p.RunnerLeaseChanged("r1", 5))
    assert running.wait(RETURN_WITHIN.total_seconds() - 1) == ()
    running.wait(1)
    assert (running.session("s").status, running.session("s").exit_reason) == (SessionStatus.FAILED, "runner lost: r1")
    assert not running.board.state.session_jobs
    with_reason(
        running, p.ReportSession("s", running.session("s").job_id, exited=p.SessionExited(0)), R1, "JOB_NOT_FOUND"
    )
    check(running.board)


def test_runner_lost_while_starting(world: World):
    """The grace goes before the time to start."""
    claim(world, epoch=1)
    world.do(p.RunnerLeaseChanged("r1", 1))
    world.wait(RETURN_WITHIN.total_seconds())
    assert world.session("s").exit_reason == "runner lost: r1"


def test_runner_returns_in_time(running: World):
    """A word of the runner within the grace keeps the session; its new epoch is then the one that counts."""
    running.do(p.RunnerLeaseChanged("r1", 5))
    report(running, epoch=6, active=p.SessionActive())
    assert running.domain.due(running.board) is None
    assert job_of(running).lease_epoch == 6
    assert running.do(p.RunnerLeaseChanged("r1", 5)) == ()
    with_reason(
        running,
        p.ReportSession("s", running.session("s").job_id, 5, exited=p.SessionExited(0)),
        R1,
        "SESSION_NOT_YOURS",
    )


def test_runner_restarted_and_says_nothing(running: World):
    """A lease under a newer epoch is a runner that must say which processes it still has."""
    assert running.do(p.RunnerLeaseChanged("r1", 5, live=True)) == ()
    running.do(p.RunnerLeaseChanged("r1", 6, live=True))
    assert running.do(p.RunnerLeaseChanged("r1", 6, live=True)) == ()
    running.wait(RETURN_WITHIN.total_seconds())
    assert running.session("s").status is SessionStatus.FAILED


def test_runner_that_tells_no_epoch(world: World):
    """Without an epoch only the lease's end counts."""
    claim(world)
    assert world.do(p.RunnerLeaseChanged("r1", 7, live=True)) == ()
    world.do(p.RunnerLeaseChanged("r1", 0))
    world.wait(RETURN_WITHIN.total_seconds())
    assert world.session("s").status is SessionStatus.FAILED


# -- closing -----------------------------------------------------------------------------------------------------


def test_m22_terminal_closed(running: World):
    """M22: session gone, tasks' counts drop, one change; its runner is told in the same append to end the process."""
    spawn = running.session("s").job_id
    members = running.do(p.CloseSession("s"))
    unlink = ["TaskUpdated", "SessionTaskRemoved", "TaskSessionRemoved"]
    assert names(members) == [
        "SessionUpdated",
        "SessionDeleted",
        *unlink,
        *unlink,
        "SessionJobEnded",
        "SessionJobOpened",
    ]
    updated = members[0]
    assert isinstance(updated, facts.SessionUpdated)
    assert (updated.session.status, updated.session.exit_reason) == (SessionStatus.COMPLETED, "closed")
    assert "s" not in running.board.state.sessions
    assert (running.task("a").session_count, running.task("b").session_count) == (0, 0)
    order = issued(running.orders[-1])
    assert running.orders[-1].stream == "jobs/r1"
    assert order.close is not None and order.close.spawn_job_id == spawn
    running.refuse(p.CloseSession("s"), "SESSION_NOT_FOUND")
    check(running.board)


def test_closed_is_reported_though_the_session_is_gone(running: World):
    """The runner's report settles the order, once; another's is refused."""
    running.do(p.CloseSession("s"))
    job = job_of(running)
    with_reason(running, p.ReportSession("s", job.id, closed=p.SessionClosed()), R2, "SESSION_NOT_YOURS")
    report(running, job_id=job.id, closed=p.SessionClosed())
    assert closed(running.orders[-1]) == ("jobs/r1", job.id, JobClosure.REPORTED)
    assert not running.board.state.session_jobs
    assert report(running, job_id=job.id, closed=p.SessionClosed()) == ()


def test_closed_is_no_word_for_an_exit(running: World):
    """`closed` for a spawned process that nobody closed is a mistake of the runner's."""
    with_reason(
        running, p.ReportSession("s", running.session("s").job_id, closed=p.SessionClosed()), R1, "INVALID_FIELD"
    )


def test_closed_before_a_runner_took_it(world: World):
    """The order is taken back; nobody is told to end anything."""
    job = job_of(world)
    world.do(p.CloseSession("s"))
    assert closed(world.orders[-1]) == ("jobs/default", job.id, JobClosure.CANCELLED)
    assert not world.board.state.session_jobs
    with_reason(world, p.ClaimSession("s", job.id), R1, "JOB_NOT_FOUND")


def test_close_of_what_has_ended(running: World):
    """An ended session keeps its status and is removed; there is nobody to tell."""
    report(running, exited=p.SessionExited(2))
    orders = list(running.orders)
    members = running.do(p.CloseSession("s"))
    assert names(members)[0] == "SessionDeleted"
    assert running.orders == orders
    check(running.board)


def test_close_of_a_session_without_a_runner():
    """A session that a person reports on closes likewise."""
    world = World()
    world.tasks("a")
    world.do(c.CreateSession("s", ("a",)))
    members = world.do(p.CloseSession("s"))
    assert names(members) == [
        "SessionUpdated",
        "SessionDeleted",
        "TaskUpdated",
        "SessionTaskRemoved",
        "TaskSessionRemoved",
    ]
    assert not world.orders


def test_close_of_a_live_agent():
    """A pod's live agent is interrupted, not closed."""
    world = World()
    world.follow("pod", OPENED, requested("x"))
    world.refuse(p.CloseSession("x"), "SESSION_LIVE")


def test_close_order_is_given_up_after_a_day(running: World):
    """A runner that never comes back does not keep its orders for ever."""
    running.do(p.CloseSession("s"))
    running.do(p.RunnerLeaseChanged("r1", 5))
    job = job_of(running)
    assert running.wait(CLOSE_WITHIN.total_seconds() - 2) == ()
    running.wait(2)
    assert closed(running.orders[-1]) == ("jobs/r1", job.id, JobClosure.CANCELLED)
    assert not running.board.state.session_jobs


END: list[tuple[str, Callable[[], c.Command]]] = [
    ("deleted", lambda: c.DeleteSession("s")),
    ("stopped", lambda: c.UpdateSession("s", ("status",), status=SessionStatus.STOPPED)),
    ("project deleted", c.DeleteProject),
]


@pytest.mark.parametrize(("name", "command"), END, ids=[name for name, _ in END])
def test_whatever_ends_a_session_ends_its_process(running: World, name: str, command: Callable[[], c.Command]):
    """Deleted, ended by a person, or gone with its project: the runner is told to end the process, and may say so."""
    running.do(command())
    job = job_of(running)
    assert job.kind is SessionJobKind.CLOSE
    assert issued(running.orders[-1]).close is not None
    check(running.board)
    report(running, job_id=job.id, closed=p.SessionClosed())
    assert not running.board.state.session_jobs


@pytest.mark.parametrize(("name", "command"), END, ids=[name for name, _ in END])
def test_whatever_ends_a_session_takes_its_order_back(world: World, name: str, command: Callable[[], c.Command]):
    """The same before a runner took it: the order is cancelled."""
    job = job_of(world)
    world.do(command())
    assert closed(world.orders[-1]) == ("jobs/default", job.id, JobClosure.CANCELLED)
    assert not world.board.state.session_jobs
    check(world.board)


def test_a_session_id_that_is_used_again(running: World):
    """A closed session's id is free again; the new one's order has an id of its own, and the old order goes on."""
    old = running.session("s").job_id
    running.do(p.CloseSession("s"))
    running.do(p.SpawnSession("s"))
    assert running.session("s").job_id != old
    assert len(running.board.state.session_jobs) == 2
    check(running.board)


def test_timeline_tells_the_life(running: World):
    """Started, status, end: people can read what happened."""
    report(running, exited=p.SessionExited(3))
    lines: list[Session] = [running.session("s")]
    kinds = [entry.kind for entry in lines[0].timeline]
    assert kinds[0] is TimelineKind.STARTED and kinds.count(TimelineKind.STATUS) == 2
    assert lines[0].timeline[-1].text == "failed: exit status 3"
