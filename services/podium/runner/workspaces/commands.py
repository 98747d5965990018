"""Running a repository's own commands (setup, checks, cleanup) in a worktree, supervised like agents."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from podium.runner.processes.journal import Journal
from podium.runner.processes.supervised import Command, Ended, StartError, Supervised
from podium.runner.workspaces.repository_file import CommandLine, Step

KEPT_OUTPUT_BYTES = 16384
_OUTPUT_LIMIT_BYTES = 256 * 1024 * 1024


class Verdict(Enum):
    """How a step went."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"
    """There was nothing to run."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step's verdict; where it failed, why in a line, and the end of what it wrote."""

    verdict: Verdict
    reason: str = ""
    output: str = ""


class Tail:
    """The end of an output: whole where it is short, else its last part."""

    def __init__(self, limit: int = KEPT_OUTPUT_BYTES) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        self._kept += data
        if len(self._kept) > 2 * self._limit:
            self._cut()

    def _cut(self) -> None:
        surplus = len(self._kept) - self._limit
        if surplus > 0:
            del self._kept[:surplus]
            self._left_out += surplus

    def text(self) -> str:
        self._cut()
        text = self._kept.decode(errors="replace")
        return f"[… {self._left_out} bytes left out]\n{text}" if self._left_out else text


def _words(line: CommandLine) -> list[str]:
    return ["/bin/sh", "-c", line] if isinstance(line, str) else list(line)


def _shown(line: CommandLine) -> str:
    return line if isinstance(line, str) else " ".join(line)


@dataclass(frozen=True)
class Runner:
    """Runs steps: `journal` notes their processes, `environment` is what they see."""

    journal: Journal
    environment: Mapping[str, str]
    clock: Callable[[], float]
    grace_seconds: float = 2.0

    async def run(
        self,
        step: Step,
        limit_seconds: float,
        directory: Path,
        key: str,
        on_output: Callable[[bytes], None] = lambda _: None,
    ) -> StepResult:
        """Run a step's commands until one fails. `key` is unique among running processes."""
        if not step.run:
            return StepResult(Verdict.NONE)
        end = self.clock() + limit_seconds
        tail = Tail()

        def take(data: bytes) -> None:
            tail.add(data)
            on_output(data)

        for line in step.run:
            take(f"$ {_shown(line)}\n".encode())
            reason = await self._run_line(line, directory, key, take, lambda: end - self.clock())
            if reason:
                take(f"{reason}\n".encode())
                return StepResult(Verdict.FAILED, f"`{_shown(line)}`: {reason}", tail.text())
        return StepResult(Verdict.PASSED, "", tail.text())

    async def _run_line(
        self,
        line: CommandLine,
        directory: Path,
        key: str,
        take: Callable[[bytes], None],
        remaining: Callable[[], float],
    ) -> str:
        """Run one command; returns what was wrong, or nothing."""
        command = Command(
            key,
            _words(line),
            directory,
            self.environment,
            output_limit_bytes=_OUTPUT_LIMIT_BYTES,
            grace_seconds=self.grace_seconds,
        )
        try:
            process = await Supervised.start(command, self.journal, take)
        except StartError as error:
            return str(error)
        end = await process.wait(remaining)
        if end.ended is Ended.EXITED:
            return f"exit status {end.status}" if end.status else ""
        return f"ended by Podium: {end.ended.value}"
