"""The git command, called so that nothing of the caller's surroundings changes what it does."""

import functools
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podium.runner.workspaces.errors import GitError, WorkspaceError
from podium.runner.workspaces.programs import OUTPUT_BYTES, Done, run_program

MINIMUM_VERSION = (2, 38)
"""`merge-tree --write-tree` came with it."""
LOCAL_SECONDS = 300.0
REMOTE_SECONDS = 300.0
_REMOTE = frozenset({"fetch", "push", "ls-remote", "clone"})

_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSH", "GIT_SSH_COMMAND")
"""GIT_* that say how git is configured. All others say where it works, and that is for us to say."""

_OPTIONS = (
    # Background maintenance would outlive the lock, and hold its inherited descriptor.
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.fsmonitor=false"),
    # The runner's own commits are bookkeeping: no hook, no editor and no passphrase may stop them.
    # A remote that sends nothing for a minute is given up.
    *("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60"),
    *("-c", "commit.gpgSign=false", "-c", "core.editor=true", "-c", "core.quotePath=false"),
)
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")

FALLBACK_IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Podium"), ("EMAIL", "podium@localhost"))
}


@dataclass(frozen=True, slots=True)
class Result:
    """What a git command gave: exit status, output, and its words."""

    status: int
    output: bytes
    said: str

    @property
    def text(self) -> str:
        """The output as text, without the line end."""
        return self.output.decode(errors="surrogateescape").rstrip("\n")

    @property
    def fields(self) -> list[str]:
        """The output of a `-z` command."""
        return [f.decode(errors="surrogateescape") for f in self.output.split(b"\0") if f]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of git: ours without GIT_*, never asking anybody, speaking English."""
    return {**_cleared(frozenset(os.environb.items())), **(extra or {})}


@functools.lru_cache(maxsize=4)
def _cleared(surroundings: frozenset[tuple[bytes, bytes]]) -> dict[str, str]:
    """Remembered: every git asks, and the surroundings stay as they are."""
    named = {os.fsdecode(name): os.fsdecode(value) for name, value in surroundings}
    kept = {k: v for k, v in named.items() if not k.startswith("GIT_") or k in _KEPT}
    kept.update(LC_ALL="C", LANGUAGE="", GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0")
    kept.pop("SSH_ASKPASS", None)
    return kept


@dataclass(frozen=True, slots=True)
class Git:
    """git in one place: a worktree, or (with `git_dir`) a repository without regard to any checkout."""

    directory: Path
    git_dir: Path | None = None
    lock: int | None = None
    """A descriptor that git inherits: the repository stays locked for as long as it runs."""
    extra: Mapping[str, str] | None = None

    def at(self, directory: Path) -> "Git":
        """In a worktree."""
        return Git(directory, None, self.lock, self.extra)

    def with_identity(self, identity: Mapping[str, str]) -> "Git":
        """With an author and committer, where the user has configured none."""
        return Git(self.directory, self.git_dir, self.lock, {**(self.extra or {}), **identity})

    async def run(
        self,
        *arguments: str,
        ok: Sequence[int] = (0,),
        stdin: bytes | None = None,
        seconds: float = LOCAL_SECONDS,
        hooks: bool = False,
    ) -> Result:
        """Run a command; an exit status that is not `ok` raises GitError.

        A cancellation waits for its end: a git that is stopped halfway may leave a lock file behind.
        """
        done = await self._run(arguments, stdin, seconds, hooks, OUTPUT_BYTES)
        if done.too_long:
            raise GitError(arguments, -1, f"no end after {seconds:.0f} s. {done.said}")
        if done.too_much:
            raise GitError(arguments, -1, f"more than {OUTPUT_BYTES} bytes of output")
        if done.status not in ok:
            raise GitError(arguments, done.status, done.said)
        return Result(done.status, done.output, done.said)

    async def _run(
        self, arguments: Sequence[str], stdin: bytes | None, seconds: float, hooks: bool, limit: int
    ) -> Done:
        place = (f"--git-dir={self.git_dir}",) if self.git_dir else ()
        words = ("git", *place, *_OPTIONS, *(() if hooks else _NO_HOOKS), *arguments)
        # A hook, or what a remote needs (a credential cache), may leave something behind that would keep the lock.
        keep = () if self.lock is None or hooks or arguments[0] in _REMOTE else (self.lock,)
        try:
            return await run_program(
                words,
                self.directory,
                environment(self.extra),
                seconds=seconds,
                stdin=stdin,
                keep=keep,
                output_limit=limit,
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            raise WorkspaceError(f"{error.filename}: {error.strerror}") from error

    async def text(self, *arguments: str) -> str:
        """The output of a command as text."""
        return (await self.run(*arguments)).text

    async def read_up_to(self, limit: int, *arguments: str) -> tuple[bytes, bool]:
        """The first `limit` bytes of a command's output, and whether there was more; the command only reads."""
        done = await self._run(arguments, None, LOCAL_SECONDS, False, limit)
        if done.too_long or (done.status != 0 and not done.too_much):
            raise GitError(arguments, done.status, done.said)
        return done.output, done.too_much

    async def objects(self, *names: str) -> "list[bytes | str | None]":
        """What some names mean, by one process: a commit's id, a blob's bytes, or None where there is no such thing."""
        asked = "".join(f"contents {name}\n" for name in names)
        done = await self.run("cat-file", "--batch-command", stdin=asked.encode(errors="surrogateescape"))
        return _parse_objects(done.output, len(names))

    async def commit_of(self, name: str) -> str:
        """The commit that a name means; empty where there is none."""
        return (await self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", ok=(0, 1, 128))).text

    async def commits(self, *names: str) -> list[str]:
        """`commit_of` of several names, by one process."""
        asked = "".join(f"info {name}^{{commit}}\n" for name in names)
        done = await self.run("cat-file", "--batch-command", stdin=asked.encode(errors="surrogateescape"))
        rows = [line.split(" ") for line in done.text.splitlines()]
        return [row[0] if len(row) == 3 and row[1] == "commit" else "" for row in rows]

    async def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether everything of `older` is in `newer`."""
        return (await self.run("merge-base", "--is-ancestor", older, newer, ok=(0, 1))).status == 0


def _parse_objects(output: bytes, count: int) -> "list[bytes | str | None]":
    """`<id> <type> <size>`, the object and a line end for each; `<name> missing` where there is none."""
    found: list[bytes | str | None] = []
    at = 0
    for _ in range(count):
        end = output.index(b"\n", at)
        header = output[at:end].rsplit(b" ", 2)
        at = end + 1
        if len(header) < 3 or not header[2].isdigit():
            found.append(None)
            continue
        size = int(header[2])
        found.append(output[at : at + size] if header[1] == b"blob" else header[0].decode())
        at += size + 1
    return found


async def check_version() -> str:
    """The version of git; raises WorkspaceError where it is missing or too old."""
    text = await Git(Path("/")).text("version")
    found = re.search(r"(\d+)\.(\d+)", text)
    if found is None or (int(found[1]), int(found[2])) < MINIMUM_VERSION:
        raise WorkspaceError(f"{text} is too old: Podium needs git {'.'.join(map(str, MINIMUM_VERSION))} or newer")
    return text
