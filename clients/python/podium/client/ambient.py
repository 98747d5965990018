"""What a call passes on to the calls made on its behalf: its deadline and its trace.

A server sets these for each call it serves; the client reads them. They live in context variables, so that code in
between needs no parameters for them, and `TaskSet` does not hand them to background tasks, which outlive the call.
"""

import time
from contextvars import ContextVar

DEADLINE: ContextVar[float | None] = ContextVar("podium_deadline", default=None)
"""When the call being served ends (`time.monotonic()` seconds); None: never."""

TRACEPARENT: ContextVar[str] = ContextVar("podium_traceparent", default="")
"""The W3C traceparent of the current span; empty outside of any."""


def remaining_seconds() -> float | None:
    """How long the call being served has left, at least 0; None where there is no limit."""
    deadline = DEADLINE.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic())
