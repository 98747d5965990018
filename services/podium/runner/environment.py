"""What processes that the runner starts see of its environment: what is on the list, and nothing else."""

import fnmatch
import functools
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ALLOWED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_*", "COLORTERM"),
    *("XDG_*", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),
)
"""Names that every process may see. A profile adds its own (`env = ["ANTHROPIC_API_KEY"]`)."""

_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSW", "PASSPHRASE", "CREDENTIAL", "COOKIE", "AUTH")
_NO_SECRETS = frozenset({"SSH_AUTH_SOCK", "XAUTHORITY"})
_SHORTEST_SECRET = 8
_IN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:([^/\s@]+)@")
"""The password in an address (`HTTPS_PROXY=http://ann:…@proxy`)."""
_SECRET_OPTION = re.compile(r"--?[\w-]*(?:key|token|secret|passw|credential|auth)[\w-]*(?:=(.+))?", re.IGNORECASE)


def allowed(source: Mapping[str, str], more: Sequence[str] = ()) -> dict[str, str]:
    """The variables whose names match the list; PODIUM_* never pass."""
    return dict(_allowed(frozenset(source.items()), tuple(more)))


@functools.lru_cache(maxsize=64)
def _allowed(source: frozenset[tuple[str, str]], more: tuple[str, ...]) -> dict[str, str]:
    """Remembered: every agent and every step asks, and a runner's environment stays as it is."""
    patterns = (*ALLOWED, *more)
    return {
        name: value
        for name, value in source
        if not name.startswith("PODIUM_") and any(fnmatch.fnmatchcase(name, p) for p in patterns)
    }


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """The values that must not appear in what is kept: judged by their names, and passwords in addresses."""
    named = [value for name, value in environment.items() if name not in _NO_SECRETS and _speaks_of_secrets(name)]
    inside = [found for value in environment.values() for found in _IN_URL.findall(value)]
    return [value for value in (*named, *inside) if len(value) >= _SHORTEST_SECRET]


def secrets_in(words: Sequence[str]) -> list[str]:
    """The same of a command line: `--api-key=…`, `--api-key …`."""
    found = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if option := _SECRET_OPTION.fullmatch(word):
            found.append(option[1] if option[1] is not None else following)
    return [value for value in found if len(value) >= _SHORTEST_SECRET and not value.startswith(("-", "{"))]


def _speaks_of_secrets(name: str) -> bool:
    return any(word in name.upper() for word in _SECRET_WORDS)


def install_command(directory: Path) -> None:
    """Put `podium` into a folder of its own, for agents' PATH.

    Our own environment's folder would bring along a `python` that shadows the one the repository expects.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    start = "from podium.cli.main import main; main()"
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -c {shlex.quote(start)} "$@"\n'
    target = directory / "podium"
    temporary = directory / f"podium.{os.getpid()}"
    temporary.write_text(script)
    temporary.chmod(0o755)
    temporary.replace(target)
