"""What the runner remembers of a pod's workspaces, in one small file a pod."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from podium.runner.disk import known_fields, read_json, remove_file, write_json
from podium.runner.layout import file_name

_KEPT_VERDICTS = 50


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """A worktree. `branch` is empty for a detached one."""

    name: str
    worktree: str
    branch: str
    start_commit: str
    port_base: int
    copied: tuple[str, ...] = ()
    conflict_branch: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class PodRecord:
    """A pod's workspaces: where, from which commit, and which worktrees there are."""

    pod_id: str
    repository: str
    branch_prefix: str
    base_branch: str = ""
    base_commit: str = ""
    integrated: str = ""
    """Where the integration branch was last seen."""
    attempts: dict[str, AttemptRecord] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    """Verdicts of the checks by commit."""
    released: bool = False
    landed: bool = False
    """Its work is on the target, though the local branch may not have it (a pull request was merged)."""

    @property
    def integration(self) -> str:
        """The integration branch."""
        return f"{self.branch_prefix}/integration"

    def with_attempt(self, attempt: AttemptRecord) -> "PodRecord":
        return replace(self, attempts={**self.attempts, attempt.name: attempt})

    def without_attempt(self, name: str) -> "PodRecord":
        return replace(self, attempts={k: v for k, v in self.attempts.items() if k != name})

    def with_verdict(self, commit: str, verdict: str) -> "PodRecord":
        recent = list(self.verdicts.items())[-_KEPT_VERDICTS:]
        return replace(self, verdicts={**dict(recent), commit: verdict})


class Records:
    """The records of all pods of this runner."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._cache: dict[str, PodRecord] = {}
        self._cached = False
        """All of them are in the cache."""

    def _path(self, pod_id: str) -> Path:
        return self._directory / f"{file_name(pod_id)}.json"

    def load(self, pod_id: str) -> PodRecord | None:
        """The record of a pod, or None."""
        if pod_id not in self._cache:
            value = read_json(self._path(pod_id))
            if value is None:
                return None
            self._cache[pod_id] = _decode(value)
        return self._cache[pod_id]

    def save(self, record: PodRecord) -> PodRecord:
        """Keep a record, durably."""
        write_json(self._path(record.pod_id), asdict(record))
        self._cache[record.pod_id] = record
        return record

    def remove(self, pod_id: str) -> None:
        """Forget a pod."""
        self._cache.pop(pod_id, None)
        remove_file(self._path(pod_id))

    def all(self) -> list[PodRecord]:
        """Every record, read from the disk: another process (`podium gc`) may have changed them."""
        values = [read_json(path) for path in sorted(self._directory.glob("*.json"))]
        found = [_decode(value) for value in values if value is not None]
        return [self._cache.get(record.pod_id, record) for record in found]

    def free_port_base(self, first: int, step: int = 20, slots: int = 1000) -> int:
        """The lowest range of ports that no worktree has."""
        if not self._cached:
            self._cache = {record.pod_id: record for record in self.all()}
            self._cached = True
        taken = {a.port_base for record in self._cache.values() for a in record.attempts.values()}
        return next((p for i in range(slots) if (p := first + i * step) not in taken), first)


def _decode(value: dict[str, Any]) -> PodRecord:
    attempts = {
        name: AttemptRecord(**{**known_fields(AttemptRecord, attempt), "copied": tuple(attempt["copied"])})
        for name, attempt in value.pop("attempts").items()
    }
    return PodRecord(**known_fields(PodRecord, value), attempts=attempts)
