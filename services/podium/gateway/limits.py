"""How many streams one browser may hold open."""

from collections.abc import Iterator
from contextlib import contextmanager

from podium.kernel.errors import exhausted


class StreamLimits:
    """Counts open streams by session."""

    def __init__(self, per_session: int) -> None:
        self._per_session = per_session
        self._open: dict[str, int] = {}

    @contextmanager
    def holding(self, session_id: str) -> Iterator[None]:
        """One more stream of the session. Raises Rejection TOO_MANY_REQUESTS."""
        held = self._open.get(session_id, 0)
        if held >= self._per_session:
            raise exhausted("TOO_MANY_REQUESTS", f"{held} streams are open in this browser; close some tabs", 1.0)
        self._open[session_id] = held + 1
        try:
            yield
        finally:
            left = self._open[session_id] - 1
            if left:
                self._open[session_id] = left
            else:
                del self._open[session_id]
