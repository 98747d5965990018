"""A home for a test: the shells that Podium starts in it read no file of whoever runs the tests.

What stands in a person's own ~/.bashrc may wait for the network, or for a lock that a shell of another run left behind.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

SHELL = shutil.which("bash") or "/bin/sh"
_OF_THE_PERSON = {
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
    *("BASH_ENV", "ENV", "PROMPT_COMMAND"),
}
_FILES = {
    ".profile": '[ -z "$BASH" ] || . "$HOME/.bashrc"\n',
    ".bashrc": "PS1='$ '\nPROMPT_COMMAND=\nHISTFILE=\n",
    ".hushlogin": "",
}


def a_home(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """This environment, for somebody whose home is the folder, and whose shell has a plain prompt."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    kept = {name: value for name, value in environment.items() if name not in _OF_THE_PERSON}
    return {**kept, "HOME": str(folder), "SHELL": SHELL}
