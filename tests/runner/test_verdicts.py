"""How a turn is understood: the page of rules, row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from podium.pods.v1 import pod_pb2 as pods
from podium.runner.agents.verdicts import Next, Turn, judge
from podium.runner.processes.supervised import Ended, Exit


def turn(**more: object) -> Turn:
    values: dict[str, object] = {
        "end": Exit(Ended.EXITED, 0),
        "verdict": "",
        "words": "",
        "open_questions": False,
        "unheard": False,
        "by_exit": False,
        "can_resume": False,
        "reminded": False,
        "tail": "",
    }
    return Turn(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "following", "cause"),
    [
        ({"verdict": "complete", "end": Exit(Ended.STOPPED, -15)}, Next.FINISH, 0),
        ({"verdict": "fail", "words": "no"}, Next.FAIL, pods.FAILURE_CAUSE_REPORTED),
        ({"end": Exit(Ended.TIME_LIMIT, -15)}, Next.FAIL, pods.FAILURE_CAUSE_TIME_LIMIT),
        ({"end": Exit(Ended.OUTPUT_LIMIT, -15)}, Next.FAIL, pods.FAILURE_CAUSE_OUTPUT_LIMIT),
        ({"end": Exit(Ended.EXITED, 3)}, Next.FAIL, pods.FAILURE_CAUSE_EXIT_STATUS),
        ({"end": Exit(Ended.EXITED, 1), "tail": "Please run /login"}, Next.FAIL, pods.FAILURE_CAUSE_LOGIN_FAILED),
        ({"end": Exit(Ended.EXITED, 1), "tail": "429 rate limit"}, Next.FAIL, pods.FAILURE_CAUSE_RATE_LIMITED),
        ({"open_questions": True}, Next.WAIT, 0),
        ({"open_questions": True, "by_exit": True}, Next.WAIT, 0),
        ({"open_questions": True, "unheard": True}, Next.AGAIN, 0),
        ({"unheard": True}, Next.AGAIN, 0),
        ({"by_exit": True}, Next.FINISH, 0),
        ({"can_resume": True}, Next.REMIND, 0),
        ({"can_resume": True, "reminded": True}, Next.FAIL, pods.FAILURE_CAUSE_NO_RESULT),
        ({}, Next.FAIL, pods.FAILURE_CAUSE_NO_RESULT),
    ],
)
def test_how_a_turn_is_understood(given: dict[str, object], following: Next, cause: int) -> None:
    """The page of rules, row by row."""
    verdict = judge(turn(**given), datetime(2026, 11, 22, tzinfo=UTC))
    assert (verdict.next, verdict.cause) == (following, cause)


@pytest.mark.parametrize(
    ("tail", "following"),
    [
        ("You've hit your usage limit.", Next.FAIL),
        ("Limit reached." + " Then I read on." * 60 + " try again in 3 hours", Next.FAIL),
        ("I added a rate limit to the server." + " And tests for it." * 40 + " It answers 429.", Next.REMIND),
    ],
)
def test_a_speech_on_limits_is_no_notice(tail: str, following: Next) -> None:
    """A turn that ended well, silently, is a provider's limit only where it is short or names a time."""
    assert judge(turn(can_resume=True, tail=tail), datetime(2026, 11, 22, tzinfo=UTC)).next is following


def test_a_limit_carries_its_time() -> None:
    """What the provider said of its end goes on to the pod."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    ended = turn(end=Exit(Ended.EXITED, 1), tail="429: rate limited, retry after 90 seconds")
    assert judge(ended, now).retry_time == now + timedelta(seconds=90)
