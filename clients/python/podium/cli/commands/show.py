"""`podium show`."""

import time
from typing import TYPE_CHECKING

import click

from podium.cli import actions
from podium.cli.common import Cli, command
from podium.cli.resolve import resolve_pod
from podium.cli.views import documents, plan_text
from podium.cli.views.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from podium.pods.v1 import pod_pb2

_PARTS = ("spec", "plan", "review", "request")
_TEXTS: "dict[str, Callable[[pod_pb2.Pod], str]]" = {
    "spec": documents.spec,
    "plan": lambda pod: documents.plan(pod.plan),
    "review": documents.review,
    "request": lambda pod: documents.request(pod.external_sync),
}


@click.command()
@click.argument("what", nargs=-1, metavar="[spec|plan|review|request] [TASK]")
@click.option("--raw", is_flag=True, help="The document as it is: markdown, or the plan's TOML.")
@click.option("--explain", is_flag=True, help="Why nothing is happening, or what is.")
@click.option("--at", "revision", type=click.IntRange(min=0), default=0, metavar="REV", help="As it was after REV.")
@command
async def show(cli: Cli, what: tuple[str, ...], raw: bool, explain: bool, revision: int) -> None:
    """Show a pod: phase, workstreams, agents, questions, what it waits for; or one of its documents."""
    part, task = split(what, _PARTS)
    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task), revision)
    if explain:
        from podium.cli.views.attention import explanation

        names = ("pod_id", "revision", "phase", "waiting_on", "scheduler", "jobs")
        cli.out.show({name: plain(pod)[name] for name in names}, lambda: explanation(pod, time.time()))
        return
    if part is None:
        from podium.cli.views.pod import whole

        cli.out.show(plain(pod), lambda: whole(pod, time.time()))
        return
    if raw and not cli.out.as_json:
        click.echo(_raw(pod, part), nl=False)  # untouched: no wrapping, no markup
        return
    cli.out.show(plain(pod.external_sync if part == "request" else getattr(pod, part)), lambda: _document(pod, part))


def split(words: tuple[str, ...], parts: tuple[str, ...]) -> tuple[str | None, str | None]:
    """(`spec`, `3`) from `spec 3`, `3 spec`, `spec`, `3` or nothing. Raises click's usage error."""
    part = next((word for word in words if word in parts), None)
    rest = [word for word in words if word != part]
    if len(rest) > 1:
        raise click.UsageError(f"one task at a time, not {' and '.join(rest)}")
    return part, rest[0] if rest else None


def _raw(pod: "pod_pb2.Pod", part: str) -> str:
    return plan_text.to_text(pod.plan) if part == "plan" else _TEXTS[part](pod)


def _document(pod: "pod_pb2.Pod", part: str) -> "RenderableType":
    from rich.markdown import Markdown

    return Markdown(_TEXTS[part](pod))
