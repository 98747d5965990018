"""`podium sessions`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.cli import exits, repository
from podium.cli.commands.ls import list_tasks
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from podium.tasks.v1 import task_pb2


@click.command()
@click.argument("task", required=False)
@command
async def sessions(cli: Cli, task: str | None) -> None:
    """List the sessions of this directory's project: one for each run of an agent, and those of people."""
    from podium.cli.sessions import list_sessions

    here = repository.locate(str(Path.cwd()))
    async with cli.connect() as podium:
        tasks = await list_tasks(podium, here.project_id)
        found = await list_sessions(podium, here.project_id, _task_id(tasks, task) if task else "")

    def render() -> "RenderableType":
        from podium.cli.views import board

        if not found:
            return "no sessions yet"
        return board.sessions_table(found, {each.id: each.number for each in tasks}, time.time())

    cli.out.show([plain(session) for session in found], render)


def _task_id(tasks: "list[task_pb2.Task]", text: str) -> str:
    for task in tasks:
        if text in {task.id, str(task.number), f"#{task.number}"}:
            return task.id
    raise CliError(f"no task {text} in this project", "`podium ls` lists them", exits.NOT_FOUND)
