"""`[runner]` and `[profiles.<name>]` of podium.toml.

    [runner]
    pools = ["default"]            # whose LAUNCH jobs it takes
    capacity = 4                   # agents at once
    terminals = 16                 # people's sessions at once
    workspaces = "/fast/podium"    # worktrees; default: in the data directory
    trust_repository = "local"     # whose .podium.toml may run commands: local | always | ask

    [profiles.mine]
    kind = "command"
    command = ["my-agent", "--task", "{instructions}"]   # or one string, split like a shell does, without a shell
    result = "report"              # it says complete or fail; or "exit": status 0 is the result
    env = ["MY_AGENT_*"]           # what it sees beside the common list

    [profiles.theirs]
    kind = "acp"                   # an agent that speaks the Agent Client Protocol
    command = ["their-agent", "acp"]
    model = "provider/model"       # as the agent calls it; absent: its own choice

    [profiles.demo]
    kind = "scripted"
    scenario = "/path/to/scenario.toml"

Profiles named after agents found on PATH (`podium.client.presets`) are there without being written down; a profile of
the same name in the file takes its place.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from podium.chassis.settings import SettingsError, read_section
from podium.client.presets import PRESETS

PATH_SETTINGS = ("workspaces",)


def _words(value: Any) -> Any:
    return shlex.split(value) if isinstance(value, str) else value


Words = Annotated[list[str], BeforeValidator(_words)]
"""A command line: a list of words, or one string that is split into them; never a shell."""


SAFE_COMMANDS = (
    *("ls*", "cat *", "head *", "tail *", "wc *", "pwd", "which *", "grep *"),
    *("git status*", "git diff*", "git log*", "git show*", "git add *", "git commit *", "podium agent *"),
)
"""Commands that only look, or that an agent in a worktree of its own is meant to run."""


class Profile(BaseModel):
    """How one kind of agent is run.

    In the words of a command `{instructions}` and `{output}` stand for the paths of $PODIUM_INSTRUCTIONS and
    $PODIUM_OUTPUT.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["command", "scripted", "acp"] = "command"
    """`acp`: the command is an agent that speaks the Agent Client Protocol on its standard input and output."""
    command: Words = []
    interactive: Words = []
    """The command that a person talks to in a terminal (`podium session new --agent`); empty: there is none."""
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
    sandbox: Literal["none", "bwrap"] = "none"
    """`bwrap`: it may write in its worktree alone, sees no home directory, and has no network."""
    sandbox_network: Literal["off", "all"] = "off"
    """`all`: the whole network, and this machine's loopback with it."""
    sandbox_ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(default=[], max_length=20)
    """Loopback ports of this machine that it may reach without a network: of a model that runs here."""
    sandbox_read: list[str] = []
    """Paths that it sees although they lie in the home directory (`~/.gitconfig`)."""
    sandbox_write: list[str] = []
    """Paths beside its worktree that it may write (`~/.claude`)."""

    # For `acp`; what is said above of a command's turns (`resume`, `stdin`, `output`, `pty`) means nothing there.
    mode: str = ""
    """The session's mode, by the id under which the agent offers it (`plan`, `auto-edit`); empty: the agent's own."""
    model: str = ""
    """The session's model, by the agent's id of it; empty: the agent's own."""
    options: dict[str, str | bool] = {}
    """Values of further options that the agent offers for a session, by their ids."""
    auth_method: str = ""
    """The way of logging in that is asked for before a session is made, by the agent's id; empty: none."""
    mcp: bool = True
    """Whether Podium's tools (report_progress, ask_human, complete, …) are offered to the session by MCP."""
    allow_commands: list[str] = list(SAFE_COMMANDS)
    """Commands that run without asking where the pod's policy says `edits`: patterns with `*` for a whole command line.
    One that holds a shell's operators (`;`, `|`, `&&`, `>`, `$(`) or leads out of the worktree asks all the same."""
    start_limit_seconds: float = Field(default=180.0, gt=0, le=3600)
    """How long the agent may take to be ready: to answer initialize, and to make a session."""
    idle_limit_seconds: float = Field(default=1800.0, ge=0)
    """How long a turn may go without a sign of life; waiting for people does not count. 0: no limit."""

    @model_validator(mode="after")
    def _complete(self) -> "Profile":
        if self.kind in ("command", "acp") and not self.command:
            raise ValueError(f"{'a' if self.kind == 'command' else 'an'} {self.kind} profile needs `command`")
        if self.kind == "acp" and self.result != "report":
            raise ValueError("an acp profile has no exit status to take for a result: leave `result` away")
        if self.kind == "acp" and self.pty:
            raise ValueError("an acp profile speaks by pipes: leave `pty` away")
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
    terminals: int = Field(default=16, ge=0, le=1000)
    """People's sessions at once (`podium session new`); 0: it takes none."""
    workspaces: Path | None = None
    trust_repository: Literal["local", "always", "ask"] = "local"
    first_port: int = Field(default=21000, ge=1024, le=60000)
    grace_seconds: float = Field(default=5.0, ge=0, le=60)
    """Between SIGTERM and SIGKILL."""
    labels: dict[str, str] = {}
    forges: dict[str, Literal["github", "gitlab", "bitbucket"]] = {}
    """Hosts of remotes whose name does not tell which forge they are (`"git.example.org" = "gitlab"`)."""
    profiles: dict[str, Profile] = {}


def find_presets(path: str | None = None) -> dict[str, Profile]:
    """The presets that have a form whose program is on PATH (or on `path`)."""
    found = {name: (preset, preset.form(path)) for name, preset in PRESETS.items()}
    return {name: Profile.model_validate(each.profile(form)) for name, (each, form) in found.items() if form}


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
