"""How the command line ends: one number for each kind of end, one sentence for what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OK = 0
FAILED = 1
USAGE = 2
UNAVAILABLE = 3
NOT_FOUND = 4
REFUSED = 5
DENIED = 6
WAITING = 7
NOT_LANDED = 8
INTERRUPTED = 130
BROKEN_PIPE = 141

TABLE: Mapping[int, str] = {
    OK: "done (or detached, or nothing to do)",
    FAILED: "something failed that should not; the message says what",
    USAGE: "the command line is wrong",
    UNAVAILABLE: "Podium is not running here, or cannot be reached",
    NOT_FOUND: "no such task, pod, project, workstream, agent, …",
    REFUSED: "not possible in this state, or an argument was refused",
    DENIED: "the token is missing, wrong, or not allowed to do this",
    WAITING: "the pod waits for a person and nobody is at a terminal",
    NOT_LANDED: "the pod ended without landing (cancelled)",
    INTERRUPTED: "you pressed Ctrl-C (following a pod ends with 0)",
    BROKEN_PIPE: "whoever read the output has had enough",
}


@dataclass(eq=False)
class CliError(Exception):
    """An end with a cause: what happened, what to do about it, and the exit code."""

    message: str
    hint: str = ""
    code: int = FAILED
    details: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message
