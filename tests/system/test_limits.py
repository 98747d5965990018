"""How many agents run at once, over all pods of an installation: who comes first, and changing it live."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from podium.cli import opening, repository
from podium.cli.resolve import list_pods
from podium.cli.views.plain import word
from podium.client import Podium
from podium.pods.v1 import pod_pb2, pod_service_pb2
from tests.support.installation import LIMIT_SECONDS, LocalInstallation
from tests.support.person import Person
from tests.support.shop import Shop, make_shop

pytestmark = pytest.mark.timeout(240)

SCENARIO = """
[[script]]
kind = "worker"
steps = [
  {{ wait_for = "{gate}" }},
  {{ write = {{ path = "NOTES.md", content = "Done." }} }},
  {{ commit = "Write it down" }},
  {{ complete = "Done." }},
]
"""


async def open_pod(podium: Podium, shop: Shop, text: str, priority: str) -> str:
    """A QUICK pod: one worker."""
    project = repository.locate(str(shop.repository))
    await opening.ensure_project(podium, project)
    task = await opening.create_task(podium, project.project_id, text)
    policy = pod_pb2.Policy(priority=pod_pb2.Priority.Value(f"PRIORITY_{priority}"))
    order = opening.Order(text=text, profile="waits", quick=True, extra_policy=policy)
    return (await opening.open_pod(podium, project, task, order)).pod_id


async def statuses(podium: Podium, names: Mapping[str, str]) -> dict[str, list[str]]:
    """Of each pod's agents."""
    found = {}
    for name, pod_id in names.items():
        pod = (await podium.pods.GetPod(pod_service_pb2.GetPodRequest(pod_id=pod_id))).pod
        found[name] = [word(agent, "status") for agent in sorted(pod.agents, key=lambda agent: agent.id)]
    return found


async def until(
    podium: Podium, names: Mapping[str, str], holds: Callable[[dict[str, list[str]]], bool]
) -> dict[str, list[str]]:
    """Their agents' statuses, once they are so."""
    found: dict[str, list[str]] = {}
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not holds(found := await statuses(podium, names)):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never came; it is {found}") from None
    return found


def running(found: dict[str, list[str]]) -> set[str]:
    return {name for name, agents in found.items() if agents == ["RUNNING"]}


async def test_pods_compete_and_the_limit_is_changed_live(tmp_path: Path) -> None:
    """One place: the first pod has it. More places by the command: by priority, then by age. Lowered: nobody is ended.

    A file that is wrong meanwhile changes nothing. Every agent ends well; none was ever started twice.
    """
    shop = make_shop(tmp_path)
    shop.scenario.write_text(SCENARIO.format(gate=shop.gate))
    async with LocalInstallation(tmp_path, runner={"capacity": 1}, profiles={"waits": shop.profile}) as house:
        person = Person(house.installation.data_dir, shop)
        async with house.client() as podium:
            pods = {"first": await open_pod(podium, shop, "first", "NORMAL")}
            await until(podium, pods, lambda found: running(found) == {"first"})
            for name, priority in (("low", "LOW"), ("older", "NORMAL"), ("younger", "NORMAL"), ("high", "HIGH")):
                pods[name] = await open_pod(podium, shop, name, priority)
            shown = await asyncio.to_thread(person.json, "limits")
            assert (shown["agents"], shown["running"], shown["waiting"]) == (1, 1, 4)

            for places, expected in ((2, {"first", "high"}), (4, {"first", "high", "older", "younger"})):
                shown = await asyncio.to_thread(person.json, "limits", str(places))
                assert shown["agents"] == places
                found = await until(podium, pods, lambda found, places=places: len(running(found)) == places)  # type: ignore[misc]
                assert running(found) == expected

            shown = await asyncio.to_thread(person.json, "limits", "1")
            assert (shown["agents"], shown["running"], shown["waiting"]) == (1, 4, 1)
            text = house.installation.config_file.read_text()
            house.installation.config_file.write_text(text.replace("capacity = 1", 'capacity = "many"'))
            assert running(await statuses(podium, pods)) == {"first", "high", "older", "younger"}

            shop.open_gate()
            found = await until(podium, pods, lambda found: found["low"] == ["COMPLETED"])
            assert found == {name: ["COMPLETED"] for name in pods}
            waits = {word(each, "kind") for pod in await list_pods(podium) for each in pod.waiting_on}
            assert waits <= {"APPROVAL", "RUNNER"}
