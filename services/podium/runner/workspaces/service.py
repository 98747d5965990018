"""The workspaces of a runner: opened for a pod, prepared for an attempt, brought to a commit at its end."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from podium.runner.environment import allowed
from podium.runner.layout import Layout, file_name
from podium.runner.processes.journal import Journal
from podium.runner.workspaces import worktrees
from podium.runner.workspaces.branches import NO_COMMIT, seen_target
from podium.runner.workspaces.commands import Runner, StepResult, Verdict
from podium.runner.workspaces.copying import copy_files
from podium.runner.workspaces.errors import SetupError, WorkspaceError
from podium.runner.workspaces.locks import Locks
from podium.runner.workspaces.record import AttemptRecord, PodRecord, Records
from podium.runner.workspaces.repository import Opened, Repository
from podium.runner.workspaces.repository_file import ReadFile, RepositoryFile, Trust, read_repository_file
from podium.runner.workspaces.worktrees import Finished

OnOutput = Callable[[bytes], None]
FIRST_PORT = 21000
_KEPT_FILES = 500


def ignore(_: bytes) -> None:
    """Where nobody wants the output."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pod works, as its jobs say it; an empty base branch is the one checked out."""

    repository: str
    branch_prefix: str
    base_branch: str = ""
    base_commit: str = ""


