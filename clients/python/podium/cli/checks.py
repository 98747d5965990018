"""What `podium doctor` looks at: pure where it can be, each with a remedy."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from podium.cli import agents, ports, reaching, repository, supervision
from podium.cli.findings import Finding, output
from podium.client import signin
from podium.client.installation import Installation

GIT_NEEDED = (2, 38)
_DISK_NEEDED = 1 << 30
_SOCKET_LIMIT = 100
_VERSION = re.compile(r"(\d+)\.(\d+)")


def all_findings(installation: Installation, environment: Mapping[str, str]) -> list[Finding]:
    """Every check, in the order in which one would mend them."""
    return [
        git_version(output("git", "--version")),
        git_identity(repository.git(Path(), "config", "user.name"), repository.git(Path(), "config", "user.email")),
        node_version(output("node", "--version")),
        *agents.findings(environment, installation.config_file),
        sockets(installation),
        web_port(installation),
        data_directory(installation),
        disk(installation),
        services(installation),
    ]


def git_version(said: str | None) -> Finding:
    """From what `git --version` says."""
    found = _VERSION.search(said or "")
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


def node_version(said: str | None) -> Finding:
    """Most agents are Node programs; Podium itself needs none."""
    found = _VERSION.search(said or "")
    if found is None:
        return Finding("node", "warning", "not installed; most coding agents need it", "install Node 20 or newer")
    return Finding("node", "ok", found[0])


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
    if reaching.is_served_alone(installation):
        return Finding("services", "ok", "run one by one, without a supervisor of ours")
    if not supervision.is_running(installation):
        return Finding("services", "warning", "not running", "podium up")
    troubled = [each for each in supervision.read_state(installation).get("services", []) if each["state"] != "ready"]
    if troubled:
        state = "problem" if any(each.get("awaited", True) for each in troubled) else "warning"
        text = ", ".join(f"{each['name']} {each['state']}" for each in troubled)
        return Finding("services", state, text, f"podium logs {troubled[0]['name']}")
    return Finding("services", "ok", "all ready")
