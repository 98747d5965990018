"""Whatever is asked of a project, in whatever order: the links agree, nothing dangles, folding twice is equal."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from podium.kernel.errors import Rejection
from podium.kernel.identity import CallerKind, Identity
from podium.maestro.domain import commands as c
from podium.maestro.domain import process_commands as p
from podium.maestro.domain.model import Phase, SessionJob, SessionStatus, TaskStatus, WorkstreamStatus
from tests.maestro.board import OPENED, World, check, ended, requested, workstream

TASK = st.sampled_from(["t1", "t2", "t3", "t4", "agentless"])
SESSION = st.sampled_from(["s1", "s2", "s3", "a1", "a2"])
AGENT = st.sampled_from(["a1", "a2", "a3"])
LIVE = st.sampled_from([SessionStatus.STARTING, SessionStatus.WORKING, SessionStatus.IDLE])
END = st.sampled_from([SessionStatus.COMPLETED, SessionStatus.FAILED, SessionStatus.STOPPED])
RUNNER = st.sampled_from(["r1", "r2"])
EPOCH = st.integers(0, 2)
REPORT = st.sampled_from(
    [
        {"started": p.SessionStarted(1)},
        {"active": p.SessionActive()},
        {"exited": p.SessionExited(0)},
        {"exited": p.SessionExited(0, 9)},
        {"refused": p.SessionRefused("no")},
        {"closed": p.SessionClosed()},
    ]
)
COMMAND = st.one_of(
    st.builds(c.CreateTask, TASK, st.one_of(st.just(""), TASK)),
    st.builds(c.UpdateTask, TASK, st.just(("parent_id",)), st.one_of(st.just(""), TASK)),
    st.builds(
        c.UpdateTask,
        TASK,
        st.just(("status",)),
        status=st.sampled_from([s for s in TaskStatus if s is not TaskStatus.UNSPECIFIED]),
    ),
    st.builds(c.DeleteTask, TASK),
    st.builds(c.CreateSession, SESSION, st.lists(TASK, max_size=3, unique=True).map(tuple)),
    st.builds(c.UpdateSession, SESSION, st.just(("status",)), status=st.one_of(LIVE, END)),
    st.builds(c.SetNeedsInput, SESSION, st.booleans(), st.just("why?")),
    st.builds(c.DeleteSession, SESSION),
    st.builds(c.AddTaskToSession, SESSION, TASK),
    st.builds(c.RemoveTaskFromSession, SESSION, TASK),
    st.builds(p.SpawnSession, SESSION, st.just(""), st.lists(TASK, max_size=2, unique=True).map(tuple)),
    st.builds(p.CloseSession, SESSION),
    st.builds(p.RunnerLeaseChanged, RUNNER, EPOCH, st.booleans()),
    st.builds(c.DeleteProject),
    st.builds(c.CreateProject, st.just("/src/shop")),
)
NOTE = st.one_of(
    st.none(),
    st.builds(c.PhaseChanged, st.sampled_from([p for p in Phase if p is not Phase.UNSPECIFIED])),
    st.builds(requested, AGENT),
    st.builds(c.AgentWorking, AGENT),
    st.builds(c.AgentHeld, AGENT, RUNNER),
    st.builds(c.QuestionAsked, st.just("q"), st.just("?")),
    st.builds(c.AgentAwaited, AGENT, st.just("q")),
    st.builds(c.QuestionAnswered, st.just("q")),
    st.builds(ended, AGENT, END),
    st.builds(workstream, st.just("w"), st.sampled_from(WorkstreamStatus)),
    st.builds(c.AttentionRaised, st.just("i")),
    st.builds(c.AttentionCleared, st.just("i")),
)


class Projects(RuleBasedStateMachine):
    """Commands of people and facts of pods, interleaved, repeated and late."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.pods: dict[str, list[c.PodNote | None]] = {}

    @rule(command=COMMAND)
    def ask(self, command: c.Command) -> None:
        before = self.world.board
        try:
            self.world.do(command)
        except Rejection:
            assert self.world.board is before

    @rule(data=st.data(), runner=RUNNER, epoch=EPOCH, said=st.one_of(st.none(), REPORT))
    def work(self, data: st.DataObject, runner: str, epoch: int, said: dict[str, Any] | None) -> None:
        """A runner claims an order, or reports on it, in whatever state it is."""
        jobs = self.world.board.state.session_jobs
        job = jobs[data.draw(st.sampled_from(sorted(jobs)))] if jobs else SessionJob("none", "s1")
        claim = p.ClaimSession(job.session_id, job.id, epoch)
        command = claim if said is None else p.ReportSession(job.session_id, job.id, epoch, **said)
        before = self.world.board
        try:
            self.world.do(command, actor=Identity(CallerKind.RUNNER, runner))
        except Rejection:
            assert self.world.board is before

    @rule(seconds=st.sampled_from([6, 31, 601, 90_000]))
    def wait(self, seconds: int) -> None:
        """Time passes, and nothing is overdue then."""
        self.world.wait(seconds)
        due = self.world.domain.due(self.world.board)
        assert due is None or due > self.world.now

    @rule(pod=TASK, notes=st.lists(NOTE, max_size=4), late=st.integers(0, 3))
    def follow(self, pod: str, notes: list[c.PodNote | None], late: int) -> None:
        """The pod says more; the run that arrives begins up to three facts early."""
        stream = self.pods.setdefault(pod, [OPENED])
        known = self.world.board.state.followed.get(pod)
        at = known.revision if known else 0
        stream.extend(notes)
        start = max(1, at + 1 - late)
        self.world.follow(pod, *stream[start - 1 :], start=start)
        followed = self.world.board.state.followed.get(pod)
        assert followed is not None and followed.revision == len(stream)

    @rule(pod=TASK)
    @precondition(lambda self: self.pods)
    def repeat(self, pod: str) -> None:
        """Everything that a pod ever said comes once more: nothing changes."""
        if pod in self.pods:
            before = self.world.board
            self.world.follow(pod, *self.pods[pod], start=1)
            assert self.world.board is before

    @invariant()
    def consistent(self) -> None:
        check(self.world.board)

    def teardown(self) -> None:
        board = self.world.domain.initial("p")
        for recorded in self.world.log:
            board = self.world.domain.evolve(board, recorded)
        assert board == self.world.board


TestProjects = Projects.TestCase
TestProjects.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
