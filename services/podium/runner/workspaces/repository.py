"""A repository to work in: a local one as it is, or the mirror of a URL."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from podium.runner.workspaces.errors import GitError, WorkspaceError
from podium.runner.workspaces.git import FALLBACK_IDENTITY, REMOTE_SECONDS, Git
from podium.runner.workspaces.locks import Locks

_MADE = "podium.made"
"""In a mirror that is set up."""
_IDENTITY_SECONDS = 10.0
"""For so long an identity is thought to be what it was."""
_KNOWN = 1000
"""Repositories of which it is remembered that they are there."""
_SCP_LIKE = re.compile(r"^[^/\s:]+@[^/\s:]+:")


def is_directory(path: str | Path) -> bool:
    """Whether a directory is there."""
    return Path(path).is_dir()


def resolved(path: str) -> Path:
    """A path with its links followed, so that one directory has one name."""
    return Path(path).resolve()


def is_url(location: str) -> bool:
    """Whether a location is fetched and pushed rather than worked in (`https://…`, `git@host:path`)."""
    return "://" in location or bool(_SCP_LIKE.match(location))


@dataclass(frozen=True)
class Repository:
    """A repository; `common` is its common git directory, `remote` says that it is a mirror."""

    location: str
    common: Path
    remote: bool
    locks: Locks = field(repr=False)
    _identity: list[tuple[float, Mapping[str, str]]] = field(default_factory=list, repr=False, compare=False)
    """When it was looked up last, and what it was."""

    @property
    def git(self) -> Git:
        """On the repository itself, without regard to any checkout and without the lock."""
        return Git(self.common, self.common)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[Git]:
        """On the repository, under its lock."""
        async with self.locks.held(self.common) as descriptor:
            yield Git(self.common, self.common, descriptor)

    def target_ref(self, branch: str) -> str:
        """The ref that says where a target branch stands."""
        return f"refs/remotes/origin/{branch}" if self.remote else f"refs/heads/{branch}"

    async def default_branch(self) -> str:
        """The branch that is meant when none is named: the one checked out, or the remote's default."""
        if self.remote:
            listing = await self.git.run("ls-remote", "--symref", "origin", "HEAD", seconds=REMOTE_SECONDS)
            first = listing.text.partition("\n")[0]
            branch = first.removeprefix("ref: refs/heads/").partition("\t")[0] if first.startswith("ref: ") else ""
        else:
            branch = (await self.git.run("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1))).text
        if not branch:
            raise WorkspaceError(f"{self.location} has no branch checked out: name the base branch")
        return branch

    async def target_commit(self, branch: str) -> str:
        """Where a target branch stands; empty where it does not exist."""
        return await self.git.commit_of(self.target_ref(branch))

    async def fetch(self) -> None:
        """Bring a mirror up to date; nothing for a local repository."""
        if self.remote:
            async with self.locked() as git:
                await self._fetch(git)

    @staticmethod
    async def _fetch(git: Git) -> None:
        """Once more where it failed: a git that outlived its runner may have been at it."""
        words = ("fetch", "--quiet", "--prune", "origin")
        try:
            await git.run(*words, seconds=REMOTE_SECONDS)
        except GitError as error:
            if "cannot lock ref" not in error.said:
                raise
            await git.run(*words, seconds=REMOTE_SECONDS)

    async def identity(self) -> dict[str, str]:
        """The environment that gives git an identity, where the user has configured none."""
        now = asyncio.get_running_loop().time()
        if not self._identity or now - self._identity[0][0] > _IDENTITY_SECONDS:
            found = await self.git.run("config", "-z", "--get-regexp", r"^user\.(name|email)$", ok=(0, 1))
            names = {entry.partition("\n")[0] for entry in found.fields}
            value = {} if {"user.name", "user.email"} <= names else FALLBACK_IDENTITY
            self._identity[:] = [(now, value)]
        return dict(self._identity[0][1])


async def open_repository(location: str, mirrors: Path, locks: Locks) -> Repository:
    """The repository of a location. Raises WorkspaceError where there is none, or it cannot be fetched."""
    if is_url(location):
        return await _open_mirror(location, mirrors, locks)
    if not is_directory(location):
        raise WorkspaceError(f"{location} is not a directory")
    try:
        common = await Git(Path(location)).text("rev-parse", "--path-format=absolute", "--git-common-dir")
    except GitError as error:
        raise WorkspaceError(f"{location} is not a usable git repository: {error.said}") from error
    return Repository(location, resolved(common), False, locks)


async def _open_mirror(location: str, mirrors: Path, locks: Locks) -> Repository:
    """A bare repository whose `refs/remotes/origin/*` mirror the URL's branches; our own branches live beside them."""
    common = mirrors / (hashlib.sha256(location.encode()).hexdigest()[:24] + ".git")
    repository = Repository(location, common, True, locks)
    common.mkdir(parents=True, exist_ok=True)
    made = common / _MADE
    if made.exists():
        return repository
    async with repository.locked() as git:
        if not (common / "HEAD").exists():
            await Git(common, None, git.lock).run("init", "--quiet", "--bare", str(common))
        for key, value in (
            ("remote.origin.url", location),
            ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
        ):
            await git.run("config", key, value)
        made.touch()
    return repository


class Opened:
    """Repositories that were opened before, by location, as long as the same directories stand there."""

    def __init__(self, mirrors: Path, locks: Locks) -> None:
        self._mirrors = mirrors
        self._locks = locks
        self._known: dict[str, tuple[tuple[int, ...], Repository]] = {}

    async def get(self, location: str) -> Repository:
        """The repository of a location. Raises WorkspaceError where there is none, or it cannot be fetched."""
        known = self._known.get(location)
        if known is not None and known[0] == _identity_of(location, known[1]):
            return known[1]
        repository = await open_repository(location, self._mirrors, self._locks)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[location] = (_identity_of(location, repository), repository)
        return repository


def _identity_of(location: str, repository: Repository) -> tuple[int, ...]:
    """What tells a directory from another one of its name; empty where one of them is gone."""
    found: list[int] = []
    for path in (repository.common / "HEAD", repository.common, *(() if repository.remote else (Path(location),))):
        try:
            seen = path.stat()
        except OSError:
            return ()
        if path.name != "HEAD":
            found += (seen.st_dev, seen.st_ino)
    return tuple(found)
