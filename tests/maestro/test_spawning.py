"""Sessions whose process a runner starts: given / when / then. Numbers: maestro.md (M), scenarios.md (S)."""

from collections.abc import Callable

import pytest

from podium.kernel.entity import Outbound
from podium.kernel.identity import CallerKind, Identity
from podium.maestro.domain import commands as c
from podium.maestro.domain import facts
from podium.maestro.domain import process_commands as p
from podium.maestro.domain.model import Session, SessionJob, SessionJobKind, SessionOrigin, SessionStatus, TimelineKind
from podium.maestro.domain.orders import JobClosure, SessionJobClosed, SessionJobIssued
from podium.maestro.domain.overdue import CLAIM_WITHIN, CLOSE_WITHIN, RETURN_WITHIN, START_WITHIN
from podium.maestro.domain.spawning import ACTIVE_EVERY_SECONDS, COMMAND_BYTES, JOBS_PER_PROJECT, TASK_BYTES
from tests.maestro.board import OPENED, World, check, names, requested

R1 = Identity(CallerKind.RUNNER, "r1")
R2 = Identity(CallerKind.RUNNER, "r2")


def job_of(world: World, session_id: str = "s") -> SessionJob:
    (job,) = (each for each in world.board.state.session_jobs.values() if each.session_id == session_id)
    return job


def issued(outbound: Outbound) -> SessionJobIssued:
    assert isinstance(outbound.event, SessionJobIssued)
    return outbound.event


def closed(outbound: Outbound) -> tuple[str, str, JobClosure]:
    """(stream, job, closure)"""
    assert isinstance(outbound.event, SessionJobClosed)
    return outbound.stream, outbound.event.job_id, outbound.event.closure


def claim(world: World, runner: Identity = R1, epoch: int = 0, session_id: str = "s") -> None:
    world.do(p.ClaimSession(session_id, job_of(world, session_id).id, epoch), actor=runner)


def report(
    world: World, runner: Identity = R1, epoch: int = 0, job_id: str = "", **said: object
) -> tuple[facts.Fact, ...]:
    job_id = job_id or world.session("s").job_id
    return world.do(p.ReportSession("s", job_id, epoch, **said), actor=runner)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    """Tasks a and b, and session s, spawned, that holds them."""
    world = World()
    world.do(c.CreateTask("a", title="A", prompt="do a"))
    world.tasks("b")
    world.do(p.SpawnSession("s", task_ids=("a", "b"), command=("/bin/zsh", "-l"), env={"EDITOR": "vi"}))
    return world


@pytest.fixture
def running(world: World) -> World:
    """The same, claimed by r1 under epoch 5 and started."""
    claim(world, epoch=5)
    report(world, started=p.SessionStarted(4711))
    return world


# -- the order ---------------------------------------------------------------------------------------------------


def test_spawn_is_a_session_and_an_order_in_one_append():
    """The members of CreateSession, STARTING, and a job for a runner in the same append."""
    world = World()
    world.do(c.CreateTask("a", title="A", prompt="do a"))
    members = world.do(p.SpawnSession("s", "mine", ("a",), "claude", (), {"X": "1"}, "sub", 40, 120, "gpu"))
    assert names(members) == [
        "SessionCreated",
        "TaskUpdated",
        "SessionTaskAdded",
        "TaskSessionAdded",
        "SessionJobOpened",
    ]
    session = world.session("s")
    assert (session.status, session.origin, session.rows) == (SessionStatus.STARTING, SessionOrigin.PERSON, 40)
    (order,) = world.orders
    job = issued(order)
    assert (order.stream, job.job_id, job.session_id, job.project_id) == ("jobs/gpu", session.job_id, "s", "p")
    assert job.spawn is not None and job.close is None
    spawn = job.spawn
    assert (spawn.name, spawn.agent, spawn.working_directory, spawn.columns) == ("mine", "claude", "sub", 120)
    assert (spawn.repository, spawn.requested_by) == ("/src/shop", "user:anna")
    assert [(task.id, task.number, task.prompt) for task in spawn.tasks] == [("a", 1, "do a")]
    check(world.board)


def test_spawn_fills_in_what_is_left_out(world: World):
    """Without name, size and pool: the program's name, 24 × 80, the default pool; without a command: a terminal."""
    session = world.session("s")
    assert (session.name, session.rows, session.columns) == ("zsh", 24, 80)
    assert world.orders[-1].stream == "jobs/default"
    world.do(p.SpawnSession("t"))
    assert world.session("t").name == "terminal"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (p.SpawnSession("s"), "SESSION_ALREADY_EXISTS"),
        (p.SpawnSession("t", task_ids=("a", "nobody")), "TASK_NOT_FOUND"),
        (p.SpawnSession("t", env={"API_KEY": "x"}), "INVALID_FIELD"),
        (p.SpawnSession("t", env={"A=B": "x"}), "INVALID_FIELD"),
        (p.SpawnSession("t", env={"A": "x\0"}), "INVALID_FIELD"),
        (p.SpawnSession("t", command=("vi", "\0")), "INVALID_FIELD"),
        (p.SpawnSession("t", command=("", "x")), "INVALID_FIELD"),
        (p.SpawnSession("t", working_directory="a\0b"), "INVALID_FIELD"),
        (p.SpawnSession("t", command=("x" * (COMMAND_BYTES + 1),)), "CONTENT_TOO_LONG"),
        (p.SpawnSession("t", pool="../agents"), "INVALID_FIELD"),
        (p.SpawnSession("t", pool="a/b"), "INVALID_FIELD"),
    ],
)
def test_spawn_that_is_refused(world: World, command: c.Command, reason: str):
    """Nothing is made and nothing is ordered; the refusal names what is wrong."""
    before, orders = world.board, list(world.orders)
    world.refuse(command, reason)
    assert world.board is before and world.orders == orders


