"""Each service is killed once in the middle of a run, and nothing is lost, doubled or stuck."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from podium.cli.history import all_events
from podium.cli.views.narration import name_of, unpack
from podium.cli.views.plain import word
from podium.client import Podium
from podium.client.errors import PodiumError
from podium.pods.v1 import pod_pb2, pod_service_pb2
from podium.tasks.v1 import maestro_service_pb2
from tests.support.installation import LocalInstallation
from tests.support.shop import is_green, make_shop
from tests.support.story import approve_all, open_pod, running_workers, until

pytestmark = pytest.mark.timeout(240)

POSTERS = 4
ACKNOWLEDGED = 20


class Load:
    """Commands that go on all the time: what was acknowledged is written down, and must be there in the end."""

    def __init__(self, send: Callable[[str], Awaitable[str]]) -> None:
        self._send = send
        self._stopped = False
        self._sent = asyncio.Event()
        self.acknowledged: dict[str, str] = {}
        self.under_way: set[str] = set()

    async def run(self, poster: int) -> None:
        number = 0
        while not self._stopped:
            number += 1
            name = f"load-{poster}-{number}"
            self.under_way.add(name)
            self._sent.set()
            self.acknowledged[name] = await self._until_acknowledged(name)
            self.under_way.discard(name)
            await asyncio.sleep(0.01)

    async def _until_acknowledged(self, name: str) -> str:
        while True:
            try:
                return await self._send(name)
            except PodiumError as error:
                assert error.is_outcome_unknown, error
                await asyncio.sleep(0.05)

    def stop(self) -> None:
        self._stopped = True

    async def until_busy(self) -> None:
        """Returns when a few more were acknowledged, at an instant at which another is under way."""
        enough = len(self.acknowledged) + ACKNOWLEDGED
        async with asyncio.timeout(60):
            while len(self.acknowledged) < enough or not self.under_way:
                self._sent.clear()
                await self._sent.wait()


def posting(podium: Podium, pod_id: str) -> Callable[[str], Awaitable[str]]:
    async def send(name: str) -> str:
        request = pod_service_pb2.PostMessageRequest(
            pod_id=pod_id, request_id=name, kind=pod_pb2.MESSAGE_KIND_UPDATE, content=name
        )
        return (await podium.pods.PostMessage(request)).message_id

    return send


def creating(podium: Podium, project_id: str) -> Callable[[str], Awaitable[str]]:
    async def send(name: str) -> str:
        request = maestro_service_pb2.CreateTaskRequest(project_id=project_id, request_id=name, title=name)
        return (await podium.maestro.CreateTask(request)).task.id

    return send


async def check_landed(podium: Podium, pod: pod_pb2.Pod) -> None:
    """Landed; every agent ended once, every workstream was completed and merged once."""
    assert word(pod, "phase") == "COMPLETED", pod
    assert pod.review.landed_commit
    events = await all_events(podium, pod.pod_id)
    assert [event.revision for event in events] == list(range(1, len(events) + 1))
    assert len(events) >= pod.revision
    facts = [(name_of(event), unpack(event)) for event in events]
    ended = Counter(fact.agent_id for name, fact in facts if name == "AgentEnded" and fact)  # type: ignore[attr-defined]
    assert set(ended) == {agent.id for agent in pod.agents}
    assert set(ended.values()) == {1}
    completed = Counter(
        fact.workstream_id  # type: ignore[attr-defined]
        for name, fact in facts
        if name == "WorkstreamCompleted" and fact
    )
    assert completed == {"money": 1, "stock": 1, "checkout": 1}


async def killed(tmp_path: Path, victim: str) -> None:
    """The story: to the point where both workers work, kill under load, go on, land, look at everything."""
    shop = make_shop(tmp_path, gated=True)
    async with LocalInstallation(tmp_path, profiles={"play": shop.profile}) as local, local.client() as podium:
        pod = await open_pod(podium, shop.repository, "Mend the shop", "play")
        approving = asyncio.ensure_future(approve_all(podium, pod.pod_id))
        before = await until(podium, pod.pod_id, lambda pod: len(running_workers(pod)) == 2, "two workers at work")
        posts = Load(posting(podium, pod.pod_id))
        tasks = Load(creating(podium, pod.project_id))
        async with asyncio.TaskGroup() as group:
            for number in range(POSTERS):
                group.create_task(posts.run(number))
            group.create_task(tasks.run(0))
            await (tasks if victim == "maestro" else posts).until_busy()
            assert_under_way(victim, before, posts, tasks)
            pid = local.kill(victim)
            await local.back(victim, pid)
            await asyncio.gather(posts.until_busy(), tasks.until_busy())
            posts.stop()
            tasks.stop()
            shop.open_gate()
            ended = await approving
        await check_landed(podium, ended)
        check_attempts(victim, before, ended)
        await check_acknowledged(podium, ended, posts, tasks)
        assert shop.git("rev-parse", "main") == ended.review.landed_commit
        assert shop.git("status", "--porcelain") == ""
        assert is_green(shop)


def assert_under_way(victim: str, pod: pod_pb2.Pod, posts: Load, tasks: Load) -> None:
    """The victim is in the middle of something when it dies."""
    if victim == "runner":
        for agent in running_workers(pod):
            os.kill(agent.process_id, 0)
    else:
        assert (tasks if victim == "maestro" else posts).under_way


def check_attempts(victim: str, before: pod_pb2.Pod, after: pod_pb2.Pod) -> None:
    """Agents outlive everything but their runner; those of a killed runner are LOST and tried again."""
    workers = {agent.id for agent in running_workers(before)}
    outcomes = {agent.id: word(agent, "status") for agent in after.agents if agent.id in workers}
    assert set(outcomes.values()) == ({"LOST"} if victim == "runner" else {"COMPLETED"})
    attempts = {each.id: len(each.attempts) for each in after.workstreams}
    first = 2 if victim == "runner" else 1
    assert attempts == {"money": first, "stock": first, "checkout": 1}


async def check_acknowledged(podium: Podium, pod: pod_pb2.Pod, posts: Load, tasks: Load) -> None:
    """Every acknowledged command is there, once, under the id that was answered."""
    found = (await podium.pods.GetPod(pod_service_pb2.GetPodRequest(pod_id=pod.pod_id))).pod
    said = Counter((message.content, message.id) for message in found.messages if message.content.startswith("load-"))
    assert set(said.values()) <= {1}
    assert set(posts.acknowledged.items()) <= set(said)
    titles: Counter[tuple[str, str]] = Counter()
    token = ""
    while True:
        request = maestro_service_pb2.ListTasksRequest(project_id=pod.project_id, page_size=500, page_token=token)
        page = await podium.maestro.ListTasks(request)
        titles.update((task.title, task.id) for task in page.tasks)
        token = page.next_page_token
        if not token:
            break
    assert set(tasks.acknowledged.items()) <= set(titles)
    assert set(titles.values()) == {1}


VICTIMS = ["event-store", "pod-manager", "maestro", "runner"]


@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_killed_service_costs_nothing(tmp_path: Path, victim: str) -> None:
    """SIGKILL with work under way: the run lands, each result counts once, no acknowledged command is missing."""
    await killed(tmp_path, victim)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("victim", VICTIMS)
async def test_ten_rounds(tmp_path: Path, victim: str) -> None:
    """The same, ten times over."""
    for number in range(10):
        place = tmp_path / str(number)
        place.mkdir()
        await killed(place, victim)
