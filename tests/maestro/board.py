"""A project without an engine: commands are decided and folded at once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from podium.kernel.entity import Context, Outbound, Recorded
from podium.kernel.errors import Rejection
from podium.kernel.identity import CallerKind, Identity
from podium.maestro.domain import commands as c
from podium.maestro.domain import facts
from podium.maestro.domain.domain import ProjectDomain
from podium.maestro.domain.model import Phase, Session, SessionJobKind, SessionStatus, Task, WorkstreamStatus
from podium.maestro.domain.state import Board, Index

ANNA = Identity(CallerKind.PERSON, "anna")
MAESTRO = Identity(CallerKind.SERVICE, "maestro")
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class World:
    """One project `p`, with a clock that moves a second with each command."""

    def __init__(self, created: bool = True) -> None:
        self.domain = ProjectDomain()
        self.board: Board = self.domain.initial("p")
        self.now = START
        self.log: list[Recorded] = []
        self.orders: list[Outbound] = []
        if created:
            self.do(c.CreateProject("/src/shop"))

    def do(self, command: c.Command, request_id: str = "", actor: Identity = ANNA) -> tuple[facts.Fact, ...]:
        """Run a command; the members of its change, or none where nothing changed."""
        self.now += timedelta(seconds=1)
        request_id = request_id or f"r{len(self.log)}-{self.now.timestamp()}"
        context = Context(self.now, actor, request_id)
        return self._take(self.domain.decide(self.board, command, context), context)

    def wait(self, seconds: float) -> tuple[facts.Fact, ...]:
        """Let time pass, and the scheduler look; it must come to rest."""
        self.now += timedelta(seconds=seconds)
        context = Context(self.now, MAESTRO, "")
        members = self._take(self.domain.schedule(self.board, context), context)
        assert not self.domain.schedule(self.board, context)
        return members

    def _take(self, events: Sequence[object], context: Context) -> tuple[facts.Fact, ...]:
        """Fold the change and keep the orders that go with it."""
        own = [event for event in events if isinstance(event, facts.ChangeRecorded)]
        assert len(own) <= 1, "a mutation is one change"
        assert own or not events, "an order without a change"
        self.orders.extend(event for event in events if isinstance(event, Outbound))
        for event in own:
            recorded = Recorded(event, len(self.log) + 1, self.now, str(context.actor), context.request_id)
            self.log.append(recorded)
            self.board = self.domain.evolve(self.board, recorded)
        return own[0].facts if own else ()

    def refuse(self, command: c.Command, reason: str) -> Rejection:
        """Run a command that must be refused, with this reason and without an event."""
        with pytest.raises(Rejection) as caught:
            self.do(command)
        assert caught.value.reason == reason
        return caught.value

    def task(self, task_id: str) -> Task:
        return self.board.state.tasks[task_id]

    def session(self, session_id: str) -> Session:
        return self.board.state.sessions[session_id]

    def tasks(self, *ids: str) -> None:
        """Make tasks of these ids."""
        for task_id in ids:
            self.do(c.CreateTask(task_id, title=task_id))

    def follow(self, pod_id: str, *notes: c.PodNote | None, start: int | None = None) -> tuple[facts.Fact, ...]:
        """A pod says these things next, an event each (None: one that says nothing)."""
        pod = self.board.state.followed.get(pod_id)
        first = start if start is not None else (pod.revision if pod else 0) + 1
        pod_facts = tuple(
            c.PodFact(first + i, self.now, () if note is None else (note,)) for i, note in enumerate(notes)
        )
        return self.do(c.FollowPod(pod_id, pod_facts))


def names(members: tuple[facts.Fact, ...]) -> list[str]:
    """The members' kinds, in order."""
    return [type(member).__name__ for member in members]


def check(board: Board) -> None:
    """What must hold in every state: links both ways, counts, numbers, no dangling ids, indexes as built anew."""
    state = board.state
    for task in state.tasks.values():
        assert task.session_count == len(task.session_ids) == len(set(task.session_ids))
        assert task.project_id == state.id
        assert not task.parent_id or task.parent_id in state.tasks
        for session_id in task.session_ids:
            assert task.id in state.sessions[session_id].task_ids
        assert 0 < task.number <= state.task_numbers
    for session in state.sessions.values():
        assert len(session.task_ids) == len(set(session.task_ids))
        for task_id in session.task_ids:
            assert session.id in state.tasks[task_id].session_ids
        assert (session.completed_time is not None) == session.status.terminal
        assert not (session.status.terminal and session.needs_input and session.needs_input.active)
    for job in state.session_jobs.values():
        spawns = job.kind is SessionJobKind.SPAWN
        assert spawns == (job.session_id in state.sessions and state.sessions[job.session_id].job_id == job.id)
        assert not spawns or not state.sessions[job.session_id].status.terminal
    assert board.index == Index.of(state)
    assert len(board.index.tasks) == len(state.tasks)
    assert len(board.index.sessions) == len(state.sessions)
    if state.project is None:
        assert not state.tasks and not state.sessions


OPENED = c.PodOpened(0, "Fix the shop", "please fix it", "/src/shop")
EXECUTION = c.PhaseChanged(Phase.WORKSTREAM_EXECUTION)


def requested(agent_id: str) -> c.AgentRequested:
    return c.AgentRequested(agent_id, f"worker {agent_id}", "scripted")


def workstream(ws: str, status: WorkstreamStatus) -> c.WorkstreamChanged:
    return c.WorkstreamChanged(ws, status)


def ended(agent_id: str, status: SessionStatus = SessionStatus.COMPLETED, reason: str = "") -> c.AgentEnded:
    return c.AgentEnded(agent_id, status, reason)
