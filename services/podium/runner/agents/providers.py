"""A provider's limit or a failed login, recognised in an agent's last words, with the time when it may be tried again.

The forms are those in which the known agents (claude, codex, opencode, gemini, qwen) and the libraries under them say
it. Pure: the time comes in.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from podium.pods.v1.pod_pb2 import FAILURE_CAUSE_LOGIN_FAILED, FAILURE_CAUSE_RATE_LIMITED, FailureCause

LAST_CHARACTERS = 2000
"""How much of the end counts: an agent that works on rate limits talks of them earlier."""
LONGEST = timedelta(days=14)
"""A time that lies further away is not believed."""

_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")

_LIMITED = re.compile(
    r"rate[-_ ]?limit|(?<![\w.])(?:429|529)(?![\w.])|too many requests|limit (?:reached|will reset)"
    r"|(?:usage|session|weekly|daily|monthly|request) limit|hit your .{0,20}limit"
    r"|quota (?:exceeded|reached|exhausted)|exceeded your (?:current |monthly |daily )?quota"
    r"|exhausted your .{0,40}quota|insufficient_quota|resource_?exhausted|resource (?:has been )?exhausted"
    r"|overloaded_error|(?:server|service|api|model|provider) is (?:currently |temporarily )?(?:overloaded|at capacity)"
    r"|credit balance is too low",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"not (?:logged|signed) in|please (?:run .{0,30})?(?:log|sign) ?in|run .{0,3}/login"
    r"|(?:invalid|incorrect|missing|no) (?:api|x-api|auth)[-_ ]?(?:key|token)"
    r"|api[-_ ]key (?:is )?(?:not valid|invalid|expired|missing)|authentication[_ ](?:error|required|failed)"
    r"|(?<![\w.])401(?![\w.]).{0,20}unauthorized|unauthorized.{0,20}(?<![\w.])401(?![\w.])"
    r"|oauth token (?:has )?(?:expired|been revoked|revoked)|(?:access|refresh) token could not be refreshed"
    r"|(?:token|session) (?:has )?expired.{0,40}(?:log|sign) ?in|set an auth method|no auth type is selected",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ProviderFailure:
    """Not the agent's doing; such an end is no attempt."""

    cause: "FailureCause.ValueType"
    """RATE_LIMITED or LOGIN_FAILED."""
    retry_time: datetime | None = None
    """When the provider says that it goes on; None: it does not say, or nothing that can be believed."""


def provider_failure(tail: str, now: datetime) -> ProviderFailure | None:
    """What an agent's last words say of its provider; None where they say nothing of it. `now` has a time zone.

    Words that are wrapped or coloured for a terminal are understood too.
    """
    last = " ".join(_CONTROLS.sub("", tail[-2 * LAST_CHARACTERS :]).split())[-LAST_CHARACTERS:]
    if _LOGIN.search(last):
        return ProviderFailure(FAILURE_CAUSE_LOGIN_FAILED)
    if _LIMITED.search(last):
        return ProviderFailure(FAILURE_CAUSE_RATE_LIMITED, retry_time(last, now))
    return None


def retry_time(text: str, now: datetime) -> datetime | None:
    """The last time in a text at which it says to try again, if that lies ahead and not too far."""
    found: list[tuple[int, datetime]] = []
    for pattern, read in _FORMS:
        for match in pattern.finditer(text):
            for time in read(match, now):
                if now < time <= now + LONGEST:
                    found.append((match.start(), time))
    return max(found)[1] if found else None


