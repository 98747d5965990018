"""Real, unmodified agents for tests: installed once by npm, at home in a folder of the test, with no way out.

Their packages are pinned in `tests/fakes/agents`, and kept in `build/agents`. Each is found on PATH as a person's would
be, so Podium's own presets start it; its model is a `ModelEndpoint`.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.model_endpoint import ModelEndpoint

_ROOT = Path(__file__).parents[2]
_PINNED = _ROOT / "tests" / "fakes" / "agents"
_INSTALL_SECONDS = 300
PROGRAMS = {
    "opencode": "opencode-linux-x64/bin/opencode",
    "qwen": "@qwen-code/qwen-code/cli.js",
}
KEY = "sk-loopback-0123456789"


def installed() -> Path:
    """The folder of the packages; installs them the first time. Skips the test, with why, where that cannot be."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: real agents are not driven")
    lock = (_PINNED / "package-lock.json").read_bytes()
    place = _ROOT / "build" / "agents" / hashlib.sha256(lock).hexdigest()[:16]
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (place / "done").exists():
            _install(place)
    return place / "node_modules"


def _install(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(_PINNED, place)
    # Not `npm ci`: it would miss packages of other platforms that the lock of this one does not know.
    words = ["npm", "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--no-progress"]
    try:
        done = subprocess.run(words, cwd=place, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install the agents within {_INSTALL_SECONDS} s: real agents are not driven")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["npm said nothing"])[-1]
        pytest.skip(f"npm could not install the agents ({last[:200]}): real agents are not driven")
    (place / "done").touch()


@dataclass(frozen=True)
class Den:
    """Where one real agent lives in a test: its home, and a folder for PATH that holds its program."""

    name: str
    folder: Path
    environment: dict[str, str]
    """What the process that starts the runner adds to its own environment."""
    connects: Path
    """Where strace notes whom it connects to, if it runs under strace."""

    @property
    def strangers(self) -> list[str]:
        """The addresses beyond this machine that it tried to reach, as strace saw them."""
        if not self.connects.exists():
            return []
        lines = self.connects.read_text(errors="replace").splitlines()
        return [
            line
            for line in lines
            if "sa_family=AF_INET" in line
            and "127.0.0.1" not in line
            and '"::1"' not in line
            and "= 0.0.0.0" not in line
        ]


def den(name: str, folder: Path, model: ModelEndpoint, *, traced: bool = False) -> Den:
    """Make a home for an agent whose model is the endpoint.

    Whom else it wants to reach is told by strace (`traced`), or else by the endpoint, which is its proxy too.
    """
    if traced and shutil.which("strace") is None:
        pytest.skip("strace is missing: nobody could say whom the agent connects to")
    program = installed() / PROGRAMS[name]
    if subprocess.run([program, "--version"], capture_output=True, check=False, timeout=120).returncode:
        pytest.skip(f"{name} does not run on this machine: it is not driven")
    home, programs, connects = folder / "home", folder / "bin", folder / "connects.txt"
    programs.mkdir(parents=True)
    start = f"strace -f --seccomp-bpf -e trace=connect -o {connects} {program}" if traced else str(program)
    (programs / name).write_text(f'#!/bin/sh\nexec {start} "$@"\n')
    (programs / name).chmod(0o755)
    proxy = "" if traced else model.url.removesuffix("/v1")
    environment = {
        "HOME": str(home),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
        **{f"XDG_{kind}_HOME": str(home / f".{kind.lower()}") for kind in ("CONFIG", "DATA", "CACHE", "STATE")},
    }
    more = {"opencode": _opencode, "qwen": _qwen}[name](home, model.url)
    return Den(name, folder, environment | more, connects)


def _opencode(home: Path, url: str) -> dict[str, str]:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": url, "apiKey": KEY},
        "models": {"mock": {"cost": {"input": 1, "output": 2}, "limit": {"context": 100_000, "output": 1000}}},
    }
    settings = {
        "model": "mock/mock",
        "small_model": "mock/mock",
        "enabled_providers": ["mock"],
        "autoupdate": False,
        "share": "disabled",
        "provider": {"mock": provider},
    }
    place = home / ".config" / "opencode"
    _write(place / "opencode.json", settings)
    # It fetches the types of its plugins into this folder, and no setting keeps it from that: they are there already.
    types = {"dependencies": {"@opencode-ai/plugin": "1.18.33"}}
    _write(place / "package.json", types)
    _write(place / "package-lock.json", {"lockfileVersion": 3, "packages": {"": types}})
    (place / "node_modules").mkdir()
    return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}


def _qwen(home: Path, url: str) -> dict[str, str]:
    settings = {
        "telemetry": {"enabled": False},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False},
        "security": {"auth": {"selectedType": "openai"}},
        "model": {"name": "mock"},
    }
    _write(home / ".qwen" / "settings.json", settings)
    return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url, "OPENAI_MODEL": "mock"}


def _write(path: Path, settings: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings, indent=1))
