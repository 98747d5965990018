"""What `podium doctor` finds, and how it asks other programs."""

import subprocess
from dataclasses import dataclass

COMMAND_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: `state` is ok, warning or problem; `remedy` says how to mend what is not ok."""

    name: str
    state: str
    text: str
    remedy: str = ""


def output(*command: str) -> str | None:
    """What a command says, without its errors; None where it is not there, or does not answer in time."""
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout
