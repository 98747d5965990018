"""A Maestro in a few lines: every revision's state is kept, so that any change, however conflated, can be made."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from podium.client.cache.keys import SESSIONS, TASKS, Key
from podium.tasks.v1 import maestro_service_pb2 as pb
from podium.tasks.v1.task_pb2 import Session, Task


@dataclass
class Step:
    """What one revision changed."""

    request_id: str
    tasks: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    reset: bool = False


@dataclass
class State:
    tasks: dict[str, Task] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)


class Model:
    """One project's server."""

    def __init__(self) -> None:
        self.states = [State()]
        self.steps = [Step("")]
        self.numbers = 0
        self.commit(Step("created"), State())

    @property
    def revision(self) -> int:
        return len(self.states) - 1

    @property
    def state(self) -> State:
        return self.states[-1]

    def commit(self, step: Step, state: State) -> int:
        self.steps.append(step)
        self.states.append(state)
        return self.revision

    # -- mutations -------------------------------------------------------------------------------------------

    def create_task(self, task_id: str, title: str, request_id: str = "") -> bool:
        if task_id in self.state.tasks:
            return False
        self.numbers += 1
        task = Task(id=task_id, number=self.numbers, title=title)
        self.commit(Step(request_id, frozenset((task_id,))), self._with(tasks={task_id: task}))
        return True

    def update_task(self, task_id: str, title: str, request_id: str = "") -> bool:
        if task_id not in self.state.tasks:
            return False
        task = _copy(self.state.tasks[task_id])
        task.title = title
        self.commit(Step(request_id, frozenset((task_id,))), self._with(tasks={task_id: task}))
        return True

    def delete_task(self, task_id: str, request_id: str = "") -> bool:
        task = self.state.tasks.get(task_id)
        if task is None:
            return False
        sessions = {each: _copy(self.state.sessions[each]) for each in task.session_ids}
        for session in sessions.values():
            session.task_ids.remove(task_id)
        state = self._with(sessions=sessions)
        del state.tasks[task_id]
        self.commit(Step(request_id, frozenset((task_id,)), frozenset(sessions)), state)
        return True

    def create_session(self, session_id: str, task_ids: tuple[str, ...], request_id: str = "") -> bool:
        if session_id in self.state.sessions or not set(task_ids) <= set(self.state.tasks):
            return False
        self.numbers += 1
        session = Session(id=session_id, number=self.numbers, task_ids=task_ids)
        tasks = {each: _copy(self.state.tasks[each]) for each in task_ids}
        for task in tasks.values():
            task.session_ids.append(session_id)
            task.session_count = len(task.session_ids)
        state = self._with(tasks=tasks, sessions={session_id: session})
        self.commit(Step(request_id, frozenset(tasks), frozenset((session_id,))), state)
        return True

    def unlink(self, task_id: str, session_id: str, request_id: str = "") -> bool:
        session = self.state.sessions.get(session_id)
        if session is None or task_id not in session.task_ids:
            return False
        session, task = _copy(session), _copy(self.state.tasks[task_id])
        session.task_ids.remove(task_id)
        task.session_ids.remove(session_id)
        task.session_count = len(task.session_ids)
        state = self._with(tasks={task_id: task}, sessions={session_id: session})
        self.commit(Step(request_id, frozenset((task_id,)), frozenset((session_id,))), state)
        return True

    def delete_session(self, session_id: str, request_id: str = "") -> bool:
        session = self.state.sessions.get(session_id)
        if session is None:
            return False
        tasks = {each: _copy(self.state.tasks[each]) for each in session.task_ids}
        for task in tasks.values():
            task.session_ids.remove(session_id)
            task.session_count = len(task.session_ids)
        state = self._with(tasks=tasks)
        del state.sessions[session_id]
        self.commit(Step(request_id, frozenset(tasks), frozenset((session_id,))), state)
        return True

    def start_over(self) -> None:
        """Deleted, and made again under the same id."""
        self.commit(Step("", reset=True), State())

    def _with(self, tasks: dict[str, Task] | None = None, sessions: dict[str, Session] | None = None) -> State:
        return State({**self.state.tasks, **(tasks or {})}, {**self.state.sessions, **(sessions or {})})

    # -- what clients get --------------------------------------------------------------------------------------

    def changes(self, after: int, to: int, parts: bool = False) -> Iterator[pb.ProjectChange]:
        """One change for (after, to], in parts of one entity if so wanted; conflated where it is several revisions."""
        state, steps = self.states[to], self.steps[after + 1 : to + 1]
        reset = any(step.reset for step in steps)
        tasks = set(state.tasks) if reset else set().union(*(step.tasks for step in steps))
        sessions = set(state.sessions) if reset else set().union(*(step.sessions for step in steps))
        change = pb.ProjectChange(from_revision=after, to_revision=to, reset=reset, conflated=len(steps) > 1)
        if len(steps) == 1:
            change.events.add(revision=to, request_id=steps[0].request_id)
        change.removed_tasks.extend(sorted(tasks - set(state.tasks)))
        change.removed_sessions.extend(sorted(sessions - set(state.sessions)))
        for kind, entities in (("tasks", tasks & set(state.tasks)), ("sessions", sessions & set(state.sessions))):
            for each in sorted(entities):
                if parts and (change.tasks or change.sessions):
                    change.partial = True
                    yield change
                    change = pb.ProjectChange(from_revision=after, to_revision=to, conflated=change.conflated)
                getattr(change, kind).add().CopyFrom(getattr(state, kind)[each])
        yield change

    def page(self, key: Key, before: int, size: int) -> tuple[list[Task], list[Session], int]:
        """The next entries of a listing, by falling numbers below `before` (0: all), and where the next page begins."""
        state = self.state
        listed: list[Task | Session]
        match key.kind:
            case "tasks":
                listed = list(state.tasks.values())
            case "sessions":
                listed = list(state.sessions.values())
            case "task_sessions":
                listed = [each for each in state.sessions.values() if key.id in each.task_ids]
            case _:
                listed = [each for each in state.tasks.values() if key.id in each.session_ids]
        wanted = sorted((e for e in listed if not before or e.number < before), key=lambda e: -e.number)
        page, rest = wanted[:size], wanted[size:]
        is_tasks = key.kind in ("tasks", "session_tasks")
        return (
            [e for e in page if isinstance(e, Task)] if is_tasks else [],
            [e for e in page if isinstance(e, Session)] if not is_tasks else [],
            page[-1].number if rest else 0,
        )


def _copy(entity: Task | Session):  # type: ignore[no-untyped-def]
    copy = type(entity)()
    copy.CopyFrom(entity)  # type: ignore[arg-type]
    return copy


LISTS = (TASKS, SESSIONS)
