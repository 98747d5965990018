"""`[runner]` and `[profiles.<name>]` of podium.toml.

    [runner]
    pools = ["default"]            # whose LAUNCH jobs it takes
    capacity = 4                   # agents at once
    workspaces = "/fast/podium"    # worktrees; default: in the data directory
    trust_repository = "local"     # whose .podium.toml may run commands: local | always | ask

    [profiles.mine]
    kind = "command"
    command = ["my-agent", "--task", "{instructions}"]   # or one string, split like a shell does, without a shell
    result = "report"              # it says complete or fail; or "exit": status 0 is the result
    env = ["MY_AGENT_*"]           # what it sees beside the common list

    [profiles.demo]
    kind = "scripted"
    scenario = "/path/to/scenario.toml"

Profiles named after agents found on PATH (`presets`) are there without being written down; a profile of the same name
in the file takes its place.
"""

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from podium.chassis.settings import SettingsError, read_section
from podium.runner.presets import PRESETS

PATH_SETTINGS = ("workspaces",)


def _words(value: Any) -> Any:
    return shlex.split(value) if isinstance(value, str) else value


Words = Annotated[list[str], BeforeValidator(_words)]
"""A command line: a list of words, or one string that is split into them; never a shell."""


class Profile(BaseModel):
    """How one kind of agent is run.

    In the words of a command `{instructions}` and `{output}` stand for the paths of $PODIUM_INSTRUCTIONS and
    $PODIUM_OUTPUT.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["command", "scripted"] = "command"
    command: Words = []
    resume: Words = []
    """The command of later turns (after an answer, or as a reminder); empty: the same as for the first."""
    stdin: Literal["none", "instructions"] = "none"
    """What the process reads; a terminal (`pty`) takes its place."""
    result: Literal["report", "exit"] = "report"
    """`report`: it says complete or fail; `exit`: status 0 is the result, $PODIUM_OUTPUT holds its words."""
    output: Literal["file", "stdout"] = "file"
    """Where `exit` results are: $PODIUM_OUTPUT only, or else what it printed."""
    pty: bool = False
    env: list[str] = []
    """Names (with `*`) of variables that it sees beside the common list."""
    set_env: dict[str, str] = {}
    """Variables that it gets."""
    time_limit_seconds: float = Field(default=0.0, ge=0)
    """0: only the pod's limit."""
    output_limit_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    """0: no limit."""
    settle_seconds: float = Field(default=10.0, ge=0, le=600)
    """How long the process may go on after it said complete or fail."""
    scenario: str = ""
    """For `scripted`: the file that it follows."""

    @model_validator(mode="after")
    def _complete(self) -> "Profile":
        if self.kind == "command" and not self.command:
            raise ValueError("a command profile needs `command`")
        if self.kind == "scripted" and not self.scenario:
            raise ValueError("a scripted profile needs `scenario`")
        return self


class RunnerSettings(BaseModel):
    """`[runner]`, with the profiles beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(default="", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$|^$")
    """The runner's name; default: the instance's."""
    pools: list[str] = Field(default=["default"], min_length=1, max_length=20)
    capacity: int = Field(default=4, ge=1, le=1000)
    workspaces: Path | None = None
    trust_repository: Literal["local", "always", "ask"] = "local"
    first_port: int = Field(default=21000, ge=1024, le=60000)
    grace_seconds: float = Field(default=5.0, ge=0, le=60)
    """Between SIGTERM and SIGKILL."""
    labels: dict[str, str] = {}
    profiles: dict[str, Profile] = {}


def find_presets(path: str | None = None) -> dict[str, Profile]:
    """The presets whose program is on PATH (or on `path`)."""
    return {
        name: Profile.model_validate(preset)
        for name, preset in PRESETS.items()
        if shutil.which(preset["command"][0], path=path)
    }


def parse(runner: Mapping[str, Any], profiles: Mapping[str, Any], source: str = "podium.toml") -> RunnerSettings:
    """Settings from the tables of the file. Raises SettingsError naming the field."""
    try:
        settings = RunnerSettings.model_validate(dict(runner))
        named = {**find_presets(), **{k: Profile.model_validate(v) for k, v in profiles.items()}}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{source}: {error.title}: {where}: {first['msg']}") from error
    return settings.model_copy(update={"profiles": named})


def load_settings(config_file: Path) -> RunnerSettings:
    """Settings from podium.toml; defaults where there is none. Raises SettingsError."""
    return parse(read_section(config_file, "runner"), read_section(config_file, "profiles"), str(config_file))
