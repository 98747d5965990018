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
    from rich.console import RenderableType

    from podium.pods.v1 import pod_pb2

_PARTS = ("spec", "plan", "review")


@click.command()
@click.argument("what", nargs=-1, metavar="[spec|plan|review] [TASK]")
@click.option("--raw", is_flag=True, help="The document as it is: markdown, or the plan's TOML.")
@command
async def show(cli: Cli, what: tuple[str, ...], raw: bool) -> None:
    """Show a pod: phase, workstreams, agents, questions, what it waits for; or one of its documents."""
    part, task = split(what, _PARTS)
    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task))
    if part is None:
        from podium.cli.views.pod import whole

        cli.out.show(plain(pod), lambda: whole(pod, time.time()))
        return
    cli.out.show(plain(getattr(pod, part)), lambda: _document(pod, part, raw))


def split(words: tuple[str, ...], parts: tuple[str, ...]) -> tuple[str | None, str | None]:
    """(`spec`, `3`) from `spec 3`, `3 spec`, `spec`, `3` or nothing. Raises click's usage error."""
    part = next((word for word in words if word in parts), None)
    rest = [word for word in words if word != part]
    if len(rest) > 1:
        raise click.UsageError(f"one task at a time, not {' and '.join(rest)}")
    return part, rest[0] if rest else None


def _document(pod: "pod_pb2.Pod", part: str, raw: bool) -> "RenderableType":
    from rich.markdown import Markdown
    from rich.text import Text

    texts = {"spec": documents.spec, "plan": lambda pod: documents.plan(pod.plan), "review": documents.review}
    if raw:
        return Text(plan_text.to_text(pod.plan) if part == "plan" else texts[part](pod))
    return Markdown(texts[part](pod))
