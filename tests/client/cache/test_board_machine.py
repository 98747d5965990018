"""The cache's machine against a random server, a random network and random people."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from podium.client.cache import keys
from podium.client.cache.board import Board, GapError, StaleAnswerError
from podium.client.cache.edits import edits_of
from podium.client.cache.freshness import Fetch
from podium.client.errors import make_error
from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.client.cache.model import LISTS, Model

TASK_IDS = st.sampled_from(["a", "b", "c"])
SESSION_IDS = st.sampled_from(["s", "t"])
ALL_KEYS = (
    *LISTS,
    *(keys.task_sessions(each) for each in "abc"),
    *(keys.session_tasks(each) for each in "st"),
)


@dataclass
class Flight:
    """A listing under way: pages that the server gave and that have not arrived, and where the next one begins."""

    fetch: Fetch
    pages: list[Any] = field(default_factory=list)
    before: int = 0
    complete: bool = False


@dataclass
class Call:
    """A mutation under way: its answer, once the server gave it."""

    request_id: str
    request: Any
    answer: dict[str, Any] | None = None
    decided: bool = False


class CacheMachine(RuleBasedStateMachine):
    """Whatever is lost, late, twice, conflated or refused: once all has arrived, the cache equals the server."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Model()
        self.board = Board()
        self.flights: list[Flight] = []
        self.calls: list[Call] = []
        self.titles = 0
        self.connected = False

    @initialize()
    def begin(self) -> None:
        self.server.create_task("a", "at first")
        self.server.create_session("s", ("a",))
        self.connect()

    # -- others ------------------------------------------------------------------------------------------------

    @rule(task=TASK_IDS, drop=st.booleans())
    def others_and_tasks(self, task: str, drop: bool) -> None:
        self.titles += 1
        if not self.server.create_task(task, f"title {self.titles}"):
            if drop:
                self.server.delete_task(task)
            else:
                self.server.update_task(task, f"title {self.titles}")

    @rule(task=TASK_IDS, session=SESSION_IDS, shut=st.booleans())
    def others_and_sessions(self, task: str, session: str, shut: bool) -> None:
        if not self.server.create_session(session, (task,)) and (shut or not self.server.unlink(task, session)):
            self.server.delete_session(session)

    @rule(chance=st.integers(0, 9))
    def start_over(self, chance: int) -> None:
        if chance == 9:
            self.server.start_over()

    # -- the watch -----------------------------------------------------------------------------------------------

    def connect(self) -> None:
        self.board.bookmark(self.server.revision)
        self.connected = True

    @precondition(lambda self: self.connected)
    @rule(several=st.integers(1, 4), parts=st.booleans(), cut=st.sampled_from([0, 0, 1, 2]), back=st.integers(0, 2))
    def deliver(self, several: int, parts: bool, cut: int, back: int) -> None:
        """Some changes as one, also from before what is known, also cut off in the middle."""
        followed = self.board.followed
        assert followed is not None
        # Cut off amid a change that begins anew, the base is ahead of what is known: the change comes again, whole.
        after = max(min(self.board.base, followed), followed - back)
        to = min(self.server.revision, after + several)
        if to <= after:
            return
        messages = list(self.server.changes(after, to, parts))
        for message in messages[: cut or None]:
            self.board.change(message, 0.0)

    @precondition(lambda self: self.connected)
    @rule(chance=st.integers(0, 5))
    def lose_the_resume_point(self, chance: int) -> None:
        if chance == 5:
            self.board.lose()
            self.connected = False

    @precondition(lambda self: not self.connected)
    @rule()
    def reconnect(self) -> None:
        for change in self.server.changes(self.server.revision - 1, self.server.revision):
            try:
                self.board.change(change, 0.0)
            except GapError:
                pass
            else:
                raise AssertionError("a gap went unnoticed")
        self.connect()

    # -- listings ------------------------------------------------------------------------------------------------

    @rule(key=st.sampled_from(ALL_KEYS), size=st.integers(1, 3))
    def fetch(self, key: keys.Key, size: int) -> None:
        flight = Flight(self.board.begin_fetch(key))
        self.flights.append(flight)
        self._page(flight, size)

    @precondition(lambda self: any(not flight.complete for flight in self.flights))
    @rule(data=st.data())
    def server_gives_a_page(self, data: Any) -> None:
        self._page(data.draw(st.sampled_from([each for each in self.flights if not each.complete])), 1)

    def _page(self, flight: Flight, size: int) -> None:
        tasks, sessions, flight.before = self.server.page(flight.fetch.key, flight.before, size)
        flight.pages.append((self.server.revision, tasks, sessions))
        flight.complete = not flight.before

    @precondition(lambda self: any(flight.pages for flight in self.flights))
    @rule(data=st.data())
    def pages_arrive(self, data: Any) -> None:
        flight = data.draw(st.sampled_from([each for each in self.flights if each.pages]))
        try:
            while flight.pages:
                revision, tasks, sessions = flight.pages.pop(0)
                self.board.page(flight.fetch, revision, tasks=tasks, sessions=sessions)
            if flight.complete:
                self.board.end_fetch(flight.fetch, 0.0)
                self.flights.remove(flight)
        except StaleAnswerError:
            self.flights.remove(flight)
            self.flights.append(Flight(self.board.begin_fetch(flight.fetch.key)))

    @precondition(lambda self: self.flights)
    @rule(data=st.data())
    def fetch_fails(self, data: Any) -> None:
        flight = data.draw(st.sampled_from(self.flights))
        self.flights.remove(flight)
        self.board.fail_fetch(flight.fetch, make_error("UNAVAILABLE", "", "lost"))

    # -- our own calls -------------------------------------------------------------------------------------------

    @rule(
        task=TASK_IDS, session=SESSION_IDS, what=st.sampled_from(["make", "rename", "drop", "open", "shut", "unlink"])
    )
    def call(self, task: str, session: str, what: str) -> None:
        self.titles += 1
        request: Any
        match what:
            case "make":
                request = pb.CreateTaskRequest(task_id=task, title=f"title {self.titles}")
            case "rename":
                request = pb.UpdateTaskRequest(task_id=task, title=f"title {self.titles}")
                request.update_mask.paths.append("title")
            case "drop":
                request = pb.DeleteTaskRequest(task_id=task)
            case "open":
                request = pb.CreateSessionRequest(session_id=session, task_ids=[task])
            case "shut":
                request = pb.DeleteSessionRequest(session_id=session)
            case _:
                request = pb.RemoveTaskFromSessionRequest(task_id=task, session_id=session)
        call = Call(f"request {self.titles}", request)
        self.board.edit(call.request_id, edits_of(request, self.board.tasks.values(), self.board.sessions.values()))
        self.calls.append(call)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def server_decides(self, data: Any) -> None:
        self._decide(data.draw(st.sampled_from(self.calls)))

    def _decide(self, call: Call) -> None:
        if call.decided:
            return
        call.decided = True
        server, r = self.server, call.request
        match r:
            case pb.CreateTaskRequest():
                done = server.create_task(r.task_id, r.title, call.request_id)
            case pb.UpdateTaskRequest():
                done = server.update_task(r.task_id, r.title, call.request_id)
            case pb.DeleteTaskRequest():
                done = server.delete_task(r.task_id, call.request_id)
            case pb.CreateSessionRequest():
                done = server.create_session(r.session_id, tuple(r.task_ids), call.request_id)
            case pb.DeleteSessionRequest():
                done = server.delete_session(r.session_id, call.request_id)
            case _:
                done = server.unlink(r.task_id, r.session_id, call.request_id)
        if done:
            call.answer = {"revision": server.revision}
            if "task" in type(r).__name__.lower() and r.task_id in server.state.tasks:
                call.answer["task"] = server.state.tasks[r.task_id]
            if "session" in type(r).__name__.lower() and r.session_id in server.state.sessions:
                call.answer["session"] = server.state.sessions[r.session_id]

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), lost=st.booleans())
    def answer_arrives(self, data: Any, lost: bool) -> None:
        """The answer, or the refusal, or nothing: then it is not known whether the call took effect."""
        call = data.draw(st.sampled_from(self.calls))
        self.calls.remove(call)
        if call.answer is None or lost:
            self.board.roll_back(call.request_id, keys.TASKS, make_error("UNAVAILABLE", "", "lost"))
        else:
            self.board.answer(call.request_id, **call.answer)

    # -- what holds ----------------------------------------------------------------------------------------------

    @invariant()
    def the_index_is_right(self) -> None:
        for session_id in "st":
            linked = {task.id for task in self.board.tasks.linked(session_id)}
            assert linked == {task.id for task in self.board.tasks.values() if session_id in task.session_ids}

    @invariant()
    def what_is_kept_is_as_it_was(self) -> None:
        """What the changes cover is as it was at their end, whatever is under way: nothing older, and no ghosts."""
        followed = self.board.followed
        if followed is None:
            return
        state = self.server.states[followed]
        for entity_id, entry in self.board.tasks._kept.items():
            if entry.value is not None and self.board.base <= entry.revision <= followed:
                assert state.tasks[entity_id].title == entry.value.title
        for entity_id, entry in self.board.sessions._kept.items():
            if entry.value is not None and self.board.base <= entry.revision <= followed:
                assert state.sessions[entity_id].number == entry.value.number

    def teardown(self) -> None:
        """Everything arrives."""
        for call in list(self.calls):
            self._decide(call)
            if call.answer is None:
                self.board.roll_back(call.request_id, keys.TASKS, make_error("NOT_FOUND", "", "no"))
            else:
                self.board.answer(call.request_id, **call.answer)
        for flight in self.flights:
            self.board.fail_fetch(flight.fetch, make_error("UNAVAILABLE", "", "lost"))
        if not self.connected:
            self.connect()
        followed = self.board.followed
        assert followed is not None
        if followed < self.server.revision:
            for change in self.server.changes(followed, self.server.revision):
                self.board.change(change, 0.0)
        self._fetch_visible()
        shown = {each.id: each for each in self.board.tasks.values()}
        assert shown == self.server.state.tasks
        assert {each.id: each for each in self.board.sessions.values()} == self.server.state.sessions
        assert not self.board.pending and not self.board.freshness.loading
        assert self.board.tasks.deletions == self.board.sessions.deletions == 0

    def _fetch_visible(self) -> None:
        for key in LISTS:
            if self.board.freshness.is_covered(key, self.board.base):
                continue  # the changes kept it current: it must be right as it is
            fetch = self.board.begin_fetch(key)
            before = 0
            while True:
                tasks, sessions, before = self.server.page(key, before, 2)
                self.board.page(fetch, self.server.revision, tasks=tasks, sessions=sessions)
                if not before:
                    break
            self.board.end_fetch(fetch, 0.0)
        self.board.evict_uncovered()


CacheMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCache = CacheMachine.TestCase


def test_a_beginning_anew_that_is_cut_off_comes_again() -> None:
    """The first part of a change raised the base above what is known; the whole change then comes from there."""
    machine = CacheMachine()
    machine.begin()
    for _ in range(2):
        machine.others_and_sessions(task="a", session="s", shut=False)
    for _ in range(2):
        machine.start_over(9)
    machine.others_and_tasks(task="b", drop=False)
    machine.others_and_tasks(task="a", drop=False)
    machine.others_and_tasks(task="a", drop=False)
    machine.deliver(several=3, parts=False, cut=0, back=0)
    machine.deliver(several=3, parts=True, cut=1, back=0)
    assert machine.board.followed is not None
    assert machine.board.base > machine.board.followed
    machine.deliver(several=1, parts=False, cut=0, back=0)
    machine.what_is_kept_is_as_it_was()
    machine.teardown()
