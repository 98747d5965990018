"""One turn of an agent: a process from its start to its end, with its limits and its transcript."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from podium.chassis.tasks import TaskSet
from podium.runner.agents.live import LiveAgent
from podium.runner.processes.journal import Journal
from podium.runner.processes.supervised import Command, Exit, Supervised
from podium.runner.transcripts import Transcript
from podium.runner.workspaces.commands import Tail

TAIL_BYTES = 64 * 1024


@dataclass
class Allowance:
    """The time that an agent's processes may take in all. Waiting for people does not count."""

    limit_seconds: float
    """0: no limit."""
    clock: Callable[[], float]
    spent: float = 0.0
    _since: float | None = None

    def resume(self) -> None:
        """Time counts from now."""
        if self._since is None:
            self._since = self.clock()

    def pause(self) -> None:
        """Time does not count from now."""
        if self._since is not None:
            self.spent += self.clock() - self._since
            self._since = None

    def remaining(self) -> float:
        """Seconds left; without a limit a day, to be asked again."""
        if not self.limit_seconds:
            return 86400.0
        running = self.clock() - self._since if self._since is not None else 0.0
        return self.limit_seconds - self.spent - running


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """How a turn ended, and the end of what it wrote."""

    end: Exit
    tail: str


async def take_turn(
    agent: LiveAgent,
    command: Command,
    journal: Journal,
    transcript: Transcript,
    allowance: Allowance,
    settle_seconds: float,
    on_start: Callable[[int], None],
) -> TurnEnd:
    """Run a process; `on_start` gets its id. Raises StartError.

    It is ended some time after it said complete or fail; a cancellation ends it too.
    """
    tail, redactor = Tail(TAIL_BYTES), agent.redactor

    def take(data: bytes) -> None:
        _keep(redactor.feed(data), tail, transcript)

    process = await Supervised.start(command, journal, take)
    on_start(process.pid)
    allowance.resume()
    async with TaskSet(f"turn {command.key}") as tasks:
        tasks.spawn(_end_after_word(agent, process, settle_seconds), name="settling")
        try:
            end = await process.wait(lambda: _remaining(agent, allowance))
        finally:
            allowance.pause()
            _keep(redactor.flush(), tail, transcript)
    return TurnEnd(end, tail.text())


def _keep(data: bytes, tail: Tail, transcript: Transcript) -> None:
    if data:
        tail.add(data)
        transcript.write(data)


def _remaining(agent: LiveAgent, allowance: Allowance) -> float:
    """The time limit stands still while a question waits for its answer."""
    if agent.questions:
        allowance.pause()
    else:
        allowance.resume()
    return allowance.remaining()


async def _end_after_word(agent: LiveAgent, process: Supervised, settle_seconds: float) -> None:
    await agent.said_end.wait()
    await asyncio.sleep(settle_seconds)
    process.stop()
