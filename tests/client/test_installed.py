"""The client on a whole installation, in processes of their own: the face without await, and kill -9."""

import asyncio
from pathlib import Path

import pytest

from podium.client import MaestroCache, sync
from podium.client.cache import Connection
from podium.client.cache.keys import TASKS
from podium.client.reasons import ProjectNotFoundError
from podium.tasks.v1 import maestro_service_pb2 as pb
from tests.client.cache.conftest import Hasty
from tests.support.installation import LocalInstallation


def script(installation: LocalInstallation) -> list[str]:
    """What a script does: calls, refusals, a watch that is left, more threads than one, a close."""
    with sync.Podium.connect(installation=installation.installation) as podium:
        assert podium.serving("maestro") and podium.serving("pod-manager")
        podium.maestro.CreateProject(pb.CreateProjectRequest(project_id="p", repository="/src/p"))
        with pytest.raises(ProjectNotFoundError):
            podium.maestro.GetProject(pb.GetProjectRequest(project_id="nobody"))
        titles = []
        watch = podium.watch_project("p")
        for item in watch:
            if item.WhichOneof("item") == "bookmark":
                podium.maestro.CreateTask(pb.CreateTaskRequest(project_id="p", task_id="a", title="first"))
            else:
                titles += [task.title for task in item.change.tasks]
                break
        watch.close()
        for raw in podium.maestro.WatchProject(pb.WatchProjectRequest(project_id="p")):
            assert raw.bookmark.revision == 2
            break
        assert next(podium.watch_pods()).synced
    podium.close()
    with pytest.raises(RuntimeError, match="closed"):
        podium.maestro.GetProject(pb.GetProjectRequest(project_id="p"))
    return titles


async def test_scripts_and_sudden_deaths(tmp_path: Path):
    """M15, S39: a script needs no loop; what was answered right before kill -9 is there after it, and caches go on."""
    async with LocalInstallation(tmp_path) as installed:
        assert await asyncio.to_thread(script, installed) == ["first"]
        async with installed.client() as client, MaestroCache(client, clock=Hasty()) as cache:
            project = cache.project("p")
            with project.showing(TASKS):
                await project.load_tasks()
                await project.until(lambda p: p.connection is Connection.CONNECTED)
                made = await project.create_task(task_id="b", title="last words")
                killed = installed.kill("maestro")
                await project.until(lambda p: p.connection is Connection.RECONNECTING)
                await installed.back("maestro", killed)
                renamed = await project.update_task("a", title="second")
                await project.until(lambda p: p.connection is Connection.CONNECTED and p.task("a") == renamed)
            listed = await client.maestro.ListTasks(pb.ListTasksRequest(project_id="p"))
            assert list(project.tasks()) == list(listed.tasks) == [made, renamed]
            assert project.gaps == 0
