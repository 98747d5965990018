"""Following as a command does it: the screen and asker that fit, and the exit code of how it ended."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.common import Cli
from podium.cli.follow import Ending, Follower
from podium.cli.notify import Notifier
from podium.cli.output import interactive
from podium.cli.screens import Notifying, screen_for
from podium.cli.views.decisions import decisions
from podium.cli.views.plain import word
from podium.cli.views.words import short

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2


async def follow(
    cli: Cli,
    podium: "Podium",
    pod_id: str,
    *,
    ask: bool,
    patient: bool = False,
    past: int = 1000,
    notify_command: str | None = None,
) -> int:
    """Follows a pod and says how it ended; the exit code."""
    at_terminal = interactive() and not cli.out.as_json
    asker = None
    if ask and at_terminal:
        from podium.cli.asking import Asker
        from podium.cli.terminal import Lines

        asker = Asker(podium, cli.out.console, Lines())
    screen = screen_for(cli.out, terminal=at_terminal)
    async with AsyncExitStack() as stack:
        if notify_command:
            screen = Notifying(screen, await stack.enter_async_context(Notifier(notify_command)))
        ending, pod = await Follower(podium, pod_id, screen, asker, patient=patient, past=past).run()
    return _last_word(cli, pod_id, ending, pod)


def _last_word(cli: Cli, pod_id: str, ending: Ending, pod: "pod_pb2.Pod | None") -> int:
    name = str(pod.number) if pod is not None and pod.number else pod_id
    if ending is Ending.DETACHED or pod is None:
        cli.out.say("\nIt goes on without you. Return with [bold]podium watch {name}[/]", name=name)
        return exits.OK
    if ending is Ending.WAITING:
        for decision in decisions(pod):
            cli.out.say("waits for you: {what}", what=decision.title)
        ways = "[bold]podium watch {name}[/] at a terminal, or [bold]podium approve|answer {name}[/]"
        cli.out.say(f"Decide with {ways}", name=name)
        return exits.WAITING
    if word(pod, "phase") == "CANCELLED":
        cli.out.say("cancelled{why}", why=": " + pod.closing_reason if pod.closing_reason else "")
        return exits.NOT_LANDED
    if pod.review.landed_commit:
        where = f"{short(pod.review.landed_commit)} on {pod.repository.base_branch}"
        cli.out.say("[green]landed[/] as {where} in {place}", where=where, place=pod.repository.location)
    else:
        cli.out.say("completed{why}", why=": " + pod.closing_reason if pod.closing_reason else "")
    return exits.OK
