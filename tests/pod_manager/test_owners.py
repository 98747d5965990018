"""Several pod-managers on one store: every one of them shows the pods of all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from podium.client.connection import Podium
from podium.kernel.ids import shard_of
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from tests.pod_manager.processes import Processes, processes
from tests.pod_manager.servers import open_request

MANAGER = "podium.pod_manager"
PODS = [f"task_{number:016x}" for number in range(12)]
LIMIT_SECONDS = 60.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Processes]:
    async with processes(tmp_path) as found:
        await found.start("one", MANAGER)
        yield found


async def opened(client: Podium, names: list[str]) -> None:
    for number, name in enumerate(names, 1):
        await client.pods.OpenPod(open_request(name, number=number, project_id="even" if number % 2 == 0 else "odd"))


async def owned(client: Podium) -> set[str]:
    """The pods that a process owns itself."""
    answer = await client.pods.ListPods(pb.ListPodsRequest(owned_only=True))
    return {pod.pod_id for pod in answer.pods if shard_of(pod.pod_id) in answer.shards}


async def shared(one: Podium, two: Podium, names: set[str]) -> tuple[set[str], set[str]]:
    """What each owns, once the shards have been shared out and every pod has its owner."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            first, second = await owned(one), await owned(two)
            if first and second and first | second == names and not first & second:
                return first, second
            await asyncio.sleep(0.05)


async def listed(client: Podium, **fields: object) -> list[str]:
    """All pages; three pods each."""
    found: list[str] = []
    token = ""
    while True:
        request = pb.ListPodsRequest(page_size=3, page_token=token, **fields)  # type: ignore[arg-type]
        page = await client.pods.ListPods(request)
        assert len(page.pods) <= 3
        assert not page.shards
        found += [pod.pod_id for pod in page.pods]
        token = page.next_page_token
        if not token:
            return found


class Board:
    """What a watch of all pods has told."""

    def __init__(self, client: Podium, after: int | None = None) -> None:
        self.pods: dict[str, pod_pb2.PodSummary] = {}
        self.told: list[str] = []
        self.position = after or 0
        self.synced = False
        self._watch = client.watch_pods(after_position=after)

    async def until(self, holds: "Callable[[Board], bool]") -> None:
        """Listen until it is so; positions never go back, nor do pods."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while not holds(self):
                item = await anext(self._watch)
                assert item.position >= self.position
                self.position, self.synced = item.position, self.synced or item.synced
                for pod in item.pods:
                    assert pod.pod_id not in self.pods or self.pods[pod.pod_id].revision < pod.revision
                    self.pods[pod.pod_id] = pod
                    self.told.append(pod.pod_id)

    async def close(self) -> None:
        await self._watch.aclose()


async def test_every_process_lists_the_pods_of_all(house: Processes) -> None:
    """Newest first over all owners, page by page, and filtered, whichever process is asked."""
    one = house.connect("one")
    await opened(one, PODS)
    await house.start("two", MANAGER)
    two = house.connect("two")
    await shared(one, two, set(PODS))
    for client in (one, two):
        assert await listed(client) == PODS[::-1]
        assert await listed(client, project_id="even") == PODS[1::2][::-1]
    named = await two.pods.GetPod(pb.GetPodRequest(pod_id=PODS[0]))
    assert named.pod.pod_id == PODS[0]


async def test_a_watch_goes_on_while_an_owner_is_killed(house: Processes) -> None:
    """Synced over both owners, changed by both; one is killed: nothing is lost, nothing goes back.

    What its heir tells is told after the position that a client would have resumed from.
    """
    one = house.connect("one")
    await opened(one, PODS)
    await house.start("two", MANAGER)
    two = house.connect("two")
    first, second = await shared(one, two, set(PODS))
    board = Board(one)
    await board.until(lambda board: board.synced and len(board.pods) == len(PODS))
    assert sorted(board.told) == sorted(PODS), "each told once"
    for name in (min(first), min(second)):
        revision = (await one.pods.PostMessage(word(name, "Hello."))).revision
        await board.until(lambda board, name=name, revision=revision: board.pods[name].revision >= revision)  # type: ignore[misc]
    before = board.position
    await house.kill("two")
    revisions = {}
    for name in sorted(second):
        revisions[name] = (await patiently(one, word(name, "After the end."))).revision
    await board.until(lambda board: all(board.pods[name].revision >= revisions[name] for name in second))
    assert await listed(one) == PODS[::-1]
    await board.close()
    resumed = Board(one, before)
    await resumed.until(lambda board: second <= board.pods.keys())
    assert {name: pod.revision for name, pod in resumed.pods.items() if name in second} == revisions
    await resumed.close()


async def test_a_listing_is_whole_or_refused(house: Processes) -> None:
    """While a dead owner's shards have no new one the listing waits for them, rather than leaving their pods out."""
    one = house.connect("one")
    await opened(one, PODS)
    await house.start("two", MANAGER)
    await shared(one, house.connect("two"), set(PODS))
    await house.kill("two")
    for _ in range(3):
        assert await listed(one) == PODS[::-1]


def word(name: str, text: str) -> pb.PostMessageRequest:
    """An update."""
    return pb.PostMessageRequest(
        pod_id=name, request_id=f"{name} {text}", kind=pod_pb2.MESSAGE_KIND_UPDATE, content=text
    )


async def patiently(client: Podium, request: pb.PostMessageRequest) -> pb.PostMessageResponse:
    """Until the pod has an owner again."""
    return await client.pods.PostMessage(request, timeout=LIMIT_SECONDS)
