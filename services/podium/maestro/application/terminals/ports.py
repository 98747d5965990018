"""What terminals need of the rest of Maestro: the sessions they belong to, and the transcripts that outlast them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from podium.maestro.application.terminals.items import UNKNOWN_SIZE, Exit, Output, Size


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a terminal has to know of its session."""

    starting: bool = False
    runner_id: str = ""
    """Who holds it; empty: not known."""
    spawned: bool = False
    """A runner was asked to start it: none but the one that claimed it may serve it."""
    size: Size = UNKNOWN_SIZE
    """As it was asked for; the terminal's own is known where it is served."""
    exit: Exit | None = None
    """How it ended."""


class Sessions(Protocol):
    """The sessions of this process' projects."""

    async def find(self, project_id: str, session_id: str) -> SessionFacts:
        """Raises `Rejection`: PROJECT_NOT_FOUND, SESSION_NOT_FOUND, NOT_OWNER, NOT_READY."""
        ...


class Transcript(Protocol):
    """One transcript, while it is read."""

    def more(self) -> AsyncIterator[Output]:
        """The terminal's output that is kept behind what was read before, with offsets and gaps; nothing where none is.

        Raises `Rejection` STORAGE_UNAVAILABLE.
        """
        ...


class Transcripts(Protocol):
    """The runners' transcripts in the event store."""

    def open(self, session_id: str) -> Transcript:
        """The transcript of a session, from its beginning."""
        ...
