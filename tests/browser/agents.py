"""Pods whose agents live until the test is over."""

import asyncio
from typing import TYPE_CHECKING

from podium.pods.v1.pod_pb2 import AGENT_STATUS_RUNNING, Policy, ProfileChoice
from podium.pods.v1.pod_service_pb2 import CancelPodRequest, GetPodRequest, OpenPodRequest
from podium.tasks.v1 import maestro_service_pb2 as calls

if TYPE_CHECKING:
    from tests.browser.conftest import House, Landed


async def live_agent(house: "House", landed: "Landed", profile: str) -> tuple[str, str]:
    """A pod with an agent at work: the ids of the pod and of the agent's session."""
    title = f"Of the {profile}"
    async with house.local.client() as podium:
        made = await podium.maestro.CreateTask(calls.CreateTaskRequest(project_id=landed.project_id, title=title))
        policy = Policy(profiles=[ProfileChoice(profile=profile)])
        repository = str(house.shop.repository)
        await podium.pods.OpenPod(
            OpenPodRequest(
                pod_id=made.task.id,
                project_id=landed.project_id,
                number=made.task.number,
                title=title,
                request="Go on until you are interrupted",
                repository=repository,
                quick=True,
                policy=policy,
            )
        )
        async with asyncio.timeout(60):
            while True:
                pod = (await podium.pods.GetPod(GetPodRequest(pod_id=made.task.id))).pod
                found = [agent.id for agent in pod.agents if agent.status == AGENT_STATUS_RUNNING]
                if found:
                    return made.task.id, found[0]
                await asyncio.sleep(0.05)


async def cancel(house: "House", pod_id: str) -> None:
    """End the pod, and its agents."""
    async with house.local.client() as podium:
        await podium.pods.CancelPod(CancelPodRequest(pod_id=pod_id, reason="the test is over"))
