"""What a session uses, from the three ways in which agents say it."""

import math
from collections.abc import Mapping
from typing import Any

from podium.jobs.v1.artifact_events_pb2 import SessionUsage
from podium.runner.agents.live import LiveAgent

_MICROS = 1_000_000
_MOST = 2**53


class Meter:
    """Counts into the agent's account what it did not count before.

    Tokens come with the answer to a prompt, for that turn, or piece by piece in `_meta.usage` of what the model said
    (as Qwen Code does); cost as the session's sum so far, in US dollars.
    """

    def __init__(self, agent: LiveAgent, *, resumed: bool) -> None:
        self._agent = agent
        self._by_pieces = False
        self._cost_known = not resumed
        """A session that was loaded again has a sum already that was counted before."""
        self.total = SessionUsage()

    def piece(self, meta: Mapping[str, Any] | None) -> None:
        """What one answer of the model used, where the agent says so."""
        usage = (meta or {}).get("usage")
        if isinstance(usage, Mapping):
            self._by_pieces = True
            self._count(_number(usage.get("inputTokens")), _number(usage.get("outputTokens")))

    def turn(self, input_tokens: int, output_tokens: int) -> None:
        """What a turn used, by the answer to its prompt."""
        if not self._by_pieces:
            self._count(_number(input_tokens), _number(output_tokens))

    def state(self, used: int, size: int, cost: float | None, currency: str) -> None:
        """The session's view and cost so far."""
        self.total.context_tokens, self.total.context_limit = _number(used), _number(size)
        if cost is None or currency.upper() != "USD":
            return
        micros = _number(cost * _MICROS)
        more = micros - self.total.cost_micros
        if self._cost_known and more > 0:
            self._agent.use(cost_micros=more)
        self._cost_known = True
        self.total.cost_micros = max(micros, self.total.cost_micros)

    def _count(self, input_tokens: int, output_tokens: int) -> None:
        self._agent.use(input_tokens=input_tokens, output_tokens=output_tokens)
        self.total.input_tokens += input_tokens
        self.total.output_tokens += output_tokens


def _number(value: Any) -> int:
    """A count that can be added; 0 for what is none."""
    counts = isinstance(value, int | float) and math.isfinite(value)
    return min(max(int(value), 0), _MOST) if counts else 0
