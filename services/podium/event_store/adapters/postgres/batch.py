"""What the writer takes into one commit, and what it answers then."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from podium.event_store.adapters.postgres.transaction import Job, Transaction
from podium.event_store.domain.model import Append, Outcome


@dataclass(slots=True)
class Work:
    """Appends or a job that wait for their commit, and who waits for them."""

    future: "asyncio.Future[Any]"
    appends: Sequence[Append] = ()
    job: Job[object] | None = None
    events: int = 0
    size: int = 0


class Filled:
    """A transaction that is ready to commit, and what to answer then: one result or error for each work."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.answers: list[object] = []

    def hand_out(self, run: Sequence[Work], outcomes: Sequence[Outcome]) -> None:
        """Give each work of a run of appends its own outcomes."""
        at = 0
        for work in run:
            self.answers.append(outcomes[at : at + len(work.appends)])
            at += len(work.appends)


class OutcomeUnknown(Exception):
    """The connection was lost while the commit was under way."""

    def __init__(self, filled: Filled) -> None:
        super().__init__("the connection was lost during COMMIT")
        self.filled = filled


async def append_run(filled: Filled, run: list[Work]) -> None:
    """Admit the appends of neighbouring work as one; hand each its own outcomes."""
    if run:
        filled.hand_out(run, await filled.transaction.append([append for work in run for append in work.appends]))
