"""The project as an entity: what the engine runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never

from podium.kernel.entity import Context, Key, Recorded
from podium.maestro.domain import (
    commands,
    facts,
    follow,
    overdue,
    process_commands,
    projects,
    sessions,
    spawning,
    tasks,
)
from podium.maestro.domain.change import Change
from podium.maestro.domain.evolve import Draft
from podium.maestro.domain.state import Board

PROJECT_KEY: Key = ("", "")
RESET_KEY: Key = ("reset", "")
"""The project was deleted: whatever a watcher holds of it is void."""
TASKS = "tasks"
SESSIONS = "sessions"


class ProjectDomain:
    """The rules of projects; see `podium.kernel.entity.Domain`."""

    service = "maestro"
    category = "projects"
    schema_version = 1

    def initial(self, entity_id: str) -> Board:
        """An id without a project."""
        return Board.empty(entity_id)

    def decide(self, state: Board, command: commands.Command, context: Context) -> Sequence[object]:
        """One change, or none; raises `Rejection`."""
        change = Change(state, context)
        match command:
            case commands.CreateProject():
                projects.create(change, command)
            case commands.UpdateProject():
                projects.update(change, command)
            case commands.DeleteProject():
                projects.delete(change)
            case commands.CreateTask():
                tasks.create(change, command)
            case commands.UpdateTask():
                tasks.update(change, command)
            case commands.DeleteTask():
                tasks.delete(change, command)
            case commands.CreateSession():
                sessions.create(change, command)
            case commands.UpdateSession():
                sessions.update(change, command)
            case commands.DeleteSession():
                sessions.delete(change, command)
            case commands.AddTaskToSession():
                sessions.add_task(change, command)
            case commands.RemoveTaskFromSession():
                sessions.remove_task(change, command)
            case commands.AppendTimeline():
                sessions.append_timeline(change, command)
            case commands.SetNeedsInput():
                sessions.set_needs_input(change, command)
            case process_commands.SpawnSession():
                spawning.spawn(change, command)
            case process_commands.ClaimSession():
                spawning.claim(change, command)
            case process_commands.ReportSession():
                spawning.report_session(change, command)
            case process_commands.CloseSession():
                sessions.close(change, command)
            case process_commands.RunnerLeaseChanged():
                spawning.runner_lease_changed(change, command)
            case commands.FollowPod():
                follow.follow(change, command)
            case _:
                assert_never(command)
        return change.events()

    def schedule(self, state: Board, context: Context) -> Sequence[object]:
        """Orders that nobody takes, or whose runner is lost, end their sessions."""
        if not state.state.session_jobs:
            return ()
        change = Change(state, context)
        overdue.settle(change)
        return change.events()

    def evolve(self, state: Board, recorded: Recorded) -> Board:
        """The board after a change."""
        change = recorded.event
        assert isinstance(change, facts.ChangeRecorded)
        draft = Draft(state, recorded.revision, recorded.time, recorded.actor)
        for fact in change.facts:
            draft.apply(fact)
        return draft.finish()

    def due(self, state: Board) -> datetime | None:
        """When the first order is overdue."""
        return overdue.first(state.state)

    def heeds(self, state: Board, event: object) -> bool:
        """Always asked: it costs nothing where nothing is ordered."""
        return True

    def touched(self, state: Board, recorded: Recorded) -> frozenset[Key]:
        """The project, tasks and sessions that the change names."""
        change = recorded.event
        assert isinstance(change, facts.ChangeRecorded)
        return frozenset(key for fact in change.facts for key in _keys(fact))

    def metadata(self, state: Board) -> Mapping[str, str]:
        """The project's id, as on every event of a pod."""
        return {"project_id": state.state.id}


def _keys(fact: facts.Fact) -> tuple[Key, ...]:
    match fact:
        case facts.ProjectCreated() | facts.ProjectUpdated():
            return (PROJECT_KEY,)
        case facts.ProjectDeleted():
            return (RESET_KEY, PROJECT_KEY)
        case facts.TaskCreated(task) | facts.TaskUpdated(task):
            return ((TASKS, task.id),)
        case facts.TaskDeleted(task_id):
            return ((TASKS, task_id),)
        case facts.SessionCreated(session) | facts.SessionUpdated(session):
            return ((SESSIONS, session.id),)
        case facts.SessionDeleted(session_id) | facts.TimelineAppended(session_id):
            return ((SESSIONS, session_id),)
        case (
            facts.SessionTaskAdded(session_id, task_id)
            | facts.SessionTaskRemoved(session_id, task_id)
            | facts.TaskSessionAdded(task_id, session_id)
            | facts.TaskSessionRemoved(task_id, session_id)
        ):
            return ((SESSIONS, session_id), (TASKS, task_id))
        case facts.PodFollowed() | facts.SessionJobOpened() | facts.SessionJobUpdated() | facts.SessionJobEnded():
            return ()
        case _:
            assert_never(fact)
