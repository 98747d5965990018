"""The pod's work as a whole: merged, verified, landed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from podium.runner.workspaces import worktrees
from podium.runner.workspaces.branches import seen_target
from podium.runner.workspaces.commands import StepResult, Verdict
from podium.runner.workspaces.diffs import Diff, Size, make_diff, measure
from podium.runner.workspaces.errors import SetupError
from podium.runner.workspaces.landing import Blocked, Landed, Landing
from podium.runner.workspaces.merging import Conflict, merge_branch, merges
from podium.runner.workspaces.proposing import Proposal, Proposed, Proposing
from podium.runner.workspaces.record import AttemptRecord, PodRecord
from podium.runner.workspaces.repository import Repository
from podium.runner.workspaces.repository_file import read_repository_file
from podium.runner.workspaces.service import OnOutput, Place, Workspaces, ignore


@dataclass(frozen=True, slots=True)
class Verified:
    """The integrated work: its commit, the checks' verdict on it, its size and its diffs."""

    commit: str
    checks: StepResult
    size: Size
    diffs: dict[str, Diff]
    """By workstream; the empty id is the whole against the base."""


async def merge(
    workspaces: Workspaces, pod_id: str, place: Place, *, branch: str, title: str, job_id: str, workstream_id: str
) -> str | Conflict:
    """Merge a workstream's branch into the pod's integration branch; idempotent by the job's id."""
    repository, record = await workspaces.open(pod_id, place)
    merged = await merge_branch(
        repository,
        integration=record.integration,
        base_commit=record.base_commit,
        branch=branch,
        title=title,
        job_id=job_id,
        workstream_id=workstream_id,
    )
    if isinstance(merged, str):  # of a repeated job it may be an older commit than the branch's
        tip = await repository.git.commit_of(f"refs/heads/{record.integration}")
        workspaces.saw_integrated(pod_id, tip or merged)
    return merged


async def verify(workspaces: Workspaces, pod_id: str, place: Place, on_output: OnOutput = ignore) -> Verified:
    """Run the checks on the integration tip and make the diffs for the review."""
    repository, record = await workspaces.open(pod_id, place)
    git = repository.git
    tip = await git.commit_of(f"refs/heads/{record.integration}")
    result = await _checks_at(workspaces, repository, record, tip, on_output)
    _remember(workspaces, pod_id, tip, result.verdict)
    diffs = {"": await make_diff(git, [(record.base_commit, tip)])}
    by_workstream: dict[str, list[tuple[str, str]]] = {}
    for merged in reversed(await merges(git, record.base_commit, tip)):
        by_workstream.setdefault(merged.workstream_id, []).append((f"{merged.commit}^1", merged.commit))
    for workstream_id, ranges in by_workstream.items():
        if workstream_id:
            diffs[workstream_id] = await make_diff(git, ranges)
    return Verified(tip, result, await measure(git, record.base_commit, tip), diffs)


async def land(
    workspaces: Workspaces,
    pod_id: str,
    place: Place,
    *,
    integration_commit: str,
    title: str,
    job_id: str,
    on_output: OnOutput = ignore,
) -> Landed | Conflict | Blocked:
    """Bring the approved commit to the target branch."""
    repository, record = await workspaces.open(pod_id, place)
    if not await repository.git.commit_of(integration_commit):
        return Blocked(f"{place.repository} does not have the approved commit {integration_commit}")
    order = Landing(
        repository=repository,
        target=record.base_branch,
        base_commit=record.base_commit,
        integration=record.integration,
        integration_commit=integration_commit,
        title=title,
        job_id=job_id,
        accepts_red=record.verdicts.get(integration_commit) == Verdict.FAILED.value,
    )
    outcome = await order.run(_checker(workspaces, repository, record, on_output))
    if isinstance(outcome, Conflict):  # with the branch itself, not with what a remote had before
        await repository.git.run("update-ref", "-d", seen_target(record.branch_prefix))
    return outcome


async def propose(
    workspaces: Workspaces,
    pod_id: str,
    place: Place,
    *,
    integration_commit: str,
    title: str,
    body: str,
    known_forges: Mapping[str, str],
) -> tuple[Landed | Conflict | Blocked | Proposed, Proposal | None]:
    """Push the approved commit and have a pull request ask for it; says also what is known of the request."""
    repository, record = await workspaces.open(pod_id, place)
    if not await repository.git.commit_of(integration_commit):
        return Blocked(f"{place.repository} does not have the approved commit {integration_commit}"), None
    order = Proposing(
        repository=repository,
        target=record.base_branch,
        branch=record.branch_prefix,
        commit=integration_commit,
        title=title,
        body=body,
        known_forges=known_forges,
    )
    outcome, proposal = await order.run()
    if isinstance(outcome, Landed):
        workspaces.mark_landed(pod_id)
    return outcome, proposal


def _checker(
    workspaces: Workspaces, repository: Repository, record: PodRecord, on_output: OnOutput
) -> Callable[[str], Awaitable[StepResult]]:
    async def check(commit: str) -> StepResult:
        return await _checks_at(workspaces, repository, record, commit, on_output)

    return check


async def _checks_at(
    workspaces: Workspaces, repository: Repository, record: PodRecord, commit: str, on_output: OnOutput
) -> StepResult:
    """The checks on a commit, in a worktree of its own that is set up like any other and removed afterwards."""
    read = await read_repository_file(repository.git, record.base_commit)
    if not read.content.checks.run:
        return StepResult(Verdict.NONE)
    name = f"verify-{commit[:12]}"
    path = workspaces.layout.pod_worktrees(record.pod_id) / name
    if path.exists():
        await worktrees.remove(repository, path)
    port = workspaces.records.free_port_base(workspaces.first_port)
    attempt = AttemptRecord(name, str(path), "", commit, port)
    try:
        await worktrees.add(repository, path, commit)
        await workspaces.fill(repository, record, attempt, on_output)
        return await workspaces.runner(port).run(
            read.content.checks,
            read.content.limit_of("checks"),
            path,
            f"checks-{record.pod_id}-{name}",
            on_output,
        )
    except SetupError as error:
        return StepResult(Verdict.FAILED, str(error), error.output)
    finally:
        await worktrees.remove(repository, path)


def _remember(workspaces: Workspaces, pod_id: str, commit: str, verdict: Verdict) -> None:
    record = workspaces.records.load(pod_id)
    if record is not None:
        workspaces.records.save(record.with_verdict(commit, verdict.value))
