"""What `podium doctor` says of coding agents: which are here, in which form, and whether they can work.

Nothing is asked over the network: a login is what lies on the disk or stands in the environment.
"""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from podium.cli.findings import COMMAND_SECONDS, Finding
from podium.client.presets import PRESETS, Form, Preset

_VERSION = re.compile(r"\d+(?:\.\d+)+[\w.+-]*")
_TRY = ("--ro-bind", "/", "/", "--unshare-net", "--unshare-pid", "--proc", "/proc", "--dev", "/dev", "--", "/bin/sh")
_BWRAP = "install bubblewrap (apt-get install bubblewrap), or take `sandbox` out of the profile"
_NAMESPACES = "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1; with AppArmor, a profile for bwrap"
_FORMS = {"acp": "ACP form", "command": "command form"}


def findings(environment: Mapping[str, str], config_file: Path) -> list[Finding]:
    """Each known agent on PATH, each profile of podium.toml, and the sandbox; at once, since programs start slowly."""
    path = environment.get("PATH")
    own = _profiles(config_file)
    here = [(preset, form) for preset in PRESETS.values() if preset.name not in own and (form := preset.form(path))]
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(lambda each: _preset(each[0], each[1], environment), here))
        found += pool.map(lambda each: _own(each[0], each[1], environment), own.items())
    if not any(each.state != "problem" for each in found):
        found.append(_none(bool(found)))
    return [*found, sandbox(environment, wanted=any(each.get("sandbox") == "bwrap" for each in own.values()))]


def _none(broken: bool) -> Finding:
    remedy = f"install one of {', '.join(PRESETS)}, or describe your own in podium.toml; `podium demo` needs none"
    text = "none of those that are here works" if broken else "none of the known ones is on PATH"
    return Finding("agents", "warning", text, remedy)


def _preset(preset: Preset, form: Form, environment: Mapping[str, str]) -> Finding:
    name, where = f"agent {preset.name}", f"docs/agents/{preset.name}.md"
    program = preset.name if shutil.which(preset.name, path=environment.get("PATH")) else form.program
    version, problem = _version(program, environment)
    if problem:
        return Finding(name, "problem", f"{program} does not start: {problem}", f"{preset.install} (see {where})")
    how = f"{_FORMS[form.kind]} ({' '.join(form.command[:2])})"
    text = f"{version or 'unknown version'}, {how}"
    if not _logged_in(preset, environment):
        remedy = f"{preset.login}, or set {preset.login_variables[0]} (see {where})"
        return Finding(name, "warning", f"{text}, no login was found", remedy)
    better = preset.forms[0]
    if form.kind == "command" and better.kind == "acp":
        return Finding(name, "ok", f"{text}, logged in; the ACP form wants {better.program}")
    return Finding(name, "ok", f"{text}, logged in")


def _version(program: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """The version that a program says, or why it does not start."""
    found = shutil.which(program, path=environment.get("PATH"))
    if found is None:
        return "", "it is not on PATH"
    try:
        answer = subprocess.run(
            [found, "--version"],
            env=dict(environment),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer to --version in {COMMAND_SECONDS:.0f} s"
    except OSError as error:
        return "", error.strerror or str(error)
    if answer.returncode:
        lines = (answer.stderr or answer.stdout).strip().splitlines()
        return "", lines[-1][:200] if lines else f"exit status {answer.returncode}"
    version = _VERSION.search(answer.stdout)
    return (version[0] if version else ""), ""


def _logged_in(preset: Preset, environment: Mapping[str, str]) -> bool:
    home = Path(environment.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - of the environment that is asked about
    files = any((home / file).exists() for file in preset.login_files)
    return files or any(environment.get(variable) for variable in preset.login_variables)


# -- profiles of podium.toml -----------------------------------------------------------------------------------------


def _profiles(config_file: Path) -> dict[str, dict[str, Any]]:
    """`[profiles]`; what is wrong with the file the runner says."""
    try:
        profiles = tomllib.loads(config_file.read_text(encoding="utf-8")).get("profiles", {})
    except (OSError, ValueError):
        return {}
    return {name: each for name, each in profiles.items() if isinstance(each, dict)}


def _own(name: str, profile: Mapping[str, Any], environment: Mapping[str, str]) -> Finding:
    label, kind = f"profile {name}", profile.get("kind", "command")
    if kind == "scripted":
        scenario = Path(str(profile.get("scenario", "")))
        if scenario.is_file():
            return Finding(label, "ok", f"plays {scenario}")
        return Finding(label, "problem", f"there is no scenario {scenario}", "mend `scenario` in podium.toml")
    command = profile.get("command") or [""]
    program = (command.split() if isinstance(command, str) else command)[0]
    found = shutil.which(str(program), path=environment.get("PATH"))
    if found is None:
        return Finding(label, "problem", f"{program or 'no command'} is not on PATH", "mend `command` in podium.toml")
    inside = ", in a sandbox" if profile.get("sandbox") == "bwrap" else ""
    return Finding(label, "ok", f"{_FORMS.get(kind, kind)} ({program}){inside}")


# -- the sandbox -----------------------------------------------------------------------------------------------------


def sandbox(environment: Mapping[str, str], *, wanted: bool) -> Finding:
    """Whether bwrap can make sandboxes; a problem only where a profile asks for one."""
    worse = "problem" if wanted else "ok"
    program = shutil.which("bwrap", path=environment.get("PATH"))
    if program is None:
        return Finding("sandbox", worse, "bwrap is not installed; profiles can ask for none", _BWRAP if wanted else "")
    version, problem = _version("bwrap", environment)
    if not problem:
        problem = _refusal(program)
    if problem:
        return Finding("sandbox", worse, f"bwrap cannot make one here: {problem}", _NAMESPACES if wanted else "")
    return Finding("sandbox", "ok", f"bwrap {version} works")


def _refusal(program: str) -> str:
    try:
        tried = subprocess.run(
            [program, *_TRY, "-c", ":"], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return tried.stderr.strip()[:200] or "it was refused" if tried.returncode else ""
