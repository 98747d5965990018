"""From an order to a process: what runs in a person's session, where, and what it sees."""

import os
import pwd
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podium.jobs.v1.session_job_events_pb2 import SessionJobIssued, SpawnOrder
from podium.runner.environment import allowed, secrets_of
from podium.runner.processes.ending import HANG_UP
from podium.runner.processes.supervised import Command
from podium.runner.settings import Profile
from podium.runner.terminals.terminal import clamp

TERM = "xterm-256color"
DEFAULT_SIZE = (24, 80)
_URL = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s:]+:)")
_LOGIN_SHELLS = frozenset({"bash", "zsh", "fish", "ksh", "dash", "sh", "ash"})
_LAST_SHELL = "/bin/sh"


class SpawnError(Exception):
    """The order cannot be carried out here; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Spawning:
    """What all sessions of a runner share."""

    profiles: Mapping[str, Profile]
    commands: Path
    """The folder that holds `podium`."""
    grace_seconds: float

    def command(self, job: SessionJobIssued, instructions: Path) -> Command:
        """The process of an order. Raises SpawnError."""
        order = job.spawn
        profile = self._profile(order.agent)
        return Command(
            key=key_of(job.session_id),
            argv=_words(order, profile, instructions),
            directory=_directory(order),
            environment=self._environment(job, profile, instructions),
            terminal=True,
            grace_seconds=self.grace_seconds,
            size=size_of(order),
            end_signals=HANG_UP,
        )

    def secrets(self, command: Command) -> list[str]:
        """Values that must not stand in what is kept."""
        return secrets_of(command.environment)

    def _profile(self, name: str) -> Profile | None:
        if name and name not in self.profiles:
            known = ", ".join(sorted(self.profiles)) or "none"
            raise SpawnError(f"this runner has no profile {name!r}; it has: {known}")
        return self.profiles.get(name)

    def _environment(self, job: SessionJobIssued, profile: Profile | None, instructions: Path) -> dict[str, str]:
        base = allowed(os.environ, profile.env if profile else ())
        # The person's own `podium` comes first, where there is one.
        path = f"{base.get('PATH', os.defpath)}{os.pathsep}{self.commands}"
        language = {} if {"LANG", "LC_ALL", "LC_CTYPE"} & base.keys() else {"LANG": "C.UTF-8"}
        given = {name: value for name, value in job.spawn.env.items() if not name.startswith("PODIUM_")}
        told = {
            "PODIUM_SESSION_ID": job.session_id,
            "PODIUM_PROJECT_ID": job.project_id,
            "PODIUM_INSTRUCTIONS": str(instructions),
        }
        return {**base, **language, "TERM": TERM, "PATH": path, **(profile.set_env if profile else {}), **given, **told}


def key_of(session_id: str) -> str:
    """The name of its process group in the journal; no agent's turn has such a one."""
    return f"session.{session_id}"


def size_of(order: SpawnOrder) -> tuple[int, int]:
    """Rows and columns."""
    return clamp(order.rows or DEFAULT_SIZE[0], order.columns or DEFAULT_SIZE[1])


def instructions_of(order: SpawnOrder) -> str:
    """What $PODIUM_INSTRUCTIONS holds: the tasks of the session, as they were when it was asked for."""
    parts = [f"# {order.name}"]
    for task in order.tasks:
        parts.append(f"## Task #{task.number}: {task.title}" if task.number else f"## Task: {task.title}")
        parts += [text.strip() for text in (task.prompt, task.description) if text.strip()]
    if not order.tasks:
        parts.append("This session holds no task.")
    return "\n\n".join(parts) + "\n"


def _words(order: SpawnOrder, profile: Profile | None, instructions: Path) -> Sequence[str]:
    if order.command:
        return list(order.command)
    if profile is None:
        return login_shell(os.environ)
    if not profile.interactive:
        remedy = "name a command after `--`, or set it in podium.toml"
        raise SpawnError(f"profile {order.agent!r} has no `interactive` command: {remedy}")
    return [word.replace("{instructions}", str(instructions)) for word in profile.interactive]


def login_shell(environment: Mapping[str, str]) -> list[str]:
    """The person's shell as they log in with it."""
    try:
        of_account = pwd.getpwuid(os.getuid()).pw_shell
    except KeyError:
        of_account = ""
    for shell in (environment.get("SHELL", ""), of_account, _LAST_SHELL):
        if shell and os.access(shell, os.X_OK):
            return [shell, "-l"] if Path(shell).name in _LOGIN_SHELLS else [shell]
    return [_LAST_SHELL]


def _directory(order: SpawnOrder) -> Path:
    named = Path(order.working_directory)
    if not named.is_absolute():
        if not order.repository or _URL.match(order.repository):
            where = order.repository or "none"
            raise SpawnError(f"the project's repository ({where}) is no directory here: name one with --directory")
        named = Path(order.repository) / named
    if not named.is_dir():
        raise SpawnError(f"{named} is no directory on this runner's machine")
    if not os.access(named, os.X_OK):
        raise SpawnError(f"{named} cannot be entered by the runner's user")
    return named
