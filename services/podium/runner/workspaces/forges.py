"""Forges: which one a remote belongs to, where a person opens a pull request there, and the programs that do it.

`gh` and `glab` are used where they are installed and logged in; otherwise a person gets the address and the text.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.git import environment
from podium.runner.workspaces.programs import run_program

TOOL_SECONDS = 120.0
_OUTPUT_BYTES = 4 * 1024 * 1024
_ADDRESS_BYTES = 4000
_SCP_LIKE = re.compile(r"^(?:[^/\s@:]+@)?([^/\s:]+):(?!//)(.+)$")
_NAMES = ("github", "gitlab", "bitbucket")
_QUIET = {
    **{"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"},
    **{"NO_PROMPT": "1", "GLAB_CHECK_UPDATE": "false"},
}


@dataclass(frozen=True, slots=True)
class Forge:
    """A repository at a forge. `provider` is empty for a kind that is not known; `path` is `owner/name` or deeper."""

    provider: str
    host: str
    path: str

    @property
    def address(self) -> str:
        """Its page."""
        return f"https://{self.host}/{self.path}"

    @property
    def kind(self) -> str:
        """What requests are called there."""
        return "merge_request" if self.provider == "gitlab" else "pull_request"

    def opening(self, branch: str, base: str, title: str) -> str:
        """Where a person opens a request of a branch."""
        match self.provider:
            case "github":
                values = urlencode({"expand": "1", "title": title}, quote_via=quote)
                found = f"{self.address}/compare/{quote(base)}...{quote(branch)}?{values}"
            case "gitlab":
                names = {"source_branch": branch, "target_branch": base, "title": title}
                values = urlencode({f"merge_request[{k}]": v for k, v in names.items()}, quote_via=quote)
                found = f"{self.address}/-/merge_requests/new?{values}"
            case "bitbucket":
                values = urlencode({"source": branch, "dest": base, "t": "1"}, quote_via=quote)
                found = f"{self.address}/pull-requests/new?{values}"
            case _:
                found = self.address
        return found if len(found) <= _ADDRESS_BYTES else self.address


@dataclass(frozen=True, slots=True)
class Request:
    """A pull request that exists: `state` is `open`, `merged` or `closed`; `head` the commit that it asks for."""

    number: int
    url: str
    state: str
    head: str = ""
    merged_as: str = ""
    """The commit that it became on the target."""


def forge_of(url: str, known: Mapping[str, str]) -> Forge | None:
    """The forge of a remote's address, or None for a path. `known` names the kind of hosts that do not tell it."""
    if "://" in url:
        parts = urlsplit(url)
        host, path = (parts.hostname or "", parts.path) if parts.scheme != "file" else ("", "")
    elif found := _SCP_LIKE.match(url):
        host, path = found[1], found[2]
    else:
        return None
    path = path.strip("/").removesuffix(".git")
    if not host or "/" not in path:
        return None
    guessed = next((name for name in _NAMES if name in host.lower()), "")
    return Forge(known.get(host, guessed), host, path)


# -- the programs ----------------------------------------------------------------------------------------------------


class Tool:
    """A forge's own program, as this user has it. Every call raises WorkspaceError with its words."""

    def __init__(self, program: str, forge: Forge, directory: Path) -> None:
        self._program = program
        self._forge = forge
        self._directory = directory

    async def find(self, branch: str, base: str) -> list[Request]:
        """The requests of a branch, newest first."""
        forge = self._forge
        if forge.provider == "gitlab":
            said = await self._run(
                *("mr", "list", "--repo", forge.address, "--source-branch", branch, "--target-branch", base),
                *("--all", "--output", "json"),
            )
            return [_of_gitlab(row) for row in _rows(said)]
        fields = "number,url,state,headRefOid,mergeCommit"
        said = await self._run(
            *("pr", "list", "--repo", f"{forge.host}/{forge.path}", "--head", branch, "--base", base),
            *("--state", "all", "--limit", "50", "--json", fields),
        )
        return [_of_github(row) for row in _rows(said)]

    async def open(self, branch: str, base: str, title: str, body: str) -> Request:
        """Open a request."""
        forge = self._forge
        if forge.provider == "gitlab":
            said = await self._run(
                *("mr", "create", "--repo", forge.address, "--source-branch", branch, "--target-branch", base),
                *("--title", title, "--description", body, "--yes"),
            )
        else:
            said = await self._run(
                *("pr", "create", "--repo", f"{forge.host}/{forge.path}", "--head", branch, "--base", base),
                *("--title", title, "--body-file", "-"),
                stdin=body.encode(),
            )
        found = re.findall(r"(https?://\S+/(?:pull|merge_requests)/(\d+))", said)
        if not found:
            raise WorkspaceError(f"{Path(self._program).name} said no address: {said.strip()[:500]}")
        url, number = found[-1]
        return Request(int(number), url, "open")

    async def _run(self, *words: str, stdin: bytes = b"") -> str:
        name = Path(self._program).name
        done = await run_program(
            (self._program, *words),
            self._directory,
            environment(_QUIET),
            seconds=TOOL_SECONDS,
            stdin=stdin,
            output_limit=_OUTPUT_BYTES,
        )
        if done.too_long:
            raise WorkspaceError(f"`{name} {' '.join(words[:2])}` did not end within {TOOL_SECONDS:.0f} s")
        if done.status != 0:
            said = (done.said or done.output.decode(errors="replace")).strip()
            raise WorkspaceError(f"`{name} {' '.join(words[:2])}`: {said[:2000] or f'exit status {done.status}'}")
        return done.output.decode(errors="replace")


_PROGRAMS = {"github": "gh", "gitlab": "glab"}


def tool_for(forge: Forge, directory: Path) -> Tool | None:
    """The forge's program, where it is installed; it works in `directory`."""
    program = shutil.which(_PROGRAMS.get(forge.provider, "")) if forge.provider in _PROGRAMS else None
    return Tool(program, forge, directory) if program else None


def _rows(said: str) -> Sequence[Mapping[str, Any]]:
    try:
        value = json.loads(said or "[]")
    except ValueError:
        raise WorkspaceError(f"the list of requests cannot be read: {said[:200]}") from None
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _of_github(row: Mapping[str, Any]) -> Request:
    merged = row.get("mergeCommit") or {}
    state = {"OPEN": "open", "MERGED": "merged"}.get(str(row.get("state")), "closed")
    head = str(row.get("headRefOid") or "")
    return Request(int(row.get("number") or 0), str(row.get("url") or ""), state, head, str(merged.get("oid") or ""))


def _of_gitlab(row: Mapping[str, Any]) -> Request:
    state = {"opened": "open", "locked": "open", "merged": "merged"}.get(str(row.get("state")), "closed")
    merged = str(row.get("merge_commit_sha") or row.get("squash_commit_sha") or row.get("sha") or "")
    number, url = int(row.get("iid") or 0), str(row.get("web_url") or "")
    return Request(number, url, state, str(row.get("sha") or ""), merged if state == "merged" else "")
