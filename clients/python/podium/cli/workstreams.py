"""`[TASK] WORKSTREAM` as arguments."""

from typing import TYPE_CHECKING

import click

from podium.cli import actions
from podium.cli.resolve import find_workstream, resolve_pod

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2


async def pod_and_workstream(podium: "Podium", names: tuple[str, ...]) -> "tuple[pod_pb2.Pod, pod_pb2.Workstream]":
    """The pod and its workstream; one word alone is the workstream of the pod that is meant by nothing."""
    if len(names) > 2:
        raise click.UsageError("expected [TASK] WORKSTREAM")
    task = names[0] if len(names) == 2 else None
    pod = await actions.get_pod(podium, await resolve_pod(podium, task))
    return pod, find_workstream(pod, names[-1])