@dataclass(frozen=True, slots=True)
class AttemptOrder:
    """The worktree that is wanted: `name` is unique in the pod; no branch makes it a detached one."""

    name: str
    branch: str = ""
    conflict_branch: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A worktree that is ready for its agent."""

    attempt: AttemptRecord
    base_commit: str
    file: RepositoryFile
    identity: Mapping[str, str]

    @property
    def path(self) -> Path:
        return Path(self.attempt.worktree)


class Workspaces:
    """All workspaces of this runner."""

    def __init__(
        self,
        layout: Layout,
        journal: Journal,
        trust_policy: str,
        clock: Callable[[], float],
        first_port: int = FIRST_PORT,
    ) -> None:
        self.layout = layout
        self.records = Records(layout.pods)
        self.trust = Trust(layout.confirmed, trust_policy)
        self._journal = journal
        self._clock = clock
        self.first_port = first_port
        self._opened = Opened(layout.mirrors, Locks())
        self._files: dict[tuple[Path, str], ReadFile] = {}
        self._prompts: dict[tuple[Path, str, str], bytes | None] = {}
        """What commits hold does not change: it is read once."""
        self._opening: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def repository(self, location: str) -> Repository:
        """The repository of a location. Raises WorkspaceError."""
        return await self._opened.get(location)

    async def open(self, pod_id: str, place: Place) -> tuple[Repository, PodRecord]:
        """The pod's repository and record; the first time resolves the base and makes the integration branch."""
        repository, record, _ = await self._look(pod_id, place)
        return repository, record

    async def _look(self, pod_id: str, place: Place, *branches: str) -> tuple[Repository, PodRecord, list[str]]:
        """The repository, the record, and where the integration branch and some others stand (empty: nowhere)."""
        repository = await self.repository(place.repository)
        async with self._opening[pod_id]:
            record = self.records.load(pod_id)
            if record is None or not record.base_commit:
                record = await self._found(repository, pod_id, place)
        names = [f"refs/heads/{branch}" for branch in (record.integration, *branches) if branch]
        base, tip, *others = await repository.git.commits(record.base_commit, *names)
        if not base:
            raise WorkspaceError(f"{place.repository} no longer has the base commit {record.base_commit}")
        if not tip:
            where = repository.common if repository.remote else place.repository
            raise WorkspaceError(
                f"the integration branch {record.integration} is gone from {place.repository}. Make it again, then go "
                f"on: git -C '{where}' branch {record.integration} {record.integrated or base}"
            )
        self.saw_integrated(pod_id, tip)
        return repository, record, [tip, *others]

    def saw_integrated(self, pod_id: str, tip: str) -> None:
        """Remember where the integration branch stands, so that one that is deleted can be made again."""
        record = self.records.load(pod_id)
        if record is not None and record.integrated != tip:
            self.records.save(replace(record, integrated=tip))

    async def _found(self, repository: Repository, pod_id: str, place: Place) -> PodRecord:
        await repository.fetch()
        branch = place.base_branch or await repository.default_branch()
        record = PodRecord(pod_id, place.repository, place.branch_prefix, branch)
        target, made = await repository.git.commits(repository.target_ref(branch), f"refs/heads/{record.integration}")
        base = place.base_commit or target
        if not base:
            raise WorkspaceError(f"{place.repository} has no branch {branch} with a commit")
        # Where the branch is there already, an earlier run of this job made it.
        if not place.base_commit and not made:
            async with repository.locked() as git:
                await git.run("update-ref", f"refs/heads/{record.integration}", base, NO_COMMIT)
        return self.records.save(replace(record, base_commit=base, integrated=made or base))

    async def prepare(self, pod_id: str, place: Place, order: AttemptOrder, on_output: OnOutput = ignore) -> Prepared:
        """Make a worktree from the integration branch, fill and set it up. Raises WorkspaceError, SetupError."""
        repository, record, (start, *there) = await self._look(pod_id, place, order.branch)
        conflict_ref = await self._conflicting(repository, record, order.conflict_branch)
        path = self.layout.pod_worktrees(pod_id) / file_name(order.name)
        if path.exists():
            await worktrees.remove(repository, path)
        port = self.records.free_port_base(self.first_port)
        attempt = AttemptRecord(order.name, str(path), order.branch, start, port, conflict_branch=order.conflict_branch)
        self._update(pod_id, lambda r: r.with_attempt(attempt))
        identity = await repository.identity()
        if any(there):
            await worktrees.set_aside(repository, order.branch, start)
        missing = await worktrees.add(repository, path, start, order.branch, conflict_ref, identity)
        on_output("".join(f"{line}\n" for line in missing).encode())
        file, filled = await self.fill(repository, record, attempt, on_output)
        if filled != attempt:
            self._update(pod_id, lambda r: r.with_attempt(filled))
        return Prepared(filled, record.base_commit, file, identity)

    @staticmethod
    async def _conflicting(repository: Repository, record: PodRecord, branch: str) -> str:
        """The ref whose conflict is to be resolved: of the target as it was met, which may be that of a remote."""
        if not branch:
            return ""
        names = [f"refs/heads/{branch}"]
        if branch == record.base_branch:
            names = [seen_target(record.branch_prefix), repository.target_ref(branch)]
        for name, commit in zip(names, await repository.git.commits(*names), strict=True):
            if commit:
                return name
        raise WorkspaceError(f"the branch {branch}, whose conflict is to be resolved, is gone")

    async def fill(
        self, repository: Repository, record: PodRecord, attempt: AttemptRecord, on_output: OnOutput
    ) -> tuple[RepositoryFile, AttemptRecord]:
        """Copy what the repository wants copied, and run its setup. Raises WorkspaceError, SetupError."""
        read = await self.file(repository, record.base_commit)
        self.trust.check(read, repository.location, remote=repository.remote)
        path = Path(attempt.worktree)
        if read.content.copy_files and not repository.remote:
            source = Path(repository.location)
            copied = await asyncio.to_thread(copy_files, source, path, read.content.copy_files)
            attempt = replace(attempt, copied=tuple(copied))
        result = await self.runner(attempt.port_base).run(
            read.content.setup, read.content.limit_of("setup"), path, f"setup-{record.pod_id}-{attempt.name}", on_output
        )
        if result.verdict is Verdict.FAILED:
            raise SetupError(f"setup failed: {result.reason}", result.output)
        return read.content, attempt

    def runner(self, port_base: int) -> Runner:
        """What runs the repository's own commands in a worktree."""
        environment = {**allowed(os.environ), "PODIUM_PORT_BASE": str(port_base)}
        return Runner(self._journal, environment, self._clock)

    async def finish(self, pod_id: str, place: Place, name: str, message: str) -> Finished:
        """Commit what an attempt left and see what it came to. Raises WorkspaceError."""
        repository, record = await self.open(pod_id, place)
        return await worktrees.finish(repository, self._attempt(record, name), message)

    async def check(self, pod_id: str, place: Place, name: str, on_output: OnOutput = ignore) -> StepResult:
        """Run the repository's checks in an attempt's worktree."""
        repository, record = await self.open(pod_id, place)
        attempt = self._attempt(record, name)
        read = await self.file(repository, record.base_commit)
        self.trust.check(read, repository.location, remote=repository.remote)
        return await self.runner(attempt.port_base).run(
            read.content.checks,
            read.content.limit_of("checks"),
            Path(attempt.worktree),
            f"checks-{pod_id}-{name}",
            on_output,
        )

    async def prompt_override(self, pod_id: str, place: Place, path: str) -> bytes | None:
        """A file of the base commit; None where it has none."""
        repository = await self.repository(place.repository)
        record = self.records.load(pod_id)
        commit = record.base_commit if record is not None else place.base_commit
        key = (repository.common, commit, path)
        if key not in self._prompts:
            if len(self._prompts) >= _KEPT_FILES:
                self._prompts.clear()
            (found,) = await repository.git.objects(f"{commit}:{path}")
            self._prompts[key] = found if isinstance(found, bytes) else None
        return self._prompts[key]

    async def file(self, repository: Repository, commit: str) -> ReadFile:
        """The repository file of a commit; what a commit holds is read once. Raises WorkspaceError."""
        key = (repository.common, commit)
        if key not in self._files:
            if len(self._files) >= _KEPT_FILES:
                self._files.clear()
            self._files[key] = await read_repository_file(repository.git, commit)
        return self._files[key]

    async def drop(self, pod_id: str, place: Place, name: str) -> None:
        """Remove a worktree that nobody needs any more; its branch stays."""
        repository, record = await self.open(pod_id, place)
        if (attempt := record.attempts.get(name)) is not None:
            await worktrees.remove(repository, Path(attempt.worktree))
            self._update(pod_id, lambda r: r.without_attempt(name))

    def mark_failed(self, pod_id: str, name: str) -> None:
        """An attempt came to nothing: its worktree is kept for people to look at."""
        record = self.records.load(pod_id)
        if record is not None and (attempt := record.attempts.get(name)) is not None:
            self.records.save(record.with_attempt(replace(attempt, failed=True)))

    def mark_landed(self, pod_id: str) -> None:
        """The work is on the target, wherever that is: its branches need not be kept."""
        self._update(pod_id, lambda record: replace(record, landed=True))

    @staticmethod
    def _attempt(record: PodRecord, name: str) -> AttemptRecord:
        attempt = record.attempts.get(name)
        if attempt is None or not Path(attempt.worktree).is_dir():
            raise WorkspaceError(f"the worktree of {name} is gone")
        return attempt

    def _update(self, pod_id: str, change: Callable[[PodRecord], PodRecord]) -> None:
        record = self.records.load(pod_id)
        assert record is not None
        self.records.save(change(record))
