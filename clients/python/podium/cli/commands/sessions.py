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
    """List the sessions of this directory's project: one for each run of an agent."""
    from podium.tasks.v1 import maestro_service_pb2 as calls

    here = repository.locate(str(Path.cwd()))
    async with cli.connect() as podium:
        tasks = await list_tasks(podium, here.project_id)
        found: list[task_pb2.Session] = []
        if tasks:
            request = calls.ListSessionsRequest(
                project_id=here.project_id, task_id=_task_id(tasks, task) if task else "", page_size=1000
            )
            found = list((await podium.maestro.ListSessions(request)).sessions)

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
