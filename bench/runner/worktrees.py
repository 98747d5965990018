"""Fifty attempts at once on one repository: worktrees made, work committed, branches merged; seconds and failures."""

import asyncio
import os
import resource
import time
from pathlib import Path

from bench.report import Row
from podium.runner.layout import Layout
from podium.runner.processes.journal import Journal
from podium.runner.workspaces import review
from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.merging import Conflict
from podium.runner.workspaces.service import AttemptOrder, Place, Workspaces

MANY = 50
POD = "task_bench"
PREFIX = "podium/bench"


class Attempts:
    """The attempts of one pod on one repository."""

    def __init__(self, folder: Path, where: Path) -> None:
        layout = Layout.of(folder, "bench")
        layout.ensure()
        self._workspaces = Workspaces(layout, Journal(layout.processes), "local", time.monotonic)
        self._place = Place(str(where), PREFIX, "main")
        self.failures = 0

    async def make(self, number: int) -> None:
        """A worktree with its branch."""
        name = f"ws-{number}.1"
        await self._workspaces.prepare(POD, self._place, AttemptOrder(name, f"{PREFIX}/{name}"))

    async def commit(self, number: int) -> None:
        """Something that an agent left behind."""
        name = f"ws-{number}.1"
        path = self._workspaces.layout.pod_worktrees(POD) / name / f"work{number}.txt"
        await asyncio.to_thread(path.write_text, "work\n")
        await self._workspaces.finish(POD, self._place, name, "work")

    async def merge(self, number: int) -> None:
        """Into the integration branch, all of them by one lock."""
        branch = f"{PREFIX}/ws-{number}.1"
        merged = await review.merge(
            *(self._workspaces, POD, self._place),
            branch=branch,
            title="work",
            job_id=f"job_{number}",
            workstream_id=f"ws-{number}",
        )
        if isinstance(merged, Conflict):
            raise WorkspaceError(f"{branch} conflicts in {merged.paths}")

    async def all(self, step: str) -> float:
        """A step of all at once; seconds."""
        begin = time.monotonic()
        done = await asyncio.gather(*(getattr(self, step)(n) for n in range(MANY)), return_exceptions=True)
        self.failures += sum(isinstance(each, BaseException) for each in done)
        return time.monotonic() - begin


async def rows(folder: Path, where: Path) -> list[Row]:
    """The figures."""
    attempts = Attempts(folder, where)
    before = _processor_seconds()
    seconds = {step: await attempts.all(step) for step in ("make", "commit", "merge")}
    processor = _processor_seconds() - before
    failures = float(attempts.failures)
    return [
        Row(f"{MANY} worktrees at once: made", seconds["make"], "s"),
        Row(f"{MANY} worktrees at once: committed", seconds["commit"], "s"),
        Row(f"{MANY} worktrees at once: merged", seconds["merge"], "s"),
        Row("all of it, on all cores: processor time", processor, f"s of {os.cpu_count()} cores"),
        Row("failures", failures, "", target="0", met=failures == 0),
    ]


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
