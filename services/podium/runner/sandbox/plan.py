"""From a profile and an agent's surroundings to its sandbox."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podium.runner.processes.supervised import StartError
from podium.runner.sandbox.bwrap import Sandbox
from podium.runner.sandbox.layout import View, own_programs
from podium.runner.sandbox.worktree import git_places
from podium.runner.settings import Profile

if TYPE_CHECKING:
    from podium.runner.agents.commands import Surroundings

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def sandbox_for(profile: Profile, around: "Surroundings") -> Sandbox | None:
    """The sandbox of an agent's next process; None where the profile asks for none. Raises StartError."""
    if profile.sandbox == "none":
        return None
    home = Path.home()
    git = git_places(around.worktree)
    around.output.touch(mode=0o600)
    socket, ports = _endpoint(around.address)
    view = View(
        directory=around.worktree,
        home=home,
        hidden=[*_podiums_own(around), *([socket.parent] if socket else [])],
        readable=[
            *(each for each in (socket, around.instructions, around.commands) if each is not None),
            *git.readable,
            *own_programs(),
            *_named(profile.sandbox_read, home),
            *([Path(profile.scenario).parent] if profile.scenario else []),
        ],
        writable=[around.worktree, around.output, *git.writable, *_named(profile.sandbox_write, home)],
        fixed=git.fixed,
        network=profile.sandbox_network == "all",
    )
    ports = [*ports, *around.ports, *profile.sandbox_ports]
    return Sandbox(view, list(dict.fromkeys(ports)))


def _podiums_own(around: "Surroundings") -> list[Path]:
    """The data directory, with its key and its tokens, and all worktrees, which may lie elsewhere."""
    runners_root = around.folder.parents[1]
    return [runners_root.parents[1], around.worktree.parents[1]]


def _endpoint(address: str) -> tuple[Path | None, list[int]]:
    """The runner's own endpoint: a socket's path, or a loopback port."""
    if address.startswith("unix:"):
        return Path(address.removeprefix("unix:").removeprefix("//")), []
    host, _, port = address.rpartition(":")
    return None, [int(port)] if host in _LOOPBACK and port.isdigit() else []


def _named(names: Sequence[str], home: Path) -> list[Path]:
    """Paths of the profile. Raises StartError for one that is not there."""
    found = []
    for name in names:
        path = Path(os.path.expanduser(name)) if name.startswith("~") else home / name  # noqa: PTH111 - of this user
        if not path.exists():
            raise StartError(f"sandbox: the profile names {name}, and there is no {path}")
        found.append(path)
    return found
