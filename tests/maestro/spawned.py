"""A project with a session that a runner was asked to start, and what runners do."""

import pytest

from podium.kernel.entity import Outbound
from podium.kernel.errors import Rejection
from podium.kernel.identity import CallerKind, Identity
from podium.maestro.domain import commands as c
from podium.maestro.domain import facts
from podium.maestro.domain import process_commands as p
from podium.maestro.domain.model import SessionJob
from podium.maestro.domain.orders import JobClosure, SessionJobClosed, SessionJobIssued
from tests.maestro.board import World

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


def with_reason(world: World, command: c.Command, actor: Identity, reason: str) -> None:
    """The command is refused with this reason and without an event."""
    before = world.board
    with pytest.raises(Rejection) as caught:
        world.do(command, actor=actor)
    assert caught.value.reason == reason
    assert world.board is before


def spawned() -> World:
    """Tasks a and b, and session s, spawned, that holds them."""
    world = World()
    world.do(c.CreateTask("a", title="A", prompt="do a"))
    world.tasks("b")
    world.do(p.SpawnSession("s", task_ids=("a", "b"), command=("/bin/zsh", "-l"), env={"EDITOR": "vi"}))
    return world


def started() -> World:
    """The same, claimed by r1 under epoch 5 and started."""
    world = spawned()
    claim(world, epoch=5)
    report(world, started=p.SessionStarted(4711))
    return world
