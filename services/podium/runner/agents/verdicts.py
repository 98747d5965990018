"""How the end of a turn is understood: a page of rules without any I/O."""

import re
from dataclasses import dataclass
from enum import Enum

from podium.pods.v1.pod_pb2 import (
    FAILURE_CAUSE_EXIT_STATUS,
    FAILURE_CAUSE_LOGIN_FAILED,
    FAILURE_CAUSE_NO_RESULT,
    FAILURE_CAUSE_OUTPUT_LIMIT,
    FAILURE_CAUSE_RATE_LIMITED,
    FAILURE_CAUSE_REPORTED,
    FAILURE_CAUSE_TIME_LIMIT,
    FAILURE_CAUSE_UNSPECIFIED,
    FailureCause,
)
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows, and for FAIL the cause in a word and in words."""

    next: Next
    cause: "FailureCause.ValueType" = FAILURE_CAUSE_UNSPECIFIED
    error: str = ""


_RATE = re.compile(
    r"rate.?limit|\b429\b|too many requests|usage limit|quota (?:exceeded|reached)|exceeded your current quota"
    r"|overloaded_error|\b529\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"not logged in|please (?:run .{0,20})?log ?in|/login|invalid (?:api|x-api).?key|authentication[_ ]error"
    r"|\b401\b.{0,20}unauthorized|unauthorized.{0,20}\b401\b|missing api key|no api key|OAuth token has expired",
    re.IGNORECASE,
)
_SHOWN = 2000
_LIMITS = {
    Ended.TIME_LIMIT: Verdict(Next.FAIL, FAILURE_CAUSE_TIME_LIMIT, "the time limit passed"),
    Ended.OUTPUT_LIMIT: Verdict(Next.FAIL, FAILURE_CAUSE_OUTPUT_LIMIT, "it wrote more than its output limit"),
}


def judge(turn: Turn) -> Verdict:
    """What follows a turn."""
    if turn.verdict == "complete":
        return Verdict(Next.FINISH)
    if turn.verdict == "fail":
        return Verdict(Next.FAIL, FAILURE_CAUSE_REPORTED, turn.words)
    if turn.end.ended in _LIMITS:
        return _LIMITS[turn.end.ended]
    if turn.end.status != 0:
        return _failed(turn)
    if turn.open_questions or turn.unheard:
        return Verdict(Next.AGAIN if turn.unheard else Next.WAIT)
    return _silent(turn)


def _failed(turn: Turn) -> Verdict:
    status = turn.end.status
    how = f"exit status {status}" if status > 0 else f"ended by signal {-status}"
    shown = f"{how}\n\n{turn.tail[-_SHOWN:].strip()}".strip()
    return Verdict(Next.FAIL, provider_cause(turn.tail) or FAILURE_CAUSE_EXIT_STATUS, shown)


def _silent(turn: Turn) -> Verdict:
    if turn.by_exit:
        return Verdict(Next.FINISH)
    if cause := provider_cause(turn.tail):
        return Verdict(Next.FAIL, cause, turn.tail[-_SHOWN:].strip())
    if turn.can_resume and not turn.reminded:
        return Verdict(Next.REMIND)
    said = "it ended without saying complete or fail"
    return Verdict(Next.FAIL, FAILURE_CAUSE_NO_RESULT, f"{said}\n\n{turn.tail[-_SHOWN:].strip()}".strip())


def provider_cause(tail: str) -> "FailureCause.ValueType":
    """The provider's rate limit or a failed login, recognised in an agent's last words; else UNSPECIFIED."""
    last = tail[-_SHOWN:]
    if _LOGIN.search(last):
        return FAILURE_CAUSE_LOGIN_FAILED
    if _RATE.search(last):
        return FAILURE_CAUSE_RATE_LIMITED
    return FAILURE_CAUSE_UNSPECIFIED
