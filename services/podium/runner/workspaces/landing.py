"""Landing: the integrated work reaches the target branch, or it is said why not.

1. Candidate C: the integration commit if it descends from the target, else their merge, made outside any checkout.
2. Checks on C, unlocked: they may take long. (The integration commit itself was verified for the review.)
3. Locked: the target has not moved → fast-forward in the checkout that has it, or by ref where none has, or a push
   without force. It moved → from 1, three times.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from podium.runner.workspaces.branches import Move, Outcome, move, tell_checkout
from podium.runner.workspaces.commands import StepResult, Verdict
from podium.runner.workspaces.git import REMOTE_SECONDS, Git
from podium.runner.workspaces.merging import (
    JOB_TRAILER,
    Conflict,
    commit_merge,
    merge_tree,
    merges,
    push,
)
from podium.runner.workspaces.repository import Repository

RETRIES = 3


@dataclass(frozen=True, slots=True)
class Landed:
    """The target holds the work, with this commit."""

    commit: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Not now: why, and the command that mends it; output of red checks where they are the cause."""

    error: str
    checks_output: str = ""


Checks = Callable[[str], Awaitable[StepResult]]
"""Runs the repository's checks on a commit."""


@dataclass(frozen=True, slots=True)
class Landing:
    """One order to land `integration_commit` on `target`."""

    repository: Repository
    target: str
    base_commit: str
    integration: str
    integration_commit: str
    title: str
    job_id: str
    accepts_red: bool
    """The review approved red checks knowingly: those of the candidate do not stop it either."""

    async def run(self, checks: Checks) -> Landed | Conflict | Blocked:
        """Do it; a repeat finds what the first one did."""
        for _ in range(1 + RETRIES):
            await self.repository.fetch()
            git = self.repository.git
            tip = await self.repository.target_commit(self.target)
            if not tip:
                return Blocked(
                    f"the target branch {self.target} is gone. Make it again, then land: "
                    f"git -C {self._where} branch {self.target} {self.base_commit}"
                )
            if await git.is_ancestor(self.integration_commit, tip):
                return Landed(await self._landed_before(git, tip))
            candidate = await self._candidate(git, tip)
            if isinstance(candidate, Conflict):
                return candidate
            if blocked := await self._red(candidate, checks):
                return blocked
            outcome = await self._move(candidate, tip)
            if outcome is not None:
                return outcome
        return Blocked(
            f"{self.target} moved {RETRIES + 1} times while the work was being landed; land again when it rests"
        )

    @property
    def _where(self) -> str:
        return self.repository.location if not self.repository.remote else str(self.repository.common)

    async def _landed_before(self, git: Git, tip: str) -> str:
        for merged in await merges(git, self.base_commit, tip):
            if merged.job_id == self.job_id:
                return merged.commit
        return self.integration_commit

    async def _candidate(self, git: Git, tip: str) -> str | Conflict:
        if await git.is_ancestor(tip, self.integration_commit):
            return self.integration_commit
        tree = await merge_tree(git, tip, self.integration_commit)
        if isinstance(tree, Conflict):
            return tree
        title = f"Merge: {self.title}" if self.title else f"Merge {self.integration}"
        trailers = {JOB_TRAILER: self.job_id}
        return await commit_merge(git, self.repository, tree, (tip, self.integration_commit), title, trailers)

    async def _red(self, candidate: str, checks: Checks) -> Blocked | None:
        if candidate == self.integration_commit:
            return None
        result = await checks(candidate)
        if result.verdict is not Verdict.FAILED or self.accepts_red:
            return None
        return Blocked(
            f"the checks fail on the work merged with {self.target} as it stands now: {result.reason}", result.output
        )

    async def _move(self, candidate: str, tip: str) -> Landed | Blocked | None:
        """The locked step; None: the target moved, try again."""
        async with self.repository.locked() as git:
            if self.repository.remote:
                return await self._push(git, candidate, tip)
            done = await move(git, self.target, candidate, tip)
        if done.outcome is Outcome.CHANGED:
            return None
        if done.outcome is Outcome.REFUSED:
            return self._refused(done, candidate)
        if done.checkout is not None:
            await tell_checkout(self.repository, done.checkout)  # without the lock: a hook takes its time
        return Landed(candidate)

    async def _push(self, git: Git, candidate: str, tip: str) -> Landed | Blocked | None:
        refusal = await push(git, candidate, self.target, REMOTE_SECONDS)
        await git.run("fetch", "--quiet", "--prune", "origin", seconds=REMOTE_SECONDS)
        now = await self.repository.target_commit(self.target)
        if now == candidate:
            return Landed(candidate)
        if now != tip:
            return None
        command = f"git -C {self.repository.common} push origin {candidate}:refs/heads/{self.target}"
        return Blocked(f"the push was refused: {refusal}. By hand: {command}")

    def _refused(self, done: Move, candidate: str) -> Blocked:
        where = done.checkout or self._where
        return Blocked(
            f"{done.reason}. The work stays on {self.integration}; commit or stash there, then land again, "
            f"or by hand: git -C '{where}' merge --ff-only {candidate}"
        )
