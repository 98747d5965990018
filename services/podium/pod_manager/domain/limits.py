"""Bounds of a pod; `check_*` refuse what passes them."""

from datetime import timedelta

from podium.kernel.errors import invalid

CONTENT_BYTES = 64 * 1024
"""A text field."""
KEPT_OUTPUT_BYTES = 16 * 1024
"""Output of checks that the state keeps."""
WORKSTREAMS = 1000
DEPENDENCIES = 100
"""Of one workstream."""
MESSAGES = 10_000
CHECKLIST_ITEMS = 200
ATTEMPTS_KEPT = 50
"""Attempts of one workstream that the state keeps; older ones are in the stream."""
HELD_BYTES = 4 * 1024 * 1024
"""What a pod may weigh (see `weights`) before nobody may add texts; with what still comes it stays below 8 MiB."""
FULL_BYTES = 5 * 1024 * 1024
"""From here on no agent starts either: each leaves its record."""
ANSWER_CHARACTERS = 256
"""An answer that is taken however much the pod holds: nobody shall wait for lack of room."""
SHORT_BYTES = 256
"""Of a text that a runner reports, where the pod holds too much: reports are never refused."""
PARALLEL_AGENTS = 1000
ATTEMPTS = 100
WAITING_ENTRIES = 100
"""Entries of `waiting_on`; the first ones are the most telling."""

RUNNER_GRACE = timedelta(seconds=5)
"""After a runner's lease ended: it may come back, flush its spool and claim its agents again."""
START_LIMIT = timedelta(hours=1)
"""For a living runner to start an agent that it claimed: to prepare a worktree may take long, but not for ever."""
INTERRUPT_LIMIT = timedelta(seconds=60)
"""For a living runner to end an agent; after it the slot is free, and a late word of the agent is refused."""
RATE_LIMIT_PAUSE = timedelta(seconds=60)
"""Before the next try, where the provider's rate limit names no time."""


def check_text(field: str, text: str, *, required: bool = True) -> str:
    """The text; raises EMPTY_CONTENT or CONTENT_TOO_LONG."""
    if required and not text.strip():
        raise invalid(field, "write something", "EMPTY_CONTENT", field=field)
    if len(text) > CONTENT_BYTES or len(text.encode()) > CONTENT_BYTES:
        limit = str(CONTENT_BYTES)
        raise invalid(field, f"at most {limit} bytes", "CONTENT_TOO_LONG", field=field, limit=limit)
    return text


def check_count(field: str, count: int, limit: int) -> None:
    """Raises TOO_MANY_ENTRIES."""
    if count > limit:
        raise invalid(field, f"at most {limit} entries", "TOO_MANY_ENTRIES", field=field, limit=str(limit))


def cut(text: str, limit: int = KEPT_OUTPUT_BYTES) -> str:
    """The end of a text, where the errors of checks stand, within a number of bytes."""
    data = text.encode()
    return text if len(data) <= limit else data[-limit:].decode(errors="ignore")
