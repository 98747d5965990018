"""Which agent a task gets: the flag, the repository's setting, the only one that is installed; never a guess.

What is installed, the runners say: their leases carry the names of their profiles.
"""

import asyncio
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from podium.cli import exits
from podium.cli.exits import CliError

if TYPE_CHECKING:
    from podium.client.connection import Podium

SCRIPTED = "scripted"
_LOOKS, _LOOK_SECONDS = 30, 0.1
"""How long a runner is waited for, where there is none."""


def scripted(config_file: Path) -> set[str]:
    """The profiles that play a scenario, by podium.toml: nobody's default."""
    try:
        profiles = tomllib.loads(config_file.read_text(encoding="utf-8")).get("profiles", {})
    except (OSError, ValueError):  # the runner says what is wrong with it
        return {SCRIPTED}
    return {name for name, each in profiles.items() if isinstance(each, dict) and each.get("kind") == SCRIPTED}


async def offered(podium: "Podium") -> list[str]:
    """The profiles that the living runners offer. Right after the start the first of them may yet have to come."""
    from podium.events.v1 import event_service_pb2

    for _ in range(_LOOKS):
        leases = (await podium.event_store.ListLeases(event_service_pb2.ListLeasesRequest())).leases
        runners = [lease for lease in leases if lease.metadata.get("service") == "runner"]
        if runners:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    names = {name for lease in runners for name in lease.metadata.get("profiles", "").split(",") if name}
    return sorted(names)


def choose(flag: str | None, setting: str, installed: Iterable[str], scripted: Collection[str] = ()) -> str:
    """The profile; raises `CliError` where there is none, more than one, or one that nobody offers.

    Scripted agents are for the demo and tests: one is taken only where a flag or setting names it.
    """
    names = sorted(installed)
    real = [name for name in names if name not in scripted]
    wanted = flag or setting
    if wanted:
        if wanted not in names:
            origin = "--agent" if flag else "`agent` in .podium.toml"
            raise CliError(
                f"no runner offers the agent {wanted!r} ({origin})", _offered(names, scripted), exits.NOT_FOUND
            )
        return wanted
    if len(real) == 1:
        return real[0]
    if not real:
        hint = (
            "install a coding agent (claude, codex, opencode, gemini, qwen) and `podium down; podium up`, or describe "
            "your own under [profiles.NAME] in podium.toml; `podium demo` needs none"
        )
        raise CliError("no agent is installed here", hint, exits.NOT_FOUND)
    raise CliError("more than one agent is installed: say which", _list(real), exits.USAGE)


def _list(names: list[str]) -> str:
    return f'there are: {", ".join(names)} (--agent NAME, or `agent = "NAME"` in .podium.toml)'


def _offered(names: list[str], scripted: Collection[str]) -> str:
    """What can be taken instead, scripted ones named as such; and how a new profile comes to be offered."""
    marked = [f"{name} (scripted)" if name in scripted else name for name in names]
    there = _list(marked) if marked else "none is offered; see `podium doctor`"
    return f"{there}; a new one is offered after `podium down; podium up`"
