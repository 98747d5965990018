"""`podium request-changes`."""

from typing import TYPE_CHECKING

import click

from podium.cli import actions, anchors, exits
from podium.cli.common import Cli, command
from podium.cli.exits import CliError
from podium.cli.resolve import find_workstream, resolve_pod

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2, pod_service_pb2


@click.command("request-changes")
@click.argument("task", required=False)
@click.option(
    "-c", "--comment", "comments", multiple=True, metavar="FILE:LINE[-LINE]:TEXT", help="On a place of the new version."
)
@click.option("-m", "--message", "words", default="", help="On the work as a whole.")
@click.option("-w", "--workstream", help="Whose work it is; default: the last that changed the file, with -m all.")
@command
async def request_changes(
    cli: Cli, task: str | None, comments: tuple[str, ...], words: str, workstream: str | None
) -> None:
    """Send reviewed work back: its workstreams try again, and your comments head what their agents are told."""
    parsed = [anchors.parse(each) for each in comments]
    if not parsed and not words.strip():
        raise CliError("say what to change", "--comment FILE:LINE:TEXT as often as you like, or -m TEXT", exits.USAGE)
    async with cli.connect() as podium:
        pod = await actions.get_pod(podium, await resolve_pod(podium, task))
        changes = await _changes(podium, pod, parsed, words, workstream)
        from podium.pods.v1 import pod_service_pb2 as calls

        await podium.pods.RequestChanges(calls.RequestChangesRequest(pod_id=pod.pod_id, changes=changes))
    names = list(dict.fromkeys(each.workstream_id for each in changes))
    data = {"pod_id": pod.pod_id, "workstreams": names, "comments": len(parsed)}
    cli.out.show(data, lambda: f"sent back: {', '.join(names)}")


async def _changes(
    podium: "Podium", pod: "pod_pb2.Pod", comments: list[anchors.Comment], words: str, workstream: str | None
) -> "list[pod_service_pb2.ChangeRequest]":
    from podium.pods.v1 import pod_service_pb2 as calls

    order = [each.id for each in sorted(pod.workstreams, key=lambda each: each.position)]
    named = [find_workstream(pod, workstream).id] if workstream else []
    changed = {name: await _lines(podium, pod, name) for name in ["", *(named or order)]} if comments else {}
    whole = changed.pop("", {})
    made = []
    for each in comments:
        owner = named[0] if named else anchors.owner_of(each.file, changed, order)
        # Of a diff that is longer than what is kept, the file may stand in its workstream's own.
        lines = whole if each.file in whole else changed[owner]
        made.append(calls.ChangeRequest(workstream_id=owner, comment=each.text, anchor=each.anchor(lines)))
    if words.strip():
        targets = named or list(dict.fromkeys(each.workstream_id for each in made)) or order
        made += [calls.ChangeRequest(workstream_id=name, comment=words) for name in targets]
    return made


async def _lines(podium: "Podium", pod: "pod_pb2.Pod", workstream_id: str) -> anchors.Lines:
    """What a workstream's diff shows (of the whole: empty id); nothing where none is kept."""
    from podium.cli.diffs import fetch
    from podium.client.errors import NotFoundError

    try:
        return anchors.lines_of((await fetch(podium, pod.pod_id, workstream_id)).text)
    except NotFoundError:
        return {}
