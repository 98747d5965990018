"""Which agent a task gets: the flag, the repository's setting, the only one that is installed; never a guess.

What is installed, the runners say: their leases carry the names of their profiles.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.exits import CliError

if TYPE_CHECKING:
    from podium.client.connection import Podium

SCRIPTED = "scripted"


async def offered(podium: "Podium") -> list[str]:
    """The profiles that the living runners offer."""
    from podium.events.v1 import event_service_pb2

    leases = (await podium.event_store.ListLeases(event_service_pb2.ListLeasesRequest())).leases
    names: set[str] = set()
    for lease in leases:
        if lease.metadata.get("service") == "runner":
            names.update(name for name in lease.metadata.get("profiles", "").split(",") if name)
    return sorted(names)


def choose(flag: str | None, setting: str, installed: Iterable[str]) -> str:
    """The profile; raises `CliError` where there is none, more than one, or one that nobody offers.

    The scripted agent is for the demo and tests: it is taken only where a flag or setting names it.
    """
    names = sorted(installed)
    wanted = flag or setting
    if wanted:
        if wanted not in names:
            origin = "--agent" if flag else "`agent` in .podium.toml"
            raise CliError(f"no runner offers the agent {wanted!r} ({origin})", _list(names), exits.NOT_FOUND)
        return wanted
    usable = [name for name in names if name != SCRIPTED]
    if len(usable) == 1:
        return usable[0]
    if not usable:
        hint = (
            "install a coding agent (claude, codex, opencode, gemini, qwen) and `podium down; podium up`, or describe "
            "your own under [profiles.NAME] in podium.toml; `podium demo` needs none"
        )
        raise CliError("no agent is installed here", hint, exits.NOT_FOUND)
    raise CliError("more than one agent is installed: say which", _list(usable), exits.USAGE)


def _list(names: list[str]) -> str:
    usable = [name for name in names if name != SCRIPTED]
    if not usable:
        return "no agent is offered; see `podium doctor`"
    return f'there are: {", ".join(usable)} (--agent NAME, or `agent = "NAME"` in .podium.toml)'
