"""The git command, called so that nothing of the caller's surroundings changes what it does."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podium.runner.workspaces.errors import GitError, WorkspaceError

MINIMUM_VERSION = (2, 38)
"""`merge-tree --write-tree` came with it."""
LOCAL_SECONDS = 300.0
REMOTE_SECONDS = 900.0

_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSH", "GIT_SSH_COMMAND")
"""GIT_* that say how git is configured. All others say where it works, and that is for us to say."""

_OPTIONS = (
    # Background maintenance would outlive the lock, and hold its inherited descriptor.
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.fsmonitor=false"),
    # The runner's own commits are bookkeeping: no hook, no editor and no passphrase may stop them.
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
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    kept.update(LC_ALL="C", LANGUAGE="", GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0")
    kept.pop("SSH_ASKPASS", None)
    return {**kept, **(extra or {})}


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
        place = (f"--git-dir={self.git_dir}",) if self.git_dir else ()
        try:
            process = await asyncio.create_subprocess_exec(
                *("git", *place, *_OPTIONS, *(() if hooks else _NO_HOOKS), *arguments),
                stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=self.directory,
                env=environment(self.extra),
                start_new_session=True,
                pass_fds=() if self.lock is None else (self.lock,),
            )
        except FileNotFoundError as error:
            raise WorkspaceError(f"{error.filename}: {error.strerror}") from error
        output, said = await _finish(process, arguments, stdin, seconds)
        status = process.returncode if process.returncode is not None else -1
        if status not in ok:
            raise GitError(arguments, status, said)
        return Result(status, output, said)

    async def text(self, *arguments: str) -> str:
        """The output of a command as text."""
        return (await self.run(*arguments)).text

    async def read_up_to(self, limit: int, *arguments: str) -> tuple[bytes, bool]:
        """The first `limit` bytes of a command's output, and whether there was more."""
        process = await asyncio.create_subprocess_exec(
            *("git", *((f"--git-dir={self.git_dir}",) if self.git_dir else ()), *_OPTIONS, *_NO_HOOKS, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self.directory,
            env=environment(self.extra),
            start_new_session=True,
        )
        assert process.stdout is not None
        kept = bytearray()
        async with asyncio.timeout(LOCAL_SECONDS):
            while len(kept) <= limit and (data := await process.stdout.read(65536)):
                kept += data
            more = len(kept) > limit
            if more:
                process.kill()  # it only reads
            status = await process.wait()
        if status != 0 and not more:
            raise GitError(arguments, status, "")
        return bytes(kept[:limit]), more

    async def commit_of(self, name: str) -> str:
        """The commit that a name means; empty where there is none."""
        return (await self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", ok=(0, 1, 128))).text

    async def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether everything of `older` is in `newer`."""
        return (await self.run("merge-base", "--is-ancestor", older, newer, ok=(0, 1))).status == 0


async def _finish(
    process: asyncio.subprocess.Process, arguments: Sequence[str], stdin: bytes | None, seconds: float
) -> tuple[bytes, str]:
    talk = asyncio.ensure_future(process.communicate(stdin))
    cancelled = False
    end = asyncio.get_running_loop().time() + seconds
    while not talk.done():
        left = end - asyncio.get_running_loop().time()
        if left <= 0:
            process.send_signal(signal.SIGTERM)  # git removes its lock files
            await asyncio.wait({talk}, timeout=10)
            talk.cancel()
            raise GitError(arguments, -1, f"no end after {seconds:.0f} s")
        try:
            await asyncio.wait({talk}, timeout=left)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
    output, said = talk.result()
    return output, said.decode(errors="replace")


async def check_version() -> str:
    """The version of git; raises WorkspaceError where it is missing or too old."""
    text = await Git(Path("/")).text("version")
    digits = text.removeprefix("git version ").split(".")[:2]
    if tuple(int(d) for d in digits if d.isdigit()) < MINIMUM_VERSION:
        raise WorkspaceError(f"{text} is too old: Podium needs git {'.'.join(map(str, MINIMUM_VERSION))} or newer")
    return text
