"""What the supervisor lets others see: `run/supervisor.json`, replaced whole at each change.

`{version, pid, start_time, phase, services: [{name, address, log, awaited, version, state, pid, start_time, restarts,
last_exit, pause_seconds}]}`
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

STATE_FILE = "supervisor.json"
LOCK_FILE = "supervisor.lock"


@dataclass(slots=True)
class ServiceState:
    """One service as it stands; `state` is starting, ready, unready, pausing or stopped."""

    name: str
    address: str
    log: str
    awaited: bool = True
    """Whether the installation is ready only with it."""
    version: str = ""
    """The one that was installed when its process was started."""
    state: str = "starting"
    pid: int = 0
    start_time: str = ""
    restarts: int = 0
    last_exit: str = ""
    pause_seconds: float = 0.0


@dataclass(slots=True)
class SupervisorState:
    """All of it; `phase` is starting, ready, stopping or stopped."""

    version: str
    pid: int
    start_time: str
    phase: str = "starting"
    services: list[ServiceState] = field(default_factory=list)

    def save(self, run_dir: Path) -> None:
        """Replaces the file; readers see the old or the new one, never a part."""
        path = run_dir / STATE_FILE
        temporary = path.with_name(f".{STATE_FILE}.{os.getpid()}")
        temporary.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        temporary.replace(path)


def load(run_dir: Path) -> dict[str, Any] | None:
    """What the last supervisor wrote; None where none did, or where it cannot be read."""
    try:
        document = json.loads((run_dir / STATE_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return document if isinstance(document, dict) else None
