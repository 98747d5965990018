"""Pods for a test, and the agents that live in them until it is over."""

import asyncio
from typing import TYPE_CHECKING, Any

from podium.pods.v1.pod_pb2 import AGENT_STATUS_RUNNING, Policy, ProfileChoice
from podium.pods.v1.pod_service_pb2 import CancelPodRequest, GetPodRequest, OpenPodRequest
from podium.tasks.v1.maestro_service_pb2 import CreateTaskRequest

if TYPE_CHECKING:
    from tests.browser.conftest import House, Landed


async def open_pod(house: "House", project_id: str, title: str, **opening: Any) -> str:
    """A task and its pod on the sample repository, asked for by its title unless `opening` says otherwise; its id."""
    async with house.local.client() as podium:
        task = (await podium.maestro.CreateTask(CreateTaskRequest(project_id=project_id, title=title))).task
        given = {"request": title, "repository": str(house.shop.repository)} | opening
        await podium.pods.OpenPod(
            OpenPodRequest(pod_id=task.id, project_id=project_id, number=task.number, title=title, **given)
        )
        return task.id


def of(profile: str, **rules: Any) -> Policy:
    """The rules under which this profile does all the work."""
    return Policy(profiles=[ProfileChoice(profile=profile)], **rules)


async def live_agent(house: "House", landed: "Landed", profile: str) -> tuple[str, str]:
    """A pod with an agent at work: the ids of the pod and of the agent's session."""
    request = "Go on until you are interrupted"
    pod_id = await open_pod(
        house, landed.project_id, f"Of the {profile}", request=request, quick=True, policy=of(profile)
    )
    async with house.local.client() as podium:
        async with asyncio.timeout(60):
            while True:
                pod = (await podium.pods.GetPod(GetPodRequest(pod_id=pod_id))).pod
                found = [agent.id for agent in pod.agents if agent.status == AGENT_STATUS_RUNNING]
                if found:
                    return pod_id, found[0]
                await asyncio.sleep(0.05)


async def cancel(house: "House", pod_id: str) -> None:
    """End the pod, and its agents."""
    async with house.local.client() as podium:
        await podium.pods.CancelPod(CancelPodRequest(pod_id=pod_id, reason="the test is over"))
