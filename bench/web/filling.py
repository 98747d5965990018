"""Boards and lists of the size that the interface has to bear, made by ordinary calls."""

import asyncio
from collections.abc import Awaitable, Iterable

from podium.client import Podium
from podium.pods.v1.pod_pb2 import Policy, ProfileChoice
from podium.pods.v1.pod_service_pb2 import OpenPodRequest
from podium.tasks.v1 import maestro_service_pb2 as calls
from podium.tasks.v1.task_pb2 import Task

AT_ONCE = 64
BOARD, LIST, SMALL = "board", "list", "small"
"""The projects: of the pods, of the many tasks, of the tasks that change."""


async def together(works: Iterable[Awaitable[object]], at_once: int = AT_ONCE) -> None:
    """All of them, so many at once."""
    gate = asyncio.Semaphore(at_once)

    async def one(work: Awaitable[object]) -> None:
        async with gate:
            await work

    await asyncio.gather(*(one(work) for work in works))


async def projects(client: Podium) -> None:
    """The three of them."""
    for name in (BOARD, LIST, SMALL):
        await client.maestro.CreateProject(
            calls.CreateProjectRequest(project_id=name, name=name, repository=f"/bench/{name}")
        )


async def pods(client: Podium, count: int) -> None:
    """Open pods of which nothing runs: each second one in Work, the others in Spec."""
    policy = Policy(profiles=[ProfileChoice(profile="nobody")], auto_start_agents=False)
    await together(
        client.pods.OpenPod(
            OpenPodRequest(
                pod_id=f"task_bench{number:06d}",
                project_id=BOARD,
                number=number,
                title=f"Round the prices of shop {number} to the cent",
                request="Make it exact.",
                repository="/bench/board",
                quick=number % 2 == 0,
                policy=policy,
            )
        )
        for number in range(1, count + 1)
    )


async def tasks(client: Podium, project: str, count: int) -> list[Task]:
    """So many tasks."""
    made: list[Task] = []

    async def one(number: int) -> None:
        request = calls.CreateTaskRequest(project_id=project, title=f"Task {number} of the long list")
        made.append((await client.maestro.CreateTask(request)).task)

    await together(one(number) for number in range(count))
    return made


async def rename(client: Podium, task: Task, title: str) -> None:
    """One change."""
    request = calls.UpdateTaskRequest(project_id=task.project_id, task_id=task.id, title=title)
    request.update_mask.paths.append("title")
    await client.maestro.UpdateTask(request)
