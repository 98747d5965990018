"""From a profile to a process: the words of its command, and what it sees."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podium.runner.environment import allowed, secrets_in, secrets_of
from podium.runner.processes.supervised import Command
from podium.runner.sandbox.plan import sandbox_for
from podium.runner.settings import Profile


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an agent's process finds."""

    agent_id: str
    pod_id: str
    kind: str
    workstream_id: str
    attempt: int
    address: str
    token: str
    worktree: Path
    folder: Path
    port_base: int
    identity: Mapping[str, str]
    commands: Path
    """The folder that holds `podium`."""
    ports: Sequence[int] = ()
    """Loopback ports of the runner that it needs: Podium's tools."""

    @property
    def instructions(self) -> Path:
        return self.folder / "instructions.md"

    @property
    def output(self) -> Path:
        return self.folder / "output.md"


def environment(profile: Profile, around: Surroundings) -> dict[str, str]:
    """The whole environment of an agent's process."""
    base = allowed(os.environ, profile.env)
    given = {
        "PODIUM_AGENT_ADDRESS": around.address,
        "PODIUM_AGENT_TOKEN": around.token,
        "PODIUM_AGENT_ID": around.agent_id,
        "PODIUM_POD_ID": around.pod_id,
        "PODIUM_KIND": around.kind,
        "PODIUM_WORKSTREAM_ID": around.workstream_id,
        "PODIUM_ATTEMPT": str(around.attempt),
        "PODIUM_INSTRUCTIONS": str(around.instructions),
        "PODIUM_OUTPUT": str(around.output),
        "PODIUM_PORT_BASE": str(around.port_base),
    }
    path = f"{around.commands}{os.pathsep}{base.get('PATH', os.defpath)}"
    terminal = {"TERM": "xterm-256color"} if profile.pty else {"TERM": "dumb"}
    # Asking for a password or a page of output would hang it.
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat", "PAGER": "cat", "GIT_EDITOR": "true"}
    return {**base, **terminal, **quiet, **around.identity, **profile.set_env, **given, "PATH": path}


def command(profile: Profile, around: Surroundings, turn: int, grace_seconds: float) -> Command:
    """The process of a turn; `turn` counts from 1. Raises StartError where its sandbox cannot be planned."""
    if profile.kind == "scripted":
        words = [sys.executable, "-P", "-m", "podium.runner.agents.scripted", profile.scenario]
    else:
        words = profile.resume if turn > 1 and profile.resume else profile.command
    places = {"{instructions}": str(around.instructions), "{output}": str(around.output)}
    return Command(
        key=f"{around.agent_id}.{turn}",
        argv=[_fill(word, places) for word in words],
        directory=around.worktree,
        environment=environment(profile, around),
        terminal=profile.pty,
        stdin=around.instructions if profile.stdin == "instructions" and not profile.pty else None,
        output_limit_bytes=profile.output_limit_bytes,
        grace_seconds=grace_seconds,
        confinement=sandbox_for(profile, around),
    )


def secrets(profile: Profile, token: str) -> list[str]:
    """Values that must not stand in anything that is kept: of the environment, of the command line, and the token."""
    given = {**allowed(os.environ, profile.env), **profile.set_env}
    return [*secrets_of(given), *secrets_in(profile.command), *secrets_in(profile.resume), token]


def _fill(word: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        word = word.replace(place, value)
    return word
