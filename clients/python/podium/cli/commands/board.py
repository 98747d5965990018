"""`podium board`."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, cast

import click

from podium.cli import repository
from podium.cli.common import Cli, command
from podium.cli.notify import Notifier
from podium.cli.output import interactive
from podium.cli.resolve import finished, list_pods
from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from rich.live import Live

    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2, pod_service_pb2


@click.command()
@click.option("--all", "everything", is_flag=True, help="All projects, not only this directory's.")
@click.option("--finished", "with_finished", is_flag=True, help="Also those that have ended.")
@click.option("--once", is_flag=True, help="Only how it stands now.")
@click.option("--notify-command", metavar="COMMAND", help="Run it when a pod begins to need a person.")
@command
async def board(cli: Cli, everything: bool, with_finished: bool, once: bool, notify_command: str | None) -> None:
    """Show all pods, live; those that need you first. Ctrl-C leaves.

    In a pipe each change is a line (with `--output json`, an object). COMMAND finds PODIUM_POD_ID, PODIUM_NUMBER,
    PODIUM_TITLE and PODIUM_NEED in its environment.
    """
    from pathlib import Path

    here = None if everything else repository.find(Path())
    project = here.project_id if here else ""
    async with cli.connect() as podium, AsyncExitStack() as stack:
        if once:
            _show(cli, await list_pods(podium, project, unfinished_only=not with_finished))
            return
        notifier = await stack.enter_async_context(Notifier(notify_command)) if notify_command else None
        live = stack.enter_context(_live(cli)) if interactive() and not cli.out.as_json else None
        await _follow(cli, podium, project, with_finished, notifier, live)


def _show(cli: Cli, pods: "list[pod_pb2.PodSummary]") -> None:
    from podium.cli.views import attention

    ordered = _ordered(pods)
    cli.out.show([plain(pod) for pod in ordered], lambda: attention.board_table(ordered, time.time()))


def _ordered(pods: "list[pod_pb2.PodSummary]") -> "list[pod_pb2.PodSummary]":
    return sorted(pods, key=lambda pod: (not pod.attention, pod.created_time.ToNanoseconds(), pod.pod_id))


def _live(cli: Cli) -> "Live":
    from rich.live import Live

    return Live(console=cli.out.console, refresh_per_second=4, screen=True)


async def _follow(
    cli: Cli, podium: "Podium", project: str, with_finished: bool, notifier: Notifier | None, live: "Live | None"
) -> None:
    from podium.cli.views import attention

    pods: dict[str, pod_pb2.PodSummary] = {}
    async for part in _parts(podium, project):
        for pod in part.pods:
            pods[pod.pod_id] = pod
            if finished(pod) and not with_finished:
                del pods[pod.pod_id]
            elif live is None:
                cli.out.item(plain(pod), line(pod))
            if notifier is not None:
                notifier.look(pod.pod_id, pod.number, pod.title, needs(pod))
        if live is not None:
            live.update(attention.board_table(_ordered(list(pods.values())), time.time()))


def needs(pod: "pod_pb2.PodSummary") -> list[tuple[str, str]]:
    """(key, words) of what a person must do; none where its inbox is empty."""
    if not pod.attention or finished(pod):
        return []
    return [(f"{each.kind}:{each.subject}", each.text) for each in pod.waiting_on] or [("inbox", "it needs you")]


def line(pod: "pod_pb2.PodSummary") -> str:
    """A pod in a line."""
    from podium.cli.views.plain import word
    from podium.cli.views.words import lower

    waits = "; ".join(each.text for each in pod.waiting_on)
    return f"#{pod.number}  {lower(word(pod, 'phase'))}  {pod.title}" + (f"  ({waits})" if waits else "")


async def _parts(podium: "Podium", project: str) -> "AsyncIterator[pod_service_pb2.WatchPodsResponse]":
    from podium.client import watch
    from podium.pods.v1 import pod_service_pb2 as calls

    def open_call(after: int | None) -> "AsyncIterator[pod_service_pb2.WatchPodsResponse]":
        request = calls.WatchPodsRequest(project_id=project, after_position=after)
        return cast("AsyncIterator[pod_service_pb2.WatchPodsResponse]", podium.pods.WatchPods(request))

    async for part in watch.resuming(open_call, lambda part: part.position or None):
        yield part