# -- the forms -------------------------------------------------------------------------------------------------------

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(
    r"(\d+(?:\.\d+)?)\s*(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])", re.I
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

Times = Iterator[datetime]


def _epoch(match: "re.Match[str]", now: datetime) -> Times:
    """`usage limit reached|1762952400`, `"resets_at": 1777936568`; milliseconds too."""
    value = int(match[1])
    yield datetime.fromtimestamp(value / 1000 if value > 10**11 else value, UTC)


def _seconds(match: "re.Match[str]", now: datetime) -> Times:
    """`retry-after: 20`, `"resets_in_seconds": 13872`, `retry-after-ms: 300`."""
    value = float(match[2])
    yield now + timedelta(seconds=value / 1000 if match[1].lower().endswith(("ms", "milliseconds")) else value)


def _length(match: "re.Match[str]", now: datetime) -> Times:
    """`try again in 5 days 22 hours 11 minutes`, `retry in 37.5s`, `"retryDelay": "37s"`, `resets in 4h 29m`."""
    seconds = 0.0
    for number, unit in _LENGTH.findall(match[1]):
        seconds += float(number) * _UNITS["ms" if unit.lower().startswith(("ms", "milli")) else unit[0].lower()]
    yield now + timedelta(seconds=seconds)


def _clock(match: "re.Match[str]", now: datetime) -> Times:
    """`resets 12:50am (America/Los_Angeles)`, `reset at 9:30 AM`, `resets 18:30`: the next time that clocks say so."""
    zone = _zone(match["zone"], now)
    local = now.astimezone(zone)
    clock = _hour_minute(match)
    if zone is None or clock is None:
        return
    today = local.replace(hour=clock[0], minute=clock[1], second=0, microsecond=0)
    yield today if today > local else today + timedelta(days=1)


def _date(match: "re.Match[str]", now: datetime) -> Times:
    """`try again at Jul 5th, 2026 8:19 PM`, `resets Oct 9, 3pm (UTC)`; without a year, the next such day."""
    zone, clock = _zone(match["zone"], now), _hour_minute(match)
    if zone is None or clock is None:
        return
    month, day = _MONTHS.index(match["month"][:3].lower()) + 1, int(match["day"])
    years = [int(match["year"])] if match["year"] else [now.year, now.year + 1]
    for year in years:
        try:
            yield datetime(year, month, day, clock[0], clock[1], tzinfo=zone)
        except ValueError:
            continue


def _iso(match: "re.Match[str]", now: datetime) -> Times:
    """`reset after 2026-11-22T10:00:00Z`."""
    try:
        time = datetime.fromisoformat(match[1].upper().replace("Z", "+00:00"))
    except ValueError:
        return
    yield time if time.tzinfo else time.replace(tzinfo=now.tzinfo)


def _zone(name: str | None, now: datetime) -> tzinfo | None:
    """A time zone by its name; without one, this machine's: the agent runs here. None: nobody knows it."""
    if not name:
        return now.astimezone().tzinfo
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _hour_minute(match: "re.Match[str]") -> tuple[int, int] | None:
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    elif match["minute"] is None:
        return None  # a bare number is no time of day
    return (hour, minute) if hour < 24 and minute < 60 else None


_AGAIN = r"(?:try again|retry|retrying|retry[-_ ]?delay|retry[-_ ]after|resets?|resume|available again|wait)"
_CLOCK = r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?(?![\d:.])(?:\s*\((?P<zone>[\w/+-]+)\))?"
_SPAN = r"(?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*(?:and\s+)?){1,4}"
_DAY = rf"(?P<month>(?:{'|'.join(_MONTHS)})[a-z]*)\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{{4}}))?"
_NUMBER = r"\W{1,5}(\d+(?:\.\d+)?)(?![\w.])"
_STAMP = r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)"

_READERS: tuple[tuple[str, Callable[["re.Match[str]", datetime], Times]], ...] = (
    (r"limit reached\|(\d{10,13})\b", _epoch),
    (r"resets?[-_ ]?at\W{1,5}(\d{10,13})\b", _epoch),
    (rf"(retry[-_]after(?:[-_]ms)?|resets?_in_(?:milli)?seconds){_NUMBER}", _seconds),
    (rf"{_AGAIN}\W{{1,5}}(?:(?:in|after|for)\s+)?(?:about\s+)?({_SPAN})", _length),
    (rf"{_AGAIN}\s*(?:at\s+|·\s*)?{_CLOCK}", _clock),
    (rf"{_AGAIN}\s*(?:at\s+|on\s+|·\s*)?{_DAY},?\s+(?:at\s+)?{_CLOCK}", _date),
    (rf"{_AGAIN}\D{{1,12}}{_STAMP}", _iso),
)
_FORMS = tuple((re.compile(pattern, re.IGNORECASE), read) for pattern, read in _READERS)
