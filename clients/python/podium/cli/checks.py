"""What `podium doctor` looks at: pure where it can be, each with a remedy."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from podium.cli import ports, repository, supervision
from podium.client import signin
from podium.client.installation import Installation

GIT_NEEDED = (2, 38)
_DISK_NEEDED = 1 << 30
_SOCKET_LIMIT = 100
_VERSION = re.compile(r"(\d+)\.(\d+)")
_COMMAND_SECONDS = 10.0

AGENTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "claude": (("~/.claude/.credentials.json", "~/.claude.json"), ("ANTHROPIC_API_KEY",), "claude /login"),
    "codex": (("~/.codex/auth.json",), ("OPENAI_API_KEY",), "codex login"),
    "opencode": (
        ("~/.local/share/opencode/auth.json",),
        ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"),
        "opencode auth login",
    ),
    "gemini": (("~/.gemini/oauth_creds.json",), ("GEMINI_API_KEY", "GOOGLE_API_KEY"), "gemini"),
    "qwen": (("~/.qwen/oauth_creds.json",), ("OPENAI_API_KEY", "DASHSCOPE_API_KEY"), "qwen"),
}
"""By command: files and variables that are a login, and how to log in."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: `state` is ok, warning or problem; `remedy` says how to mend what is not ok."""

    name: str
    state: str
    text: str
    remedy: str = ""


def all_findings(installation: Installation, environment: Mapping[str, str]) -> list[Finding]:
    """Every check, in the order in which one would mend them."""
    return [
        git_version(_output("git", "--version")),
        git_identity(repository.git(Path(), "config", "user.name"), repository.git(Path(), "config", "user.email")),
        node_version(_output("node", "--version")),
        *agents(environment),
        sockets(installation),
        web_port(installation),
        data_directory(installation),
        disk(installation),
        services(installation),
    ]


def git_version(output: str | None) -> Finding:
    """From what `git --version` says."""
    found = _VERSION.search(output or "")
    needed = ".".join(map(str, GIT_NEEDED))
    if found is None:
        return Finding("git", "problem", "not installed", f"install git {needed} or newer")
    version = int(found[1]), int(found[2])
    if version < GIT_NEEDED:
        return Finding("git", "problem", f"{version[0]}.{version[1]} is too old", f"install git {needed} or newer")
    return Finding("git", "ok", f"{version[0]}.{version[1]}")


def git_identity(name: str | None, email: str | None) -> Finding:
    """Who commits; agents' work is committed under it."""
    if name and email:
        return Finding("git identity", "ok", f"{name} <{email}>")
    remedy = 'git config --global user.name "…"; git config --global user.email "…"'
    return Finding("git identity", "warning", "none: commits will be by Podium <podium@localhost>", remedy)


def node_version(output: str | None) -> Finding:
    """Most agents are Node programs; Podium itself needs none."""
    found = _VERSION.search(output or "")
    if found is None:
        return Finding("node", "warning", "not installed; most coding agents need it", "install Node 20 or newer")
    return Finding("node", "ok", found[0])


def agents(environment: Mapping[str, str]) -> list[Finding]:
    """Each known agent on PATH, and whether somebody logged in; a warning where there is none at all."""
    found = []
    for name, (files, variables, login) in AGENTS.items():
        if shutil.which(name, path=environment.get("PATH")) is None:
            continue
        home = environment.get("HOME", "~")
        logged_in = any(environment.get(variable) for variable in variables) or any(
            Path(file.replace("~", home, 1)).exists() for file in files
        )
        state = "ok" if logged_in else "warning"
        text = "installed, logged in" if logged_in else "installed, but no login was found"
        found.append(Finding(f"agent {name}", state, text, "" if logged_in else login))
    if found:
        return found
    remedy = f"install one of {', '.join(AGENTS)}, or describe your own in podium.toml; `podium demo` needs none"
    return [Finding("agents", "warning", "none of the known ones is on PATH", remedy)]


def sockets(installation: Installation) -> Finding:
    """The sockets' paths must fit into what the system allows; where they do not, a shorter place is taken."""
    longest = len(os.fsencode(installation.socket("event-store")))
    if longest > _SOCKET_LIMIT:
        return Finding("sockets", "problem", f"{installation.run_dir} is too long", "choose a shorter --data-dir")
    return Finding("sockets", "ok", str(installation.run_dir))


def web_port(installation: Installation) -> Finding:
    """The port of the web interface; where it is taken, the gateway takes the next free one."""
    host, wanted = ports.wanted(installation.config_file)
    gateway = signin.find_gateway(installation) if supervision.is_running(installation) else None
    if gateway is not None and (wanted == 0 or urlsplit(gateway.url).port == wanted):
        return Finding("web port", "ok", f"Podium serves at {gateway.url}")
    used = urlsplit(gateway.url).port if gateway is not None else ports.free(host, wanted)
    if used is not None and wanted in (0, used):
        return Finding("web port", "ok", f"{wanted} on {host} is free" if wanted else f"any free one on {host}")
    remedy = "free it, or choose another one: `port` under [gateway] in podium.toml"
    if used is None:
        return Finding("web port", "warning", f"none is free on {host} from {wanted} on", remedy)
    verb = "is used" if gateway is not None else "will be used"
    return Finding("web port", "warning", f"{wanted} is taken by another program; {used} {verb} instead", remedy)


def data_directory(installation: Installation) -> Finding:
    """Nobody else may read keys and tokens."""
    path = installation.data_dir
    if not path.exists():
        return Finding("data directory", "ok", f"{path} (made by the first `podium up`)")
    if path.stat().st_mode & 0o077:
        return Finding("data directory", "problem", f"{path} is open to others", f"chmod 700 {path}")
    if not os.access(path, os.W_OK):
        return Finding("data directory", "problem", f"{path} cannot be written", f"chown or chmod {path}")
    return Finding("data directory", "ok", str(path))


def disk(installation: Installation) -> Finding:
    """The store and the worktrees need room."""
    path = installation.data_dir
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    text = f"{free / (1 << 30):.1f} GiB free at {path}"
    if free < _DISK_NEEDED:
        return Finding("disk", "problem", text, "free some space, or choose another --data-dir")
    return Finding("disk", "ok", text)


def services(installation: Installation) -> Finding:
    """Whether they run and are well."""
    if not supervision.is_running(installation):
        return Finding("services", "warning", "not running", "podium up")
    troubled = [each for each in supervision.read_state(installation).get("services", []) if each["state"] != "ready"]
    if troubled:
        state = "problem" if any(each.get("awaited", True) for each in troubled) else "warning"
        text = ", ".join(f"{each['name']} {each['state']}" for each in troubled)
        return Finding("services", state, text, f"podium logs {troubled[0]['name']}")
    return Finding("services", "ok", "all ready")


def _output(*command: str) -> str | None:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return answer.stdout
