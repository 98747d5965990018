"""Landing by a pull request: the branch is pushed, the request opened or found, and asked whether it was merged.

1. Fetch the target as the remote has it. The request was merged, or the target has all of the work → landed.
2. It does not merge → CONFLICT. Else push, never by force, as the user would (their `pre-push` hook runs).
3. The forge's program finds the open request, or opens one; without it a person gets the address and the text.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from podium.runner.workspaces.branches import seen_target
from podium.runner.workspaces.errors import GitError, WorkspaceError
from podium.runner.workspaces.forges import Forge, Request, Tool, forge_of, tool_for
from podium.runner.workspaces.git import REMOTE_SECONDS, Git
from podium.runner.workspaces.landing import Blocked, Landed
from podium.runner.workspaces.merging import Conflict, merge_tree
from podium.runner.workspaces.repository import Repository

_log = logging.getLogger(__name__)

TITLE_LETTERS = 200
TO_OPEN = "to_open"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is known of the request: with a number it exists; in the state `to_open` a person opens it at `url`."""

    provider: str = ""
    kind: str = "pull_request"
    number: int = 0
    url: str = ""
    state: str = TO_OPEN
    branch: str = ""
    title: str = ""
    body: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The commit is pushed, and a request asks for it, or a person must open one."""

    commit: str
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Proposing:
    """One order to propose `commit` for `target`."""

    repository: Repository
    target: str
    branch: str
    commit: str
    title: str
    body: str
    known_forges: Mapping[str, str]

    async def run(self) -> tuple[Landed | Conflict | Blocked | Proposed, Proposal | None]:
        """Do it, and say what is known of the request; a repeat finds what the first one did."""
        remote = await self._remote()
        if not remote:
            return Blocked(
                f"{self.repository.location} has no remote to push to: add one (git remote add origin …), "
                "or land on the branch: podium land --target"
            ), None
        forge = await self._forge(remote)
        tool = tool_for(forge, self._git.directory) if forge else None
        proposal = self._proposal(forge)
        known, error = await self._known(tool)
        if known is not None and known.state == "merged":
            return Landed(known.merged_as or self.commit), _with(proposal, known)
        stands = await self._bring_up(remote)
        if stands is not None:
            landed = isinstance(stands, Landed)
            return stands, replace(_with(proposal, known) if known else proposal, state="merged") if landed else None
        if tool is not None and known is None and not error:
            known, error = await self._open(tool)
        found = _with(proposal, known) if known is not None else replace(proposal, error=error)
        return Proposed(self.commit, found), found

    async def _bring_up(self, remote: str) -> Landed | Conflict | Blocked | None:
        """Push, where the target has not the work and does not conflict with it."""
        tip = await self._target_tip(remote)
        if not tip:
            return Blocked(f"the target branch {self.target} is gone from {remote}: push it, then land again")
        stands = await self._against(tip)
        if not isinstance(stands, Conflict):  # a RESOLVER merges with it; else its objects stay long enough
            await self._git.run("update-ref", "-d", seen_target(self.branch))
        if stands is None and (refusal := await self._push(remote)):
            return Blocked(self._refused(remote, refusal))
        return stands

    @property
    def _git(self) -> Git:
        """As the user: in their checkout, or in the mirror."""
        return self.repository.git if self.repository.remote else Git(Path(self.repository.location))

    def _proposal(self, forge: Forge | None) -> Proposal:
        title = " ".join(self.title.split())[:TITLE_LETTERS]
        if forge is None:
            return Proposal(branch=self.branch, title=title, body=self.body)
        url = forge.opening(self.branch, self.target, title)
        return Proposal(forge.provider, forge.kind, url=url, branch=self.branch, title=title, body=self.body)

    async def _remote(self) -> str:
        """The remote that the target branch follows, else `origin`, else the only one."""
        if self.repository.remote:
            return "origin"
        names = (await self._git.text("remote")).splitlines()
        followed = (await self._git.run("config", f"branch.{self.target}.remote", ok=(0, 1))).text
        wanted = [name for name in (followed, "origin") if name in names]
        return next(iter(wanted), names[0] if len(names) == 1 else "")

    async def _forge(self, remote: str) -> Forge | None:
        """By the address that git uses, else by the one that is written down (`insteadOf` may stand between)."""
        used = await self._git.text("remote", "get-url", remote)
        written = (await self._git.run("config", f"remote.{remote}.url", ok=(0, 1))).text
        return forge_of(used, self.known_forges) or forge_of(written, self.known_forges)

    async def _target_tip(self, remote: str) -> str:
        """Where the remote has the target; none of the user's refs is moved for it."""
        if self.repository.remote:
            await self.repository.fetch()
            return await self.repository.target_commit(self.target)
        ref = seen_target(self.branch)
        words = ("--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", remote)
        try:
            await self._git.run("fetch", *words, f"+refs/heads/{self.target}:{ref}", seconds=REMOTE_SECONDS)
        except GitError as error:
            if "couldn't find remote ref" in error.said:
                return ""
            raise
        return await self._git.commit_of(ref)

    async def _against(self, tip: str) -> Landed | Conflict | None:
        """How the work stands to the target: in it (merged, or squashed), in conflict with it, or to be proposed."""
        git = self.repository.git
        if await git.is_ancestor(self.commit, tip):
            words = ("--first-parent", "--ancestry-path", "--reverse", "--max-count=1000", f"{self.commit}..{tip}")
            merges = (await git.text("rev-list", *words)).splitlines()
            return Landed(merges[0] if merges and self.commit != tip else self.commit)
        tree = await merge_tree(git, tip, self.commit)
        if isinstance(tree, Conflict):
            return tree
        return Landed(tip) if tree == await git.text("rev-parse", f"{tip}^{{tree}}") else None

    async def _push(self, remote: str) -> str:
        words = ("push", "--quiet", "--porcelain", remote, f"{self.commit}:refs/heads/{self.branch}")
        try:
            await self._git.run(*words, seconds=REMOTE_SECONDS, hooks=not self.repository.remote)
        except GitError as error:
            return error.said or str(error)
        return ""

    def _refused(self, remote: str, refusal: str) -> str:
        by_hand = f"git -C '{self._git.directory}' push {remote} {self.commit}:refs/heads/{self.branch}"
        return f"the push of {self.branch} was refused: {refusal[-2000:]}. By hand: {by_hand}; then land again"

    async def _known(self, tool: Tool | None) -> tuple[Request | None, str]:
        """The request that is open, or was merged with this commit; and what went wrong."""
        if tool is None:
            return None, ""
        try:
            found = await tool.find(self.branch, self.target)
        except WorkspaceError as error:
            _log.warning("%s: %s", self.branch, error)
            return None, str(error)
        merged = [each for each in found if each.state == "merged" and each.head in ("", self.commit)]
        opened = [each for each in found if each.state == "open"]
        return next(iter([*opened, *merged]), None), ""

    async def _open(self, tool: Tool) -> tuple[Request | None, str]:
        title = self._proposal(None).title or self.branch
        try:
            return await tool.open(self.branch, self.target, title, self.body), ""
        except WorkspaceError as error:
            said = str(error)
        _log.warning("%s: %s", self.branch, said)
        found, _ = await self._known(tool)  # somebody may have been quicker
        return found, "" if found else said


def _with(proposal: Proposal, request: Request) -> Proposal:
    """With the request that exists; its text stands there now."""
    return replace(proposal, number=request.number, url=request.url, state=request.state, title="", body="")
