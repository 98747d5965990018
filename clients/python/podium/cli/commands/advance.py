"""`podium advance`."""

import click

from podium.cli import actions, exits
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.resolve import resolve_pod
from podium.cli.views.plain import word
from podium.cli.views.words import lower

_NAMES = {
    "spec": "SPEC_CLARIFICATION",
    "plan": "PLANNING",
    "work": "WORKSTREAM_EXECUTION",
    "review": "REVIEW",
    "completed": "COMPLETED",
}
_ORDER = list(_NAMES.values())


@click.command()
@click.argument("task", required=False)
@click.option("--to", "target", type=click.Choice(list(_NAMES)), help="Which phase; default: the next.")
@click.option("--reason", default="", help="Kept with the change.")
@command
async def advance(cli: Cli, task: str | None, target: str | None, reason: str) -> None:
    """Move a pod to its next phase (or, with --to, back one) when the guard holds."""
    from podium.pods.v1 import pod_pb2, pod_service_pb2

    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task))
        wanted = _NAMES[target] if target else _next(word(pod, "phase"))
        request = pod_service_pb2.TransitionPhaseRequest(
            pod_id=pod.pod_id, to=pod_pb2.Phase.Value(f"PHASE_{wanted}"), reason=reason
        )
        await podium.pods.TransitionPhase(request)
    cli.out.show({"pod_id": pod.pod_id, "phase": wanted}, lambda: f"phase: {lower(wanted)}")


def _next(phase: str) -> str:
    if phase not in _ORDER[:-1]:
        raise CliError(f"it is {lower(phase)}: there is no next phase", code=exits.REFUSED)
    return _ORDER[_ORDER.index(phase) + 1]
