"""What agents say when their provider does not let them go on, form by form."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podium.pods.v1.pod_pb2 import FAILURE_CAUSE_LOGIN_FAILED as LOGIN
from podium.pods.v1.pod_pb2 import FAILURE_CAUSE_RATE_LIMITED as LIMITED
from podium.runner.agents.providers import LONGEST, provider_failure
from tests.runner.house import house
from tests.runner.repo import Repo

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LOCAL = NOW.astimezone().tzinfo


def after(**length: float) -> datetime:
    return NOW + timedelta(**length)


def here(hour: int, minute: int, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=LOCAL)


LIMITS: list[tuple[str, datetime | None]] = [
    # claude
    (f"Claude AI usage limit reached|{int(after(hours=3).timestamp())}", after(hours=3)),
    ("You've hit your session limit · resets 5:10pm (Europe/Paris)", after(hours=6, minutes=10)),
    ("You've hit your limit · resets 12:50am (America/Los_Angeles)", after(hours=22, minutes=50)),
    ("Claude usage limit reached. Your limit will reset \n     at 3pm (America/Santiago).", after(hours=8)),
    ("You've hit your weekly limit · resets Nov 25, 3pm (UTC)", after(days=3, hours=5)),
    (
        'API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"Would exceed …"}}',
        None,
    ),
    ('API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', None),
    ("Credit balance is too low", None),
    # codex
    (
        "You've hit your usage limit. Upgrade to Pro or try again in 5 days 22 hours 11\nminutes.",
        after(days=5, hours=22, minutes=11),
    ),
    ("You've hit your usage limit. Try again at Nov 24th, 2026 8:19 PM.", here(20, 19, 24)),
    ("You've hit your usage limit or try again at Nov 24, 2026, 7:38 AM.", here(7, 38, 24)),
    (
        '{"error":{"type":"usage_limit_reached","resets_at":1795345200,"resets_in_seconds":3600},"status_code":429}',
        after(hours=1),
    ),
    ("stream error: exceeded retry limit, last status: 429 Too Many Requests; retrying 5/5 in 3.2s…", None),
    (
        "Rate limit reached for gpt-5 on tokens per min. Please try again in 1.898s.",
        after(seconds=1.898),
    ),
    ("Rate limit reached for requests. Please try again in 6m0s.", after(minutes=6)),
    ("Rate limit reached. Please try again in 250ms.", after(seconds=0.25)),
    # gemini, qwen
    ('"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "37s"}]', after(seconds=37)),
    ("You exceeded your current quota, please check your plan. Please retry in 20.535s.", after(seconds=20.535)),
    ("You have exhausted your daily quota on this model.", None),
    ("[API Error: Resource has been exhausted (e.g. check quota).]", None),
    ("Request failed with status code 429", None),
    # libraries, servers
    ("HTTP/1.1 429 Too Many Requests\nretry-after: 20\n", after(seconds=20)),
    ('{"status":429,"headers":{"retry-after-ms":"1500"}}', after(seconds=1.5)),
    ("rate limited; retry after 30 seconds", after(seconds=30)),
    ("too many requests, try again after 2026-11-22T10:30:00Z", after(minutes=30)),
    ("Usage limit reached, resets at 18:30", here(18, 30)),
    ("usage limit reached, resets in 4h 29m", after(hours=4, minutes=29)),
    ("\x1b[31mError:\x1b[0m \x1b[1mrate\nlimit\x1b[0m exceeded", None),
    ("The model is currently overloaded. Please try again later.", None),
    # what cannot be believed
    ("Claude AI usage limit reached|1760000400", None),
    ("usage limit reached; try again in 400 days", None),
    ("usage limit reached; resets 25:99", None),
    ("usage limit reached; resets 3pm (Mars/Olympus)", None),
]


@pytest.mark.parametrize(("said", "retry"), LIMITS, ids=lambda value: str(value)[:40])
def test_a_limit_is_recognised_with_its_time(said: str, retry: datetime | None) -> None:
    """The form in which each agent says it; a time that has passed, or lies too far away, is none."""
    found = provider_failure(f"Working on it…\n{said}", NOW)
    assert found is not None
    assert found.cause == LIMITED
    if retry is not None and retry <= NOW:  # a clock time of this machine's zone, on its next day
        retry += timedelta(days=1)
    assert found.retry_time == retry


@pytest.mark.parametrize(
    "said",
    [
        "Invalid API key · Please run /login",
        "OAuth token has expired. Please run /login",
        'API Error: 401 {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
        "Not logged in. Please run `codex login`",
        "unexpected status 401 Unauthorized: Missing bearer or basic authentication in header",
        "Your access token could not be refreshed because your refresh token was revoked.",
        "Incorrect API key provided: sk-***. You can find your API key at …",
        "API key not valid. Please pass a valid API key.",
        "Please set an Auth method in your settings.json or specify one of the following: GEMINI_API_KEY",
        "No auth type is selected. Please configure an auth type.",
        "Authentication required",
        "You are not signed in",
    ],
)
def test_a_failed_login_is_recognised(said: str) -> None:
    """However it is said; nobody knows when it will be mended."""
    found = provider_failure(said, NOW)
    assert found is not None
    assert (found.cause, found.retry_time) == (LOGIN, None)


@pytest.mark.parametrize(
    "said",
    [
        "all 429 tests pass" + "." * 3000,
        "Added a rate limiter to the API." + " Then the tests." * 200,
        "ran 1429 tests in 4.29s",
        "The build failed: src/a.c:401: error",
        "error: call to overloaded function is ambiguous",
        "",
    ],
)
def test_ordinary_words_are_no_limit(said: str) -> None:
    """Numbers in other numbers, and what was said long before the end."""
    assert provider_failure(said, NOW) is None


def test_the_longest_pause_is_bounded() -> None:
    """Nobody waits for a month because a line was misread."""
    assert provider_failure("rate limit: try again in 13 days", NOW).retry_time == after(days=13)  # type: ignore[union-attr]
    assert provider_failure(f"rate limit: try again in {LONGEST.days + 1} days", NOW).retry_time is None  # type: ignore[union-attr]


# -- a whole runner --------------------------------------------------------------------------------------------------


async def test_a_limit_reaches_the_pod_with_its_time(tmp_path: Path, repo: Repo) -> None:
    """By exit status, or said in place of a document or of work; a login too. The pod counts none of them."""
    soon = int(time.time()) + 3600
    said = {
        "exits": (f"echo 'Claude AI usage limit reached|{soon}'; exit 1", {}),
        "prints": ("echo 'rate limited; retry after 600 seconds'", {"result": "exit", "output": "stdout"}),
        "login": ("echo 'Not logged in. Please run codex login'; exit 1", {}),
    }
    profiles = {name: {"command": ["/bin/sh", "-c", text], **more} for name, (text, more) in said.items()}
    async with house(tmp_path, repo) as at_home:
        await at_home.start_runner(profiles)
        await at_home.launch("agent_1", profile="exits")
        await at_home.launch("agent_2", workstream="two", profile="prints")
        await at_home.launch("agent_3", "spec_writer", profile="prints")
        await at_home.launch("agent_4", workstream="four", profile="login")
        ends = {n: (await at_home.pods.end_of(f"agent_{n}")).failed for n in (1, 2, 3, 4)}
        assert [ends[n].cause for n in (1, 2, 3, 4)] == [LIMITED, LIMITED, LIMITED, LOGIN]
        assert ends[1].retry_time.seconds == soon
        assert all(ends[n].retry_time.seconds > time.time() + 500 for n in (2, 3))
        assert not ends[4].HasField("retry_time")
        assert not at_home.pods.calls("UpdateSpec")
        await at_home.stop_runner()
