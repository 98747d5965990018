"""The state after a change.

A change is folded member by member on a draft, so that it costs its own size and not the project's; the draft is also
what decisions look at while they put a change together.
"""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any, assert_never

from podium.kernel.persistent import Map
from podium.maestro.domain import facts
from podium.maestro.domain.model import (
    TIMELINE_LIMIT,
    Project,
    Session,
    SessionJob,
    Task,
    TimelineEntry,
    TimelineKind,
)
from podium.maestro.domain.state import Board, Index, ProjectState

_SCALARS = tuple(f.name for f in fields(facts.FollowedPod) if f.name not in ("id", "workstreams"))


class Draft:
    """A board while one change is applied to it."""

    def __init__(self, board: Board, revision: int, time: datetime, actor: str) -> None:
        self._revision, self._time, self._actor = revision, time, actor
        self._lines = 0
        self._load(board)

    def _load(self, board: Board) -> None:
        state, index = board.state, board.index
        self.id = state.id
        self.project: Project | None = state.project
        self.deleted = state.deleted
        self.task_numbers, self.session_numbers = state.task_numbers, state.session_numbers
        self.tasks = state.tasks.mutate()
        self.sessions = state.sessions.mutate()
        self.followed = state.followed.mutate()
        self.session_jobs = state.session_jobs
        self.numbered_tasks = index.tasks.mutate()
        self.numbered_sessions = index.sessions.mutate()
        self.parts = index.parts.mutate()

    def finish(self) -> Board:
        """The board with everything applied."""
        state = ProjectState(
            self.id,
            self.project,
            self.tasks.finish(),
            self.sessions.finish(),
            self.followed.finish(),
            self.task_numbers,
            self.session_numbers,
            self.deleted,
            self.session_jobs,
        )
        index = Index(self.numbered_tasks.finish(), self.numbered_sessions.finish(), self.parts.finish())
        return Board(state, index)

    def apply(self, fact: facts.Fact) -> None:
        """Fold one member."""
        match fact:
            case facts.ProjectCreated(project):
                self.project, self.deleted = project, False
            case facts.ProjectUpdated(project, names):
                if self.project is not None:
                    self.project = replace(self.project, updated_time=self._time, **_values(project, names))
            case facts.ProjectDeleted():
                self._delete_project()
            case facts.TaskCreated(task):
                self._create_task(task)
            case facts.TaskUpdated(task, names):
                self._update_task(task, names)
            case facts.TaskDeleted(task_id):
                self._delete_task(task_id)
            case facts.SessionCreated(session):
                self._create_session(session)
            case facts.SessionUpdated(session, names):
                self._update_session(session, names)
            case facts.SessionDeleted(session_id):
                self._delete_session(session_id)
            case facts.TimelineAppended(session_id, entry):
                self._append(session_id, entry)
            case facts.PodFollowed(pod, names):
                self._follow(pod, names)
            case facts.SessionJobOpened() | facts.SessionJobUpdated() | facts.SessionJobEnded():
                self._apply_job(fact)
            case (
                facts.SessionTaskAdded()
                | facts.TaskSessionAdded()
                | facts.SessionTaskRemoved()
                | facts.TaskSessionRemoved()
            ):
                self._apply_link(fact)
            case _:
                assert_never(fact)

    def _apply_link(self, fact: facts.LinkFact) -> None:
        match fact:
            case facts.SessionTaskAdded(session_id, task_id):
                self._link_session(session_id, task_id)
            case facts.TaskSessionAdded(task_id, session_id):
                self._link_task(task_id, session_id)
            case facts.SessionTaskRemoved(session_id, task_id):
                self._unlink_session(session_id, task_id)
            case facts.TaskSessionRemoved(task_id, session_id):
                self._unlink_task(task_id, session_id)
            case _:
                assert_never(fact)

    def _apply_job(self, fact: facts.JobFact) -> None:
        jobs = self.session_jobs
        match fact:
            case facts.SessionJobOpened(job):
                self.session_jobs = jobs.set(job.id, job)
            case facts.SessionJobUpdated(patch, names):
                if patch.id in jobs:
                    self.session_jobs = jobs.set(patch.id, replace(jobs[patch.id], **_values(patch, names)))
            case facts.SessionJobEnded(job_id):
                if job_id in jobs:
                    self.session_jobs = jobs.delete(job_id)
            case _:
                assert_never(fact)

    # -- projects --------------------------------------------------------------------------------------------

    def _delete_project(self) -> None:
        """Numbers and what is known of the pods stay: nothing is given or made twice."""
        state = ProjectState(
            self.id,
            followed=self.followed.finish(),
            task_numbers=self.task_numbers,
            session_numbers=self.session_numbers,
            deleted=True,
            session_jobs=self.session_jobs,
        )
        self._load(Board(state, Index()))

    # -- tasks -----------------------------------------------------------------------------------------------

    def _create_task(self, task: Task) -> None:
        self.tasks[task.id] = task
        self.numbered_tasks[task.number] = task.id
        self.task_numbers = max(self.task_numbers, task.number)
        self._join(task)

    def _update_task(self, patch: Task, names: tuple[str, ...]) -> None:
        task = self.tasks.get(patch.id)
        if task is None:
            return
        new = replace(task, updated_time=self._time, **_values(patch, names))
        self.tasks[task.id] = new
        if new.parent_id != task.parent_id:
            self._leave(task)
            self._join(new)

    def _delete_task(self, task_id: str) -> None:
        task = self.tasks.pop(task_id, None)
        if task is None:
            return
        self.numbered_tasks.pop(task.number, None)
        self._leave(task)
        for session_id in task.session_ids:
            self._unlink_session(session_id, task_id)
        if task_id not in self.followed:
            self.followed[task_id] = facts.FollowedPod(task_id)

    def _join(self, task: Task) -> None:
        if task.parent_id:
            siblings: Map[int, str] = self.parts.get(task.parent_id, Map())
            self.parts[task.parent_id] = siblings.set(task.number, task.id)

    def _leave(self, task: Task) -> None:
        siblings = self.parts.get(task.parent_id)
        if siblings is None or task.number not in siblings:
            return
        rest = siblings.delete(task.number)
        if rest:
            self.parts[task.parent_id] = rest
        else:
            del self.parts[task.parent_id]

    # -- sessions --------------------------------------------------------------------------------------------

    def _create_session(self, session: Session) -> None:
        self.sessions[session.id] = session
        self.numbered_sessions[session.number] = session.id
        self.session_numbers = max(self.session_numbers, session.number)
        self._write(session.id, TimelineKind.STARTED, session.agent, "", session.started_time)

    def _update_session(self, patch: Session, names: tuple[str, ...]) -> None:
        session = self.sessions.get(patch.id)
        if session is None:
            return
        new = replace(session, **_values(patch, names))
        self.sessions[session.id] = new
        if new.status is not session.status:
            self._write(new.id, TimelineKind.STATUS, _status_text(new), "", new.last_activity_time)
        waits, waited = new.needs_input, session.needs_input
        if waits is not None and waits.active and not (waited is not None and waited.active):
            self._write(new.id, TimelineKind.NEEDS_INPUT, waits.message, "", waits.since_time)

    def _delete_session(self, session_id: str) -> None:
        session = self.sessions.pop(session_id, None)
        if session is None:
            return
        self.numbered_sessions.pop(session.number, None)
        for task_id in session.task_ids:
            self._unlink_task(task_id, session_id)

    def _write(self, session_id: str, kind: TimelineKind, text: str, task_id: str, time: datetime | None) -> None:
        self._append(session_id, TimelineEntry("", time, kind, text, task_id))

    def _append(self, session_id: str, entry: TimelineEntry) -> None:
        session = self.sessions.get(session_id)
        if session is not None:
            self._lines += 1
            whole = replace(
                entry,
                id=f"{self._revision}-{self._lines}",
                time=entry.time or self._time,
                author=entry.author or self._actor,
            )
            self.sessions[session_id] = replace(session, timeline=(*session.timeline, whole)[-TIMELINE_LIMIT:])

    # -- links -----------------------------------------------------------------------------------------------

    def _link_session(self, session_id: str, task_id: str) -> None:
        session = self.sessions.get(session_id)
        if session is not None and task_id not in session.task_ids:
            self.sessions[session_id] = replace(session, task_ids=(*session.task_ids, task_id))
            self._write(session_id, TimelineKind.TASK_ADDED, "", task_id, None)

    def _unlink_session(self, session_id: str, task_id: str) -> None:
        session = self.sessions.get(session_id)
        if session is not None and task_id in session.task_ids:
            rest = tuple(each for each in session.task_ids if each != task_id)
            self.sessions[session_id] = replace(session, task_ids=rest)
            self._write(session_id, TimelineKind.TASK_REMOVED, "", task_id, None)

    def _link_task(self, task_id: str, session_id: str) -> None:
        task = self.tasks.get(task_id)
        if task is not None and session_id not in task.session_ids:
            self._set_links(task, (*task.session_ids, session_id))

    def _unlink_task(self, task_id: str, session_id: str) -> None:
        task = self.tasks.get(task_id)
        if task is not None and session_id in task.session_ids:
            self._set_links(task, tuple(each for each in task.session_ids if each != session_id))

    def _set_links(self, task: Task, ids: tuple[str, ...]) -> None:
        self.tasks[task.id] = replace(task, session_ids=ids, session_count=len(ids))

    # -- pods ------------------------------------------------------------------------------------------------

    def _follow(self, patch: facts.FollowedPod, names: tuple[str, ...]) -> None:
        pod = self.followed.get(patch.id) or facts.FollowedPod(patch.id)
        workstreams = pod.workstreams.update(patch.workstreams)
        new = replace(pod, **{name: getattr(patch, name) for name in names if name in _SCALARS})
        if new.phase.finished:
            workstreams = Map()
        self.followed[patch.id] = replace(new, revision=patch.revision, workstreams=workstreams)


def _values(patch: Project | Task | Session | SessionJob, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(patch, name) for name in names}


def _status_text(session: Session) -> str:
    word = session.status.name.lower()
    return f"{word}: {session.exit_reason}" if session.status.terminal and session.exit_reason else word
