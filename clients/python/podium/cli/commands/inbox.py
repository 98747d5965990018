"""`podium inbox`."""

import time
from typing import TYPE_CHECKING

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.resolve import list_pods, resolve_pod
from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2

_PODS = 200


@click.command()
@click.argument("task", required=False)
@click.option("--mark-read", is_flag=True, help="Mark what is shown as read; it goes when it is settled.")
@command
async def inbox(cli: Cli, task: str | None, mark_read: bool) -> None:
    """Show what needs a person, in all pods or in one; the oldest first."""
    async with cli.connect() as podium:
        pods = await _pods(podium, task)
        if mark_read:
            await _mark(podium, pods)
    found = sorted(
        ((pod, item) for pod in pods for item in pod.inbox), key=lambda pair: pair[1].created_time.ToNanoseconds()
    )
    data = [{"pod_id": pod.pod_id, "number": pod.number, "title": pod.title, **plain(item)} for pod, item in found]

    def render() -> "RenderableType":
        from podium.cli.views import attention

        return attention.inbox_table(found, time.time()) if found else "nothing needs you"

    cli.out.show(data, render)


async def _pods(podium: "Podium", task: str | None) -> "list[pod_pb2.Pod]":
    if task is not None:
        return [await actions.get_pod(podium, await resolve_pod(podium, task))]
    waiting = [pod.pod_id for pod in await list_pods(podium, unfinished_only=True) if pod.attention]
    return [await actions.get_pod(podium, pod_id) for pod_id in waiting[:_PODS]]


async def _mark(podium: "Podium", pods: "list[pod_pb2.Pod]") -> None:
    from podium.pods.v1 import pod_service_pb2 as calls

    for pod in pods:
        unread = [item.id for item in pod.inbox if not item.read]
        if unread:
            await podium.pods.MarkInboxRead(calls.MarkInboxReadRequest(pod_id=pod.pod_id, item_ids=unread))
