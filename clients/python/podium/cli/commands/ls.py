"""`podium ls`."""

import time
from typing import TYPE_CHECKING

import click

from podium.cli import repository
from podium.cli.common import Cli, command
from podium.cli.resolve import list_pods
from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from podium.client.connection import Podium
    from podium.tasks.v1 import task_pb2


@click.command()
@click.option("--all", "everything", is_flag=True, help="All projects, not only this directory's.")
@command
async def ls(cli: Cli, everything: bool) -> None:
    """List tasks and pods: of this directory's project, or of all."""
    from pathlib import Path

    here = None if everything else repository.find(Path())
    async with cli.connect() as podium:
        projects = [here.project_id] if here else await list_projects(podium)
        tasks = [task for project in projects for task in await list_tasks(podium, project)]
        pods = {pod.pod_id: pod for pod in await list_pods(podium, here.project_id if here else "")}
    data = [{**plain(task), "pod": plain(pods[task.id]) if task.id in pods else None} for task in tasks]

    def render() -> "RenderableType":
        from podium.cli.views import board

        if not tasks:
            place = "in this project" if here else "anywhere"
            return f"nothing {place} yet; `podium run` begins something"
        return board.tasks_table(tasks, pods, time.time(), project=here is None)

    cli.out.show(data, render)


async def list_tasks(podium: "Podium", project_id: str) -> "list[task_pb2.Task]":
    """The tasks of a project by number; none where Maestro does not know it."""
    from podium.client.errors import NotFoundError
    from podium.tasks.v1 import maestro_service_pb2 as calls

    found: list[task_pb2.Task] = []
    token = ""
    for _ in range(20):
        try:
            page = await podium.maestro.ListTasks(
                calls.ListTasksRequest(project_id=project_id, page_size=500, page_token=token)
            )
        except NotFoundError:
            return []
        found += page.tasks
        token = page.next_page_token
        if not token:
            break
    return sorted(found, key=lambda task: task.number)


async def list_projects(podium: "Podium") -> list[str]:
    """The ids of all projects."""
    from podium.tasks.v1 import maestro_service_pb2 as calls

    found: list[str] = []
    token = ""
    for _ in range(20):
        page = await podium.maestro.ListProjects(calls.ListProjectsRequest(page_size=500, page_token=token))
        found += [project.id for project in page.projects]
        token = page.next_page_token
        if not token:
            break
    return found
