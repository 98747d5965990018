"""`.podium.toml`: what a repository says about itself.

It is read from the base commit, so that no agent can change the checks that judge it.

    setup   = "npm ci"                        # one command, by the shell
    checks  = ["make lint", ["pytest", "-q"]] # several; a list of words runs without a shell
    cleanup = "docker compose down"
    copy    = [".env", "config/local.json"]   # untracked files that each worktree gets

    [checks]                                  # or, with a time limit
    run = ["make test"]
    time_limit_seconds = 900

A command runs in the worktree with `PODIUM_PORT_BASE` in its environment: the first of 20 ports that are its own.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.git import Git

FILE_NAME = ".podium.toml"
PROMPTS_FOLDER = ".podium/prompts"

Words = Annotated[list[str], Field(min_length=1)]
CommandLine = str | Words
_SECONDS = {"setup": 600.0, "checks": 900.0, "cleanup": 60.0}


class Step(BaseModel):
    """Commands that run one after another until one fails, together within a time limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: list[CommandLine] = []
    time_limit_seconds: float = Field(default=0.0, ge=0, le=86400)


def _as_step(value: Any) -> Any:
    if isinstance(value, str):
        return {"run": [value]}
    if isinstance(value, list):
        return {"run": value}
    if isinstance(value, dict) and isinstance(value.get("run"), str):
        return {**value, "run": [value["run"]]}
    return value


StepField = Annotated[Step, BeforeValidator(_as_step)]


class RepositoryFile(BaseModel):
    """The contents of `.podium.toml`; everything may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    setup: StepField = Step()
    checks: StepField = Step()
    cleanup: StepField = Step()
    copy_files: list[str] = Field(default=[], alias="copy")
    agent: str = ""
    """The agent profile that `podium run` takes here."""

    def limit_of(self, name: str) -> float:
        """Seconds that a step may take."""
        step: Step = getattr(self, name)
        return step.time_limit_seconds or _SECONDS[name]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A repository file with the hash that a person confirms; the hash is empty where there is no file."""

    content: RepositoryFile
    digest: str


async def read_repository_file(git: Git, commit: str) -> ReadFile:
    """The file as it stands in a commit. Raises WorkspaceError where it cannot be understood."""
    (data,) = await git.objects(f"{commit}:{FILE_NAME}")
    if not isinstance(data, bytes):
        return ReadFile(RepositoryFile(), "")
    try:
        content = RepositoryFile.model_validate(tomllib.loads(data.decode()))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkspaceError(f"{FILE_NAME} in {commit[:12]} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WorkspaceError(f"{FILE_NAME} in {commit[:12]}: {where}: {first['msg']}") from error
    return ReadFile(content, hashlib.sha256(data).hexdigest())


class Trust:
    """Which repository files may run commands here: those whose content a person confirmed.

    `always` confirms by itself; `local` does so for repositories of this machine (a person who opens a pod on a
    path of their own could run its commands anyway); `ask` never does.
    """

    def __init__(self, confirmed: Path, policy: str) -> None:
        self._confirmed = confirmed
        self._policy = policy

    def confirm(self, digest: str) -> None:
        """A person read the file and lets it run."""
        self._confirmed.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._confirmed / digest).touch(mode=0o600)

    def check(self, file: ReadFile, location: str, *, remote: bool) -> None:
        """Raises WorkspaceError where a person must look first."""
        content = file.content
        runs_nothing = not (content.setup.run or content.checks.run or content.cleanup.run or content.copy_files)
        if not file.digest or runs_nothing or (self._confirmed / file.digest).exists():
            return
        if self._policy == "always" or (self._policy == "local" and not remote):
            self.confirm(file.digest)
            return
        raise WorkspaceError(
            f"{FILE_NAME} of {location} runs commands and is not confirmed. Read it, then "
            f"`podium trust --repo {location}`, or: touch {self._confirmed / file.digest}"
        )
