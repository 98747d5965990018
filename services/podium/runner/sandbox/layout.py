"""What a sandbox shows: the arguments of bwrap, from paths. Pure but for looking whether a path is there."""

import os
import site
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import podium
from podium.runner.sandbox.probe import Bwrap

_PRIVATE_BYTES = 1 << 30
_ALWAYS_HIDDEN = ("/tmp", "/var/tmp", "/run/user", "/home", "/root", "/mnt", "/media")  # noqa: S108 - to hide them
_DROPPED = frozenset({"SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "TMPDIR", "DBUS_SESSION_BUS_ADDRESS"})
"""Variables that name what is not there."""


@dataclass(frozen=True, slots=True)
class View:
    """What is seen from inside. Paths that are not there are left out, but for `writable`."""

    directory: Path
    home: Path
    hidden: Sequence[Path]
    """Beside the home directories and the temporary folders: Podium's own files, other worktrees."""
    readable: Sequence[Path]
    """Where they lie in what is hidden."""
    writable: Sequence[Path]
    fixed: Sequence[Path] = ()
    """Inside what is writable, and yet not."""
    network: bool = False
    """The whole network of this machine."""
    extra: Sequence[str] = field(default=())
    """Words before the command: what opens the doors."""


def arguments(bwrap: Bwrap, view: View, argv: Sequence[str]) -> list[str]:
    """The words that run a command with a view."""
    words = [bwrap.path, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    words += [] if view.network else ["--unshare-net"]
    words += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    size = ["--size", str(_PRIVATE_BYTES)] if bwrap.bounds_size else []
    for kind, path in _mounts(view):
        words += [*size, kind, str(path)] if kind == "--tmpfs" else [kind, str(path), str(path)]
    return [*words, "--chdir", str(view.directory), "--", *view.extra, *argv]


def _mounts(view: View) -> list[tuple[str, Path]]:
    """Hidden and shown, the outermost first: what lies deeper decides. What is fixed comes last."""
    mounts = [("--tmpfs", path) for path in _hidden(view)]
    mounts += [("--ro-bind", path) for path in dict.fromkeys(view.readable) if path.exists()]
    mounts += [("--bind", path) for path in dict.fromkeys(view.writable)]
    mounts.sort(key=lambda mount: len(mount[1].parts))
    return [*mounts, *(("--ro-bind", path) for path in view.fixed)]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """An environment without what is not there."""
    return {name: value for name, value in given.items() if name not in _DROPPED}


def hides(view: View, path: Path) -> bool:
    """Whether a path cannot be seen from inside."""
    real = path.resolve()
    over = [(kind, where) for kind, where in _mounts(view) if real.is_relative_to(where.resolve())]
    return bool(over) and max(over, key=lambda mount: len(mount[1].resolve().parts))[0] == "--tmpfs"


def _hidden(view: View) -> list[Path]:
    wanted = [*map(Path, _ALWAYS_HIDDEN), view.home, *view.hidden]
    return list(dict.fromkeys(path.resolve() for path in wanted if path.is_dir()))


def own_programs() -> list[Path]:
    """What `podium agent` needs, and this Python: they may lie in the home directory.

    The folders that hold `podium`, in a checkout, have what is imported beside it.
    """
    found = {sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()}
    return sorted({Path(each) for each in found} | {Path(each).parent for each in podium.__path__})


def path_of(environment: Mapping[str, str]) -> str:
    """Where programs are looked for."""
    return environment.get("PATH", os.defpath)
