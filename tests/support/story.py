"""Opening pods and waiting for what they come to, as a client sees it."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from podium.cli import actions, opening, repository
from podium.cli.follow import pod_items
from podium.cli.mirror import PodMirror
from podium.cli.views.decisions import Decision, decisions
from podium.cli.views.plain import word
from podium.client import Podium
from podium.pods.v1 import pod_pb2

LIMIT_SECONDS = 90.0


async def open_pod(podium: Podium, place: Path, text: str, profile: str, *, quick: bool = False) -> pod_pb2.Pod:
    """Project, task and pod, as `podium run` makes them; retries come soon, so that faults cost little."""
    project = repository.locate(str(place))
    await opening.ensure_project(podium, project)
    task = await opening.create_task(podium, project.project_id, text)
    policy = pod_pb2.Policy()
    policy.retry_backoff.FromMilliseconds(200)
    order = opening.Order(text=text, profile=profile, quick=quick, extra_policy=policy)
    return await opening.open_pod(podium, project, task, order)


async def until(podium: Podium, pod_id: str, holds: Callable[[pod_pb2.Pod], bool], what: str) -> pod_pb2.Pod:
    """The pod once it is so, seen through its watch. Fails with the pod as it was last seen."""
    mirror = PodMirror()
    items = pod_items(podium, pod_id)
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            async for item in items:
                mirror.apply(item)
                if mirror.pod is not None and holds(mirror.pod):
                    return mirror.pod
    except TimeoutError:
        raise AssertionError(f"{what} never came; the pod: {mirror.pod}") from None
    raise AssertionError("the watch ended")


async def approve_all(podium: Podium, pod_id: str) -> pod_pb2.Pod:
    """Approves whatever comes up for approval until the pod has ended; the pod then."""
    while True:
        pod = await until(podium, pod_id, lambda pod: finished(pod) or bool(approvals(pod)), "an approval or the end")
        if finished(pod):
            return pod
        decision = approvals(pod)[0]
        await actions.approve(podium, pod_id, decision)
        await until(podium, pod_id, partial(is_settled, decision), "the approval")


def is_settled(decision: Decision, pod: pod_pb2.Pod) -> bool:
    return decision.key not in {each.key for each in decisions(pod)}


def approvals(pod: pod_pb2.Pod) -> list[Decision]:
    return [each for each in decisions(pod) if each.kind in {"spec", "plan", "review"}]


def finished(pod: pod_pb2.Pod) -> bool:
    return word(pod, "phase") in {"COMPLETED", "CANCELLED"}


def running_workers(pod: pod_pb2.Pod) -> list[pod_pb2.Agent]:
    """Workers whose process works."""
    return [agent for agent in pod.agents if word(agent, "kind") == "WORKER" and word(agent, "status") == "RUNNING"]
