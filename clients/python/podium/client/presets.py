"""Coding agents that Podium knows by name: how each is started, what it may see, and how one logs in.

The runner makes a profile of each that is on PATH, `podium doctor` says which of them work, and `docs/agents/` has a
page for each. An agent has forms: the first whose program is on PATH is taken. An `acp` form speaks the Agent Client
Protocol (a session with streamed work, permission requests and Podium's tools); a `command` form reads its
instructions, works, prints its last words and exits.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Form:
    """One way to start an agent: the fields of a profile, as podium.toml has them."""

    kind: str
    """`acp` or `command`."""
    command: tuple[str, ...]
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """What has to be on PATH."""
        return self.command[0]


@dataclass(frozen=True, slots=True)
class Preset:
    """An agent that Podium knows."""

    name: str
    forms: tuple[Form, ...]
    install: str
    """How its program is installed."""
    login: str
    """How one logs in, beside setting one of `login_variables`."""
    login_files: tuple[str, ...]
    """Files (below the home directory) whose presence is a login."""
    login_variables: tuple[str, ...]
    """Variables whose presence is a login."""
    env: tuple[str, ...]
    """Names (with `*`) of variables that it sees beside the common list."""
    set_env: Mapping[str, str] = field(default_factory=dict)
    """Variables that it gets: what talks to others than the model's provider is switched off."""

    def form(self, path: str | None = None) -> Form | None:
        """The form that is taken here; None where no program of it is on PATH (or on `path`)."""
        return next((form for form in self.forms if shutil.which(form.program, path=path)), None)

    def profile(self, form: Form) -> dict[str, Any]:
        """The profile of a form, as podium.toml would say it."""
        made: dict[str, Any] = {"kind": form.kind, "command": list(form.command), "interactive": [self.name]}
        made |= {name: list(value) if isinstance(value, tuple) else value for name, value in form.more.items()}
        return made | {"env": list(self.env), "set_env": dict(self.set_env)}


_BY_EXIT: dict[str, Any] = {"stdin": "instructions", "result": "exit", "output": "stdout"}
"""Command forms: exit status 0 is the result, unless they say complete or fail; what they print last, its words."""

_CLAUDE = ("claude", "--print", "--permission-mode", "acceptEdits", "--allowedTools", "Bash(podium agent:*)")
_CODEX = (
    *("codex", "exec", "--sandbox", "workspace-write", "--skip-git-repo-check"),
    *("-c", "check_for_update_on_startup=false", "-c", "analytics.enabled=false"),
    *("--output-last-message", "{output}", "-"),
)

PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "claude",
            (
                Form("acp", ("claude-agent-acp",)),
                Form("acp", ("claude-code-acp",)),
                Form("command", _CLAUDE, {**_BY_EXIT, "resume": (*_CLAUDE, "--continue")}),
            ),
            install="npm install -g @anthropic-ai/claude-code @agentclientprotocol/claude-agent-acp",
            login="claude /login",
            login_files=(".claude/.credentials.json",),
            login_variables=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
            env=("ANTHROPIC_*", "CLAUDE_*", "AWS_*", "GOOGLE_*", "CLOUD_ML_REGION"),
            set_env={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"},
        ),
        Preset(
            "codex",
            (Form("acp", ("codex-acp",)), Form("command", _CODEX, _BY_EXIT)),
            install="npm install -g @openai/codex @agentclientprotocol/codex-acp",
            login="codex login",
            login_files=(".codex/auth.json",),
            login_variables=("OPENAI_API_KEY", "CODEX_API_KEY"),
            env=("OPENAI_*", "CODEX_*", "AZURE_OPENAI_*"),
        ),
        Preset(
            "opencode",
            (Form("acp", ("opencode", "acp")),),
            install="npm install -g opencode-ai",
            login="opencode auth login",
            login_files=(".local/share/opencode/auth.json",),
            login_variables=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"),
            env=("OPENCODE_*", "ANTHROPIC_*", "OPENAI_*", "GEMINI_*", "GOOGLE_*", "OPENROUTER_*", "GROQ_*"),
            set_env={
                "OPENCODE_DISABLE_AUTOUPDATE": "1",
                "OPENCODE_DISABLE_SHARE": "1",
                "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
                # By itself it asks for next to nothing; what may go on without asking is the pod's to say.
                "OPENCODE_PERMISSION": '{"edit":"ask","bash":"ask","webfetch":"ask","websearch":"ask"}',
            },
        ),
        Preset(
            "gemini",
            (Form("acp", ("gemini", "--acp")),),
            install="npm install -g @google/gemini-cli",
            login="gemini",
            login_files=(".gemini/oauth_creds.json",),
            login_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
            env=("GEMINI_*", "GOOGLE_*"),
            set_env={"GEMINI_TELEMETRY_ENABLED": "false"},
        ),
        Preset(
            "qwen",
            # It asks for leave to use any tool of a server, in words that do not say which server's.
            (Form("acp", ("qwen", "--acp", "--allowed-tools", "mcp__podium")),),
            install="npm install -g @qwen-code/qwen-code",
            login="qwen",
            login_files=(".qwen/oauth_creds.json",),
            login_variables=("OPENAI_API_KEY", "DASHSCOPE_API_KEY"),
            env=("QWEN_*", "OPENAI_*", "DASHSCOPE_*"),
            set_env={"QWEN_TELEMETRY_ENABLED": "false", "QWEN_USAGE_STATISTICS_ENABLED": "false"},
        ),
    )
}
"""By the name of the profile."""