def test_spawn_with_too_much_to_tell(world: World):
    """The tasks' texts must fit into one order."""
    ids = tuple(f"long{i}" for i in range(10))
    for task_id in ids:
        world.do(c.CreateTask(task_id, prompt="x" * (TASK_BYTES // 9)))
    world.refuse(p.SpawnSession("t", task_ids=ids), "CONTENT_TOO_LONG")
    world.do(p.SpawnSession("t", task_ids=ids[:8]))


def test_processes_of_a_project_are_bounded(world: World):
    """One process more than the bound is refused; closing one makes room."""
    for i in range(JOBS_PER_PROJECT - 1):
        world.do(p.SpawnSession(f"s{i}"))
    world.refuse(p.SpawnSession("more"), "TOO_MANY_ENTRIES")
    world.do(p.CloseSession("s0"))
    world.do(p.SpawnSession("more"))


# -- claims ------------------------------------------------------------------------------------------------------


def test_first_claim_wins(world: World):
    """The first runner gets it and the pool's order is closed; the second is refused; a repeat changes nothing."""
    job = job_of(world)
    claim(world)
    assert closed(world.orders[-1]) == ("jobs/default", job.id, JobClosure.CLAIMED)
    assert (world.session("s").runner_id, world.session("s").status) == ("r1", SessionStatus.STARTING)
    before = world.board
    assert world.do(p.ClaimSession("s", job.id), actor=R1) == ()
    assert world.board is before
    with_reason(world, p.ClaimSession("s", job.id), R2, "SESSION_CLAIMED")
    check(world.board)


def with_reason(world: World, command: c.Command, actor: Identity, reason: str) -> None:
    """The command is refused with this reason and without an event."""
    from podium.kernel.errors import Rejection

    before = world.board
    with pytest.raises(Rejection) as caught:
        world.do(command, actor=actor)
    assert caught.value.reason == reason
    assert world.board is before


def test_claim_of_what_is_not_there(world: World):
    """Another job's id, another session's, and a person who claims are refused."""
    job = job_of(world)
    with_reason(world, p.ClaimSession("s", "nothing"), R1, "JOB_NOT_FOUND")
    with_reason(world, p.ClaimSession("t", job.id), R1, "JOB_NOT_FOUND")
    world.refuse(p.ClaimSession("s", job.id), "CALLER_NOT_ALLOWED")


# -- reports -----------------------------------------------------------------------------------------------------


def test_started_counts_once(running: World):
    """Started is WORKING with its process; said again it changes nothing, also when the session idles by then."""
    session = running.session("s")
    assert (session.status, session.process_id) == (SessionStatus.WORKING, 4711)
    running.do(c.UpdateSession("s", ("status",), status=SessionStatus.IDLE))
    assert report(running, started=p.SessionStarted(4711)) == ()
    assert running.session("s").status is SessionStatus.IDLE


@pytest.mark.parametrize(
    ("exited", "status", "reason"),
    [
        (p.SessionExited(0), SessionStatus.COMPLETED, ""),
        (p.SessionExited(3), SessionStatus.FAILED, "exit status 3"),
        (p.SessionExited(0, 9), SessionStatus.FAILED, "ended by signal 9"),
        (p.SessionExited(1, 0, "out of memory"), SessionStatus.FAILED, "out of memory"),
    ],
)
def test_m20_exit_status_decides(running: World, exited: p.SessionExited, status: SessionStatus, reason: str):
    """M20, S50: PERSON session's process exits non-zero → FAILED; zero → COMPLETED; once, and with its cause."""
    report(running, exited=exited)
    session = running.session("s")
    assert (session.status, session.exit_reason) == (status, reason)
    assert (session.exit_status, session.exit_signal) == (exited.status, exited.signal)
    assert session.completed_time == running.now and session.task_ids == ("a", "b")
    assert not running.board.state.session_jobs
    with_reason(running, p.ReportSession("s", session.job_id, exited=exited), R1, "JOB_NOT_FOUND")
    check(running.board)


def test_exit_before_start_was_told(world: World):
    """A process that ends at once may be reported without `started`."""
    claim(world)
    report(world, exited=p.SessionExited(127))
    assert world.session("s").status is SessionStatus.FAILED


def test_refused(world: World):
    """S46: what cannot be started is FAILED with the runner's cause."""
    claim(world)
    report(world, refused=p.SessionRefused("no such profile: claude"))
    assert (world.session("s").status, world.session("s").exit_reason) == (
        SessionStatus.FAILED,
        "no such profile: claude",
    )
    check(world.board)


def test_reports_of_strangers(world: World):
    """Only the runner that claimed it is heard; nobody before."""
    said = p.ReportSession("s", world.session("s").job_id, started=p.SessionStarted(1))
    with_reason(world, said, R1, "SESSION_NOT_YOURS")
    claim(world)
    with_reason(world, said, R2, "SESSION_NOT_YOURS")
    world.refuse(said, "CALLER_NOT_ALLOWED")


def test_signs_of_life_are_recorded_now_and_then(running: World):
    """`active` moves the last activity, but not with every call."""
    assert report(running, active=p.SessionActive()) == ()
    running.wait(ACTIVE_EVERY_SECONDS)
    report(running, active=p.SessionActive())
    assert running.session("s").last_activity_time == running.now


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
