"""Where a runner keeps its things, below `<data dir>/runner/<runner id>` (or `[runner] workspaces`, for worktrees)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from podium.client.installation import Installation


@dataclass(frozen=True, slots=True)
class Layout:
    """The directories of one runner; making a layout makes none of them, `ensure` does."""

    root: Path
    worktrees: Path
    confirmed: Path
    """An empty file for each content hash of `.podium.toml` that a person confirmed; all runners of a data directory
    share it, and `podium trust` writes it."""

    @classmethod
    def of(cls, data_dir: Path, runner_id: str, workspaces: Path | None = None) -> "Layout":
        """The layout of a runner; worktrees may lie elsewhere, on a larger or faster disk."""
        root = data_dir / "runner" / runner_id
        worktrees = (workspaces / runner_id) if workspaces else root / "worktrees"
        return cls(root, worktrees, Installation(data_dir).confirmed_dir)

    def ensure(self) -> None:
        """Make the directories, closed to everybody else (0700)."""
        for directory in (
            self.root,
            self.worktrees,
            self.agents,
            self.pods,
            self.spool,
            self.processes,
            self.mirrors,
            self.confirmed,
            self.bin,
            self.sessions,
        ):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def agents(self) -> Path:
        """A folder for each agent: its record, its instructions, its output file."""
        return self.root / "agents"

    @property
    def sessions(self) -> Path:
        """A folder for each session of a person: its record, its instructions."""
        return self.root / "sessions"

    @property
    def pods(self) -> Path:
        """A file for each pod: what is known of its workspaces."""
        return self.root / "pods"

    @property
    def spool(self) -> Path:
        """A file for each agent: what it said and the pod has not yet acknowledged."""
        return self.root / "spool"

    @property
    def processes(self) -> Path:
        """The journal of running process groups."""
        return self.root / "processes"

    @property
    def mirrors(self) -> Path:
        """Mirrors of repositories that are named by URL."""
        return self.root / "mirrors"

    @property
    def bin(self) -> Path:
        """The first entry of agents' PATH: `podium`."""
        return self.root / "bin"

    @property
    def positions(self) -> Path:
        """Where to resume the job streams."""
        return self.root / "positions.json"

    @property
    def lock(self) -> Path:
        """Held while the runner lives, so that there is one of its name."""
        return self.root / "runner.lock"

    def agent(self, agent_id: str) -> Path:
        """The folder of an agent."""
        return self.agents / file_name(agent_id)

    def pod_worktrees(self, pod_id: str) -> Path:
        """The folder of a pod's worktrees."""
        return self.worktrees / file_name(pod_id)


def file_name(text: str) -> str:
    """A file name for an id: the id itself where it is harmless, else a hash of it."""
    harmless = text.isascii() and text.replace("_", "").replace("-", "").replace(".", "").isalnum()
    if harmless and not text.startswith(".") and len(text) <= 100:
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:40]
