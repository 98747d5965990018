"""Whose `.podium.toml` may run commands: what a person is shown, and where the yes is kept.

The runner looks for an empty file named by the content's SHA-256 in `Installation.confirmed_dir` of its own data
directory, unless `[runner] trust_repository` lets the repository in without a question.
"""

import hashlib
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from podium.cli import exits
from podium.cli.exits import CliError
from podium.cli.output import interactive
from podium.cli.repository import Repository, is_url
from podium.cli.terminal import Lines
from podium.client.installation import Installation

FILE_NAME = ".podium.toml"
_KEYS = ("setup", "checks", "cleanup", "copy")
_LOCAL_SECONDS = 30.0
_REMOTE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a repository wants to run, by key, and the hash under which that is confirmed."""

    location: str
    digest: str
    commands: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """For a person to read."""
        return "\n".join(f"  {key:<8} {command}" for key, command in self.commands)


def asks_for(place: Repository, config_file: Path) -> bool:
    """Whether the runner will want a person's word for this repository (the settings' and the runner's rule)."""
    try:
        section = tomllib.loads(config_file.read_text(encoding="utf-8")).get("runner", {})
        policy = section.get("trust_repository", "local")
    except (OSError, ValueError, AttributeError):  # the runner says what is wrong with it
        policy = "local"
    return bool(policy == "ask" or (policy == "local" and is_url(place.location)))


def wish_of(place: Repository, base: str = "") -> Wish | None:
    """What the file at the base branch wants; None where there is none, or nothing in it runs. Raises `CliError`."""
    data = _fetched(place.location, base) if is_url(place.location) else _blob(Path(place.location), _ref(place, base))
    if data is None:
        return None
    try:
        document = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CliError(f"{FILE_NAME} of {place.location}: {error}", "correct and commit it", exits.REFUSED) from error
    commands = tuple((key, command) for key in _KEYS for command in _commands(document.get(key)))
    return Wish(place.location, hashlib.sha256(data).hexdigest(), commands) if commands else None


def is_confirmed(installation: Installation, wish: Wish) -> bool:
    """Whether a person said yes to exactly this content."""
    return (installation.confirmed_dir / wish.digest).exists()


def confirm(installation: Installation, wish: Wish) -> None:
    """Keeps a person's yes."""
    installation.ensure()
    installation.confirmed_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (installation.confirmed_dir / wish.digest).touch(mode=0o600)


async def ensure(installation: Installation, place: Repository, base: str = "") -> None:
    """Before work begins: asks at a terminal what the runner would stop at. Raises `CliError` where nobody says yes."""
    if not asks_for(place, installation.config_file):
        return
    wish = wish_of(place, base)
    if wish is None or is_confirmed(installation, wish):
        return
    hint = f"read it, then: podium trust --repo {place.location}" + (f" --base {base}" if base else "")
    if not interactive():
        raise CliError(f"{place.location} wants to run:\n{wish.text()}", hint, exits.REFUSED)
    if not await says_yes(wish):
        raise CliError("not trusted: nothing was begun", hint, exits.REFUSED)
    confirm(installation, wish)


async def says_yes(wish: Wish) -> bool:
    """Shows what would run, and asks."""
    click.echo(
        f"this repository wants to run ({FILE_NAME} of {wish.location}):\n{wish.text()}\ntrust it? y/N ", nl=False
    )
    answer = await Lines().read()
    return (answer or "").strip().casefold() in {"y", "yes"}


def _commands(value: Any) -> Iterator[str]:
    """The command lines of one key: a string, a list of strings or word lists, or a table with `run`."""
    if isinstance(value, dict):
        value = value.get("run")
    for each in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
        yield " ".join(map(str, each)) if isinstance(each, list) else str(each)


def _ref(place: Repository, base: str) -> str:
    branch = base or place.branch
    return f"refs/heads/{branch}" if branch else "HEAD"


def _blob(repository: Path, ref: str) -> bytes | None:
    answer = _git(repository, _LOCAL_SECONDS, "cat-file", "blob", f"{ref}:{FILE_NAME}")
    return answer.stdout if answer.returncode == 0 else None


def _fetched(url: str, base: str) -> bytes | None:
    """The file at the tip of a remote branch; nothing is checked out, nothing of it is run."""
    with tempfile.TemporaryDirectory(prefix="podium-trust-") as folder:
        branch = ["--branch", base] if base else []
        place = str(Path(folder) / "clone")
        arguments = ("clone", "--quiet", "--bare", "--depth", "1", *branch, "--", url, place)
        answer = _git(Path(folder), _REMOTE_SECONDS, *arguments)
        if answer.returncode:
            said = answer.stderr.decode(errors="replace").strip()
            raise CliError(f"{url} cannot be read: {said}", "check the address and your access to it", exits.NOT_FOUND)
        return _blob(Path(place), "HEAD")


def _git(place: Path, seconds: float, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if not interactive():
        environment["GIT_TERMINAL_PROMPT"] = "0"
    try:
        return subprocess.run(
            ["git", "-C", str(place), *arguments], capture_output=True, env=environment, timeout=seconds, check=False
        )
    except FileNotFoundError as error:
        raise CliError("git is not installed", "install it; `podium doctor` checks the rest", exits.FAILED) from error
    except subprocess.TimeoutExpired as error:
        raise CliError(f"git took longer than {seconds:.0f} s", "try again", exits.UNAVAILABLE) from error
