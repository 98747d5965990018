"""Sessions whose process a runner starts: given / when / then. Numbers: maestro.md (M), scenarios.md (S)."""

import pytest

from podium.maestro.domain import commands as c
from podium.maestro.domain import process_commands as p
from podium.maestro.domain.model import SessionOrigin, SessionStatus
from podium.maestro.domain.orders import JobClosure
from podium.maestro.domain.spawning import ACTIVE_EVERY_SECONDS, COMMAND_BYTES, JOBS_PER_PROJECT, TASK_BYTES
from tests.maestro.board import World, check, names
from tests.maestro.spawned import R1, R2, claim, closed, issued, job_of, report, spawned, started, with_reason


@pytest.fixture
def world() -> World:
    """Session s waits for a runner."""
    return spawned()


@pytest.fixture
def running() -> World:
    """Session s runs on r1."""
    return started()


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
    """S45: nothing is made and nothing is ordered; the refusal names what is wrong, an unknown task too."""
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
