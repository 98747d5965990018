"""The git repository of a working directory: which project it is, its branch, its `.podium.toml`."""

import hashlib
import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from podium.cli import exits
from podium.cli.exits import CliError

_URL = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s:]+:)")
_GIT_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Repository:
    """A project's repository: `project_id` is the same from every worktree and directory of it."""

    project_id: str
    name: str
    location: str
    """The main worktree (or bare repository), or the URL."""
    branch: str
    """The branch that is checked out where one stands; empty for a URL or a detached head."""
    agent: str = ""
    """The agent profile that its `.podium.toml` names."""


def is_url(text: str) -> bool:
    """Whether git would fetch it from elsewhere: `https://…`, `git@host:path`."""
    return bool(_URL.match(text))


def locate(where: str) -> Repository:
    """The repository at a path (anywhere inside it) or URL. Raises `CliError` where there is none."""
    if is_url(where):
        url = where.rstrip("/").removesuffix(".git")
        return Repository(_project_id(url), url.rsplit("/", 1)[-1].rsplit(":", 1)[-1], where, "")
    found = find(Path(where))
    if found is None:
        raise CliError(
            f"{Path(where).absolute()} is not in a git repository",
            "go into one, or name it with --repo PATH|URL (`git init` makes one)",
            exits.NOT_FOUND,
        )
    return found


def find(path: Path) -> Repository | None:
    """The repository around a directory, if any."""
    common = git(path, "rev-parse", "--path-format=absolute", "--git-common-dir")
    if common is None:
        return None
    common_dir = Path(common).resolve()
    root = common_dir.parent if common_dir.name == ".git" else common_dir
    top = git(path, "rev-parse", "--show-toplevel")
    branch = git(path, "symbolic-ref", "--quiet", "--short", "HEAD") or ""
    agent = _agent_of(Path(top) / ".podium.toml") if top else ""
    return Repository(_project_id(str(common_dir)), root.name.removesuffix(".git"), str(root), branch, agent)


def has_commits(repository: Repository) -> bool:
    """Whether there is anything to start from; true for a URL, which is not asked."""
    return is_url(repository.location) or git(Path(repository.location), "rev-parse", "--verify", "HEAD") is not None


def ensure_base(repository: Repository, base: str) -> None:
    """Raises `CliError` where there is nothing to start from; a URL is not asked."""
    if not has_commits(repository):
        raise CliError(
            f"{repository.location} has no commit yet", "make a first one: agents start from it", exits.REFUSED
        )
    place = Path(repository.location)
    if not base and not repository.branch and not is_url(repository.location):
        raise CliError(f"{repository.location} has no branch checked out", "say --base BRANCH", exits.REFUSED)
    if base and not is_url(repository.location) and git(place, "rev-parse", "--verify", f"refs/heads/{base}") is None:
        branches = (git(place, "for-each-ref", "--format=%(refname:short)", "--count=10", "refs/heads") or "").split()
        raise CliError(f"{repository.location} has no branch {base}", f"it has: {', '.join(branches)}", exits.NOT_FOUND)


def git(path: Path, *arguments: str) -> str | None:
    """The output of a git command in a directory, stripped; None where git refuses. No GIT_* variable leaks in."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(
            ["git", "-C", str(path), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=_GIT_TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise CliError("git is not installed", "install it; `podium doctor` checks the rest", exits.FAILED) from error
    return answer.stdout.strip() if answer.returncode == 0 else None


def _project_id(canonical: str) -> str:
    return f"project_{hashlib.sha256(canonical.encode()).hexdigest()[:16]}"


def _agent_of(file: Path) -> str:
    try:
        agent = tomllib.loads(file.read_text(encoding="utf-8")).get("agent", "")
    except FileNotFoundError:
        return ""
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CliError(f"{file}: {error}", "correct the file", exits.REFUSED) from error
    if not isinstance(agent, str):
        raise CliError(f"{file}: agent must be the name of a profile", "correct the file", exits.REFUSED)
    return agent
