"""Decisions on the project itself."""

from dataclasses import replace

from podium.kernel.errors import already_exists, invalid, precondition
from podium.maestro.domain import commands, facts
from podium.maestro.domain.change import Change, masked
from podium.maestro.domain.jobs import release
from podium.maestro.domain.model import Project

NAMED_IN_REFUSAL = 20
"""Task ids that PROJECT_NOT_EMPTY names at most."""


def create(change: Change, command: commands.CreateProject) -> None:
    """Make it, unless the id is taken."""
    taken = change.draft.project
    if taken is not None:
        raise already_exists(
            "PROJECT_ALREADY_EXISTS",
            f"project {taken.id} exists, for {taken.repository}",
            project_id=taken.id,
            repository=taken.repository,
        )
    now = change.context.now
    name = command.name or name_of(command.repository)
    change.add(facts.ProjectCreated(Project(change.draft.id, name, command.repository, now, now)))


def update(change: Change, command: commands.UpdateProject) -> None:
    """Change its own fields; values that it has already change nothing."""
    project = change.project()
    names = masked(command.update_mask, ("name", "repository"))
    if "repository" in names and not command.repository:
        raise invalid("repository", "must not be empty")
    new = replace(project, **{name: getattr(command, name) for name in names})
    changed = tuple(name for name in names if getattr(new, name) != getattr(project, name))
    if changed:
        patch = {name: getattr(new, name) for name in changed}
        change.add(facts.ProjectUpdated(Project(project.id, **patch), changed))


def delete(change: Change) -> None:
    """Remove it with all that it holds, unless a pod is unfinished."""
    project = change.project()
    active = [task.id for task in change.board.state.tasks.values() if task.pod_active]
    if active:
        named = ", ".join(sorted(active)[:NAMED_IN_REFUSAL])
        raise precondition(
            "PROJECT_NOT_EMPTY",
            f"project {project.id} has {len(active)} unfinished pods; cancel or finish them",
            project_id=project.id,
            task_ids=named,
        )
    for job in list(change.draft.session_jobs.values()):
        release(change, job, f"project {project.id} was deleted")
    change.add(facts.ProjectDeleted())


def name_of(repository: str) -> str:
    """What people would call a repository: the last part of its path."""
    last = repository.rstrip("/").replace(":", "/").rsplit("/", 1)[-1]
    return last.removesuffix(".git") or repository
