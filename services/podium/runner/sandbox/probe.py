"""Whether bwrap can make sandboxes here; asked once, the first time that a profile wants one."""

import asyncio
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podium.runner.processes.supervised import StartError

_SECONDS = 10.0
_SIZED = (0, 7)
"""The first version that bounds temporary folders."""
_IDENT = re.compile(r"(.+) <([^>]*)> \d+ [-+]\d+\Z")
_VERSION = re.compile(r"(\d+)\.(\d+)")

MISSING = (
    'the profile says `sandbox = "bwrap"`, and bwrap is not on PATH: install it (apt-get install bubblewrap, or '
    "dnf install bubblewrap), or take `sandbox` out of the profile"
)
REFUSED = (
    "bwrap cannot make a sandbox here: {said}. Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1; where "
    "AppArmor restricts them, a profile for bwrap), or take `sandbox` out of the profile"
)


@dataclass(frozen=True, slots=True)
class Bwrap:
    """The program."""

    path: str
    bounds_size: bool


async def find_bwrap(path: str | None = None) -> Bwrap:
    """The program, where it works. Raises StartError that says what to do where it does not."""
    program = shutil.which("bwrap", path=path)
    if program is None:
        raise StartError(MISSING)
    version = _VERSION.search(await _said(program, "--version"))
    tried = ("--ro-bind", "/", "/", "--unshare-net", "--unshare-pid", "--proc", "/proc", "--dev", "/dev", "--")
    await _said(program, *tried, "/bin/sh", "-c", ":")
    return Bwrap(program, version is not None and (int(version[1]), int(version[2])) >= _SIZED)


async def _said(*words: str) -> str:
    """What bwrap says. Raises StartError where it fails, or takes too long."""
    status, text = await _run(words)
    if status:
        raise StartError(REFUSED.format(said=text[:500] or f"exit status {status}"))
    return text


async def identity_of(who: str, directory: Path, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Name and address by which git would commit here (`AUTHOR`, `COMMITTER`); None where it knows nobody."""
    git = shutil.which("git", path=environment.get("PATH"))
    status, text = await _run((git or "git", "var", f"GIT_{who}_IDENT"), directory, environment)
    found = _IDENT.match(text)
    return (found[1], found[2]) if found and not status else None


async def _run(
    words: Sequence[str], directory: Path | None = None, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """A short command's exit status, and what it says."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=directory,
        env=environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return -1, "no answer in time"
    return process.returncode or 0, output.decode(errors="replace").strip()
