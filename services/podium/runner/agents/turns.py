"""Turns: what an agent does between two words of people. Kinds of agents differ in how a turn is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from podium.pods.v1.pod_pb2 import FAILURE_CAUSE_UNSPECIFIED, FailureCause
from podium.runner.agents.commands import Surroundings
from podium.runner.agents.household import Household
from podium.runner.agents.live import LiveAgent
from podium.runner.processes.supervised import Exit
from podium.runner.settings import Profile
from podium.runner.transcripts import Transcript

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

    def remaining_of(self, agent: LiveAgent) -> float:
        """Seconds left of a turn that goes on: time stands still while a question waits for its answer."""
        if agent.questions:
            self.pause()
        else:
            self.resume()
        return self.remaining()


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """How a turn ended, and the end of what it wrote."""

    end: Exit
    tail: str
    problem: str = ""
    """What went wrong, in words; empty: nothing that `end` does not say."""
    cause: "FailureCause.ValueType" = FAILURE_CAUSE_UNSPECIFIED
    """What kind of problem it is, where that is known."""
    spoken: bool = False
    """`tail` is the agent's own speech: what it says of limits and logins is not what its provider says."""


@dataclass(frozen=True)
class Stage:
    """What an agent's turns are taken with."""

    agent: LiveAgent
    profile: Profile
    around: Surroundings
    house: Household
    transcript: Transcript
    allowance: Allowance
    on_start: Callable[[int], None]
    """Gets the id of each process."""


class GoneError(Exception):
    """What the agent was is gone and cannot be brought back; the message says why."""


class Turns(Protocol):
    """How one agent takes its turns: a command is run for each, a session is prompted."""

    @property
    def can_resume(self) -> bool:
        """Whether a further turn knows of the former ones."""
        ...

    async def take(self, number: int, said: str) -> TurnEnd:
        """Take a turn; `number` counts from 1, `said` is what people said since the last one.

        Raises StartError, GoneError. A cancellation ends the turn, and `close` what is left of it.
        """
        ...

    async def close(self) -> None:
        """End whatever still runs between turns; nothing of it is left then."""
        ...
