"""Which decision of a pod a command is about."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.exits import CliError
from podium.cli.views.decisions import Decision, decisions

if TYPE_CHECKING:
    from podium.pods.v1 import pod_pb2


def the_decision(pod: "pod_pb2.Pod", kinds: Collection[str], subject: str | None = None) -> Decision:
    """The one that waits, of these kinds (and about this subject); raises `CliError` for none or several."""
    found = [each for each in decisions(pod) if each.kind in kinds and subject in {None, each.subject}]
    if len(found) == 1:
        return found[0]
    wanted = " or ".join(sorted(kinds))
    if not found:
        reasons = "; ".join(waiting.text for waiting in pod.waiting_on)
        raise CliError(
            f"no {wanted} waits for you", f"it waits: {reasons}" if reasons else "see `podium show`", exits.REFUSED
        )
    listed = "".join(f"\n  {each.subject}  {each.title}" for each in found)
    raise CliError(f"{len(found)} wait: say which{listed}", "add its id", exits.USAGE)
