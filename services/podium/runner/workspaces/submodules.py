"""Submodules of a worktree: checked out from what the user's own clone has, never from the network.

A submodule that the user's clone does not have (or not at this commit) is left empty, and that is said. What an agent
changes inside a submodule belongs to another repository, which nobody reviews or lands here; so it is refused.
"""

from dataclasses import dataclass
from pathlib import Path

from podium.runner.workspaces.errors import GitError, WorkspaceError
from podium.runner.workspaces.git import Git
from podium.runner.workspaces.repository import Repository, is_directory

GITMODULES = ".gitmodules"
GITLINK = "160000"
_DEPTH = 5
"""Submodules in submodules."""
_LIMIT = 200
"""Submodules of one tree."""


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule: its name in git's configuration, its path in the tree, the user's repository of it (or None)."""

    name: str
    path: str
    source: Path | None


@dataclass(frozen=True, slots=True)
class _Home:
    """Where the repositories of a tree's submodules may be: below a git directory, or embedded in a checkout."""

    git_dir: Path
    checkout: Path | None


async def check_out(repository: Repository, worktree: Path) -> list[str]:
    """Fill the submodules of a fresh worktree; what could not be filled, in words."""
    checkout = None if repository.remote else Path(repository.location)
    return await _check_out(worktree, _Home(repository.common, checkout), "", _DEPTH)


async def _check_out(worktree: Path, home: _Home, prefix: str, depth: int) -> list[str]:
    notes: list[str] = []
    modules = await find(Git(worktree), home.git_dir, home.checkout)
    for module, commit in [(m, await _gitlink(Git(worktree), m.path)) for m in modules]:
        shown = f"{prefix}{module.path}"
        if not commit:
            continue
        if module.source is None:
            notes.append(f"the submodule {shown} is left empty: the user's clone has not initialised it")
        elif not await Git(module.source, module.source).commit_of(commit):
            notes.append(f"the submodule {shown} is left empty: the user's clone of it has no commit {commit[:12]}")
        else:
            await _fill(worktree, module)
            inner = _Home(module.source, home.checkout / module.path if home.checkout else None)
            if depth > 1:
                notes += await _check_out(worktree / module.path, inner, f"{shown}/", depth - 1)
    return notes


async def _fill(worktree: Path, module: Submodule) -> None:
    assert module.source is not None
    key = f"submodule.{module.name}"
    options = (
        *("-c", f"{key}.url={module.source}", "-c", f"{key}.active=true", "-c", f"{key}.update=checkout"),
        *("-c", "protocol.allow=never", "-c", "protocol.file.allow=always"),
    )
    await Git(worktree).run(*options, "submodule", "--quiet", "update", "--checkout", "--", module.path)
    # What the agent sees is the real remote, not our way to the objects.
    source = Git(module.source, module.source)
    url = (await source.run("config", "remote.origin.url", ok=(0, 1))).text
    if url:
        await Git(worktree / module.path).run("config", "remote.origin.url", url)


async def find(git: Git, git_dir: Path, checkout: Path | None) -> list[Submodule]:
    """The submodules that a worktree's `.gitmodules` names, with the user's repositories of them."""
    if not has_modules(git.directory):
        return []
    words = ("config", "-z", "--file", GITMODULES, "--get-regexp", r"^submodule\..*\.path$")
    listed = (await git.run(*words, ok=(0, 1))).fields
    found = []
    for entry in listed[:_LIMIT]:
        key, _, path = entry.partition("\n")
        name = key.removeprefix("submodule.").removesuffix(".path")
        if _is_inside(name) and _is_inside(path):
            found.append(Submodule(name, path, _source(name, path, git_dir, checkout)))
    return found


def has_modules(worktree: Path) -> bool:
    """Whether a worktree has a file `.gitmodules`, and not a link of that name."""
    file = worktree / GITMODULES
    return file.is_file() and not file.is_symlink()


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    return bool(name) and not name.startswith(("/", "-")) and not {"..", ".git", ""} & set(parts)


def _source(name: str, path: str, git_dir: Path, checkout: Path | None) -> Path | None:
    candidates = [git_dir / "modules" / name, *([checkout / path / ".git"] if checkout else [])]
    return next((each for each in candidates if is_directory(each) and (each / "HEAD").exists()), None)


async def _gitlink(git: Git, path: str) -> str:
    """The commit that the index has for a submodule; empty where it has none."""
    listed = (await git.run("ls-files", "--stage", "-z", "--", f":(top,literal){path}")).fields
    heads = [entry.partition("\t")[0].split(" ") for entry in listed]
    return next((head[1] for head in heads if head[0] == GITLINK), "")


async def refuse_changes(repository: Repository, git: Git, moved: dict[str, str]) -> None:
    """Refuse what would be lost with the worktree. `moved`: submodules that point elsewhere now, by path.

    Raises WorkspaceError.
    """
    if not has_modules(git.directory):
        return
    words = ("diff", "--name-only", "-z", "--ignore-submodules=untracked")
    if dirty := (await git.run(*words)).fields:
        raise WorkspaceError(
            f"the agent changed files inside submodules ({', '.join(dirty[:5])}): that is the work of another "
            "repository, and would be lost; let a task of that repository do it"
        )
    checkout = None if repository.remote else Path(repository.location)
    sources = {each.path: each.source for each in await find(git, repository.common, checkout)}
    for path, commit in moved.items():
        if not await _has(sources.get(path), commit):
            raise WorkspaceError(
                f"the agent moved the submodule {path} to {commit[:12]}, a commit that the user's clone of it does not "
                "have; fetch it there, or let a task of that repository make it"
            )


async def _has(source: Path | None, commit: str) -> bool:
    if source is None:
        return False
    try:
        return bool(await Git(source, source).commit_of(commit))
    except GitError:
        return False
