"""How the end of a turn is understood: a page of rules without any I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from podium.pods.v1.pod_pb2 import (
    FAILURE_CAUSE_EXIT_STATUS,
    FAILURE_CAUSE_NO_RESULT,
    FAILURE_CAUSE_OUTPUT_LIMIT,
    FAILURE_CAUSE_REPORTED,
    FAILURE_CAUSE_TIME_LIMIT,
    FAILURE_CAUSE_UNSPECIFIED,
    FailureCause,
)
from podium.runner.agents.providers import provider_failure
from podium.runner.processes.supervised import Ended, Exit


class Next(Enum):
    """What follows a turn."""

    FINISH = "finish"
    """It says that it is done: see whether that holds."""
    FAIL = "fail"
    WAIT = "wait"
    """It asked and ended its turn: the answer starts the next."""
    AGAIN = "again"
    """People said something that it has not heard."""
    REMIND = "remind"
    """It ended without a word: one more turn, with a reminder."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is known at the end of a turn."""

    end: Exit
    verdict: str
    """`complete`, `fail`, or nothing was said."""
    words: str
    open_questions: bool
    unheard: bool
    by_exit: bool
    can_resume: bool
    reminded: bool
    tail: str
    """The end of its output."""
    problem: str = ""
    """What went wrong with the turn, in words; empty: nothing that `end` does not say."""
    cause: "FailureCause.ValueType" = FAILURE_CAUSE_UNSPECIFIED
    """What kind of problem it was, where that is known."""
    spoken: bool = False
    """`tail` is the agent's own speech: what it says of limits and logins is not what its provider says."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows, and for FAIL the cause in a word and in words."""

    next: Next
    cause: "FailureCause.ValueType" = FAILURE_CAUSE_UNSPECIFIED
    error: str = ""
    retry_time: datetime | None = None
    """When the provider says that it goes on."""


_SHOWN = 2000
_NOTICE = 600
"""Characters of a notice that a provider lets nobody go on."""
_LIMITS = {
    Ended.TIME_LIMIT: Verdict(Next.FAIL, FAILURE_CAUSE_TIME_LIMIT, "the time limit passed"),
    Ended.OUTPUT_LIMIT: Verdict(Next.FAIL, FAILURE_CAUSE_OUTPUT_LIMIT, "it wrote more than its output limit"),
}


def judge(turn: Turn, now: datetime) -> Verdict:
    """What follows a turn; `now` has a time zone."""
    if turn.verdict == "complete":
        return Verdict(Next.FINISH)
    if turn.verdict == "fail":
        return Verdict(Next.FAIL, FAILURE_CAUSE_REPORTED, turn.words)
    if turn.problem or turn.end.ended in _LIMITS or turn.end.status != 0:
        return _gone_wrong(turn, now)
    if turn.open_questions or turn.unheard:
        return Verdict(Next.AGAIN if turn.unheard else Next.WAIT)
    return _silent(turn, now)


def _gone_wrong(turn: Turn, now: datetime) -> Verdict:
    if turn.end.ended in _LIMITS and not turn.problem:
        return _LIMITS[turn.end.ended]
    status = turn.end.status
    how = turn.problem or (f"exit status {status}" if status > 0 else f"ended by signal {-status}")
    shown = f"{how}\n\n{turn.tail[-_SHOWN:].strip()}".strip()
    if not turn.cause and (failure := provider_failure(turn.problem or turn.tail, now)):
        return Verdict(Next.FAIL, failure.cause, shown, failure.retry_time)
    return Verdict(Next.FAIL, turn.cause or FAILURE_CAUSE_EXIT_STATUS, shown)


def _silent(turn: Turn, now: datetime) -> Verdict:
    if turn.by_exit:
        return Verdict(Next.FINISH)
    failure = provider_failure(turn.tail, now)
    # It ended well: a long speech that comes to speak of limits is its own, not its provider's.
    if failure and (failure.retry_time or len(turn.tail.strip()) <= _NOTICE):
        return Verdict(Next.FAIL, failure.cause, turn.tail[-_SHOWN:].strip(), failure.retry_time)
    if turn.can_resume and not turn.reminded:
        return Verdict(Next.REMIND)
    said = "it ended without saying complete or fail"
    return Verdict(Next.FAIL, FAILURE_CAUSE_NO_RESULT, f"{said}\n\n{turn.tail[-_SHOWN:].strip()}".strip())
