"""Small words: times, durations, counts, cut texts."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from podium.pods.v1.pod_pb2 import ExternalSync

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def duration(seconds: float) -> str:
    """`8 s`, `3 min`, `2 h 5 min`, `4 d 1 h`: two units at most."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for size, name in _UNITS:
        if rest >= size and len(parts) < 2:
            parts.append(f"{rest // size} {name}")
        rest %= size
    if not parts:
        return f"{rest} s"
    return " ".join(parts[:2])


def seconds_of(timestamp: "Timestamp") -> float:
    """Seconds since the epoch."""
    return timestamp.seconds + timestamp.nanos / 1e9


def ago(timestamp: "Timestamp", now: float) -> str:
    """How long ago; `-` for a time that is not set."""
    if not timestamp.seconds:
        return "-"
    return f"{duration(now - seconds_of(timestamp))} ago"


def clock(timestamp: "Timestamp") -> str:
    """`14:03:09` in the machine's own zone."""
    moment = datetime.fromtimestamp(seconds_of(timestamp), tz=UTC).astimezone()
    return moment.strftime("%H:%M:%S")


def count(number: int, one: str, many: str = "") -> str:
    """`1 agent`, `3 agents`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def cut(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def lower(word: str) -> str:
    """`WORKSTREAM_EXECUTION` → `workstream execution`."""
    return word.replace("_", " ").lower()


def short(commit: str) -> str:
    """The first ten characters of a commit."""
    return commit[:10]


def request_line(sync: "ExternalSync") -> str:
    """`pull request 12 (open): https://…`; of one that a person must open, where."""
    kind = lower(sync.kind) or "pull request"
    if sync.number:
        return f"{kind} {sync.number} ({lower(sync.state)}): {sync.url}"
    return f"a {kind} that you open at {sync.url}" if sync.url else f"a {kind} of the pushed branch {sync.branch}"
