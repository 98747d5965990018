"""Profiles for agents that people have, in their command form; used where the program is on PATH.

All read the instructions on their standard input, edit files without asking, and print their last words; what they
leave uncommitted is committed by the runner. An exit status of 0 is their result, unless they say complete or fail.
"""

from typing import Any

_COMMON: dict[str, Any] = {"kind": "command", "stdin": "instructions", "result": "exit", "output": "stdout"}

_CLAUDE = ["claude", "--print", "--permission-mode", "acceptEdits", "--allowedTools", "Bash(podium agent:*)"]
_CODEX = ["codex", "exec", "--full-auto", "--skip-git-repo-check", "--output-last-message", "{output}"]

PRESETS: dict[str, dict[str, Any]] = {
    "claude": {
        **_COMMON,
        "interactive": ["claude"],
        "command": _CLAUDE,
        "resume": [*_CLAUDE, "--continue"],
        "env": ["ANTHROPIC_*", "CLAUDE_*", "AWS_*", "GOOGLE_*", "CLOUD_ML_REGION"],
    },
    "codex": {
        **_COMMON,
        "interactive": ["codex"],
        "command": [*_CODEX, "-"],
        "env": ["OPENAI_*", "CODEX_*", "AZURE_OPENAI_*"],
    },
    "opencode": {
        **_COMMON,
        "interactive": ["opencode"],
        "command": ["opencode", "run"],
        "resume": ["opencode", "run", "--continue"],
        "env": ["OPENCODE_*", "ANTHROPIC_*", "OPENAI_*", "GEMINI_*", "GOOGLE_*", "OPENROUTER_*", "GROQ_*"],
        "set_env": {"OPENCODE_DISABLE_AUTOUPDATE": "1"},
    },
    "gemini": {
        **_COMMON,
        "interactive": ["gemini"],
        "command": ["gemini", "--approval-mode", "auto_edit"],
        "env": ["GEMINI_*", "GOOGLE_*"],
    },
    "qwen": {
        **_COMMON,
        "interactive": ["qwen"],
        "command": ["qwen", "--approval-mode", "auto-edit"],
        "env": ["QWEN_*", "OPENAI_*", "DASHSCOPE_*"],
    },
}
