"""What the runner remembers of an agent, on disk: enough for the next runner to say what became of it."""

import base64
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from podium.jobs.v1.job_events_pb2 import JobIssued, LaunchOrder
from podium.pods.v1.pod_pb2 import AGENT_KIND_RESOLVER, AGENT_KIND_WORKER
from podium.runner.disk import known_fields, read_json, write_json
from podium.runner.layout import file_name
from podium.runner.workspaces.service import Place

RECORD = "record.json"


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """An agent of this runner. `result` is what it said at its end: `complete` or `fail`, and the words."""

    agent_id: str
    pod_id: str
    job: str
    """The LAUNCH order, encoded."""
    token: str = ""
    worktree: str = ""
    """The name of its worktree."""
    verdict: str = ""
    words: str = ""
    submitted: bool = False
    ended: bool = False
    traceparent: str = ""
    """The trace of the call that led to it; its reports belong to it."""
    session: str = ""
    """The id of its ACP session, where its program can load it again after a crash of the runner."""

    @property
    def order(self) -> JobIssued:
        """The LAUNCH order."""
        return JobIssued.FromString(base64.b64decode(self.job))

    @property
    def place(self) -> Place:
        """Where its pod works."""
        return place_of(self.order)


def worktree_of(launch: LaunchOrder) -> str:
    """The name of an agent's worktree: its workstream's attempt, or itself where it writes no code."""
    has_branch = launch.kind in (AGENT_KIND_WORKER, AGENT_KIND_RESOLVER)
    return f"{launch.workstream_id}.{launch.attempt}" if has_branch else launch.agent_id


def place_of(job: JobIssued) -> Place:
    """Where a job's pod works."""
    w = job.workspace
    return Place(w.repository, w.branch_prefix, w.base_branch, w.base_commit)


class AgentRecords:
    """The records of all agents, each in the agent's folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @staticmethod
    def begin(job: JobIssued, traceparent: str = "") -> AgentRecord:
        """The record of an agent that is about to be claimed; kept once it is ours (it tells nothing before)."""
        encoded = base64.b64encode(job.SerializeToString()).decode()
        launch = job.launch
        return AgentRecord(launch.agent_id, job.pod_id, encoded, worktree=worktree_of(launch), traceparent=traceparent)

    def save(self, record: AgentRecord) -> AgentRecord:
        """Keep a record, durably."""
        write_json(self.folder(record.agent_id) / RECORD, asdict(record))
        return record

    def change(self, record: AgentRecord, **values: Any) -> AgentRecord:
        """Keep a changed record, durably."""
        return self.save(replace(record, **values))

    def load(self, agent_id: str) -> AgentRecord | None:
        """The record of an agent, or None."""
        value = read_json(self.folder(agent_id) / RECORD)
        return AgentRecord(**known_fields(AgentRecord, value)) if value is not None else None

    def all(self) -> list[AgentRecord]:
        """Every record."""
        values = [read_json(path) for path in sorted(self._directory.glob(f"*/{RECORD}"))]
        return [AgentRecord(**known_fields(AgentRecord, value)) for value in values if value is not None]

    def folder(self, agent_id: str) -> Path:
        """The agent's folder."""
        return self._directory / file_name(agent_id)

    def remove(self, agent_id: str) -> None:
        """Forget an agent."""
        shutil.rmtree(self.folder(agent_id), ignore_errors=True)
