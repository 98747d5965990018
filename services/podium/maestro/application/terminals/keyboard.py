"""Who types into a terminal, and what is typed, in order, on its way to the process."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from podium.chassis.engine.ports import Clock
from podium.kernel.errors import Rejection, exhausted, precondition
from podium.maestro.application.terminals.items import TerminalLimits
from podium.maestro.application.terminals.typed import Received, Typed


class Typist(Protocol):
    """A viewer, as far as the keyboard knows it."""

    def lose_input(self) -> None:
        """Somebody else types now."""
        ...


class Keyboard:
    """One holder at a time, known by a token; what is typed is bounded, and kept until the process has taken it."""

    def __init__(
        self,
        session_id: str,
        limits: TerminalLimits,
        clock: Clock,
        new_token: Callable[[], str],
        wake: Callable[[], None],
    ) -> None:
        self._session_id = session_id
        self._limits = limits
        self._clock = clock
        self._new_token = new_token
        self._wake = wake
        self.token = ""
        self.sequence = 0
        """The last one taken under the token."""
        self._holder: Typist | None = None
        self._kept_until = clock.monotonic() + limits.input_kept_seconds
        """At first for whoever had the input before this process was there."""
        self.typed = Typed(limits.input_bytes)
        self.input_id = new_token()
        """Names our count of it."""
        self._waiting = 0
        self._moved = asyncio.Event()

    # -- who -------------------------------------------------------------------------------------------------

    def hold(self, typist: Typist, token: str, take: bool, *, returns: bool) -> str:
        """The token for a viewer: the one that it had, a new one where the input is free or taken over; else none.

        What is kept for a viewer that went away is kept from the others that come back with it (`returns`), after a
        loss that met them all; somebody who comes to it anew finds it free. After a restart of this process the first
        one with any token is taken for the one that had it.
        """
        if token and token == self.token:
            if self._holder is not None and self._holder is not typist:
                self._holder.lose_input()
            self._holder = typist
            return token
        held = self._holder is not None or (returns and self._clock.monotonic() < self._kept_until)
        had = bool(token) and not self.token
        if held and not take and not had:
            return ""
        if self._holder is not None:
            self._holder.lose_input()
        self._holder = typist
        self.token, self.sequence = self._new_token(), 0
        self._stir()
        return self.token

    def leave(self, typist: Typist) -> None:
        """A viewer goes; where it held the input, that is kept for its return, for a while."""
        if self._holder is typist:
            self._holder = None
            self._kept_until = self._clock.monotonic() + self._limits.input_kept_seconds

    def check(self, token: str) -> None:
        """Raises INPUT_NOT_HELD for another token than the holder's."""
        if token != self.token:
            raise precondition(
                "INPUT_NOT_HELD",
                "another viewer has the input, or this one's is void; attach with take_input",
                session_id=self._session_id,
            )

    # -- what ------------------------------------------------------------------------------------------------

    async def type(self, token: str, sequence: int, data: bytes) -> int:
        """Queue input behind the one before it; the last sequence that is taken.

        Raises INPUT_NOT_HELD, INPUT_OUT_OF_ORDER, TOO_MANY_REQUESTS.
        """
        self.check(token)
        if self._waiting >= self._limits.input_waiters:
            raise exhausted("TOO_MANY_REQUESTS", f"{self._waiting} inputs wait for this terminal already")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.input_wait_seconds):
                while sequence > self.sequence + 1 or (sequence > self.sequence and self.is_full(data)):
                    moved = self._moved
                    await moved.wait()
                    self.check(token)
        except TimeoutError:
            raise self._stuck(sequence) from None
        finally:
            self._waiting -= 1
        if sequence == self.sequence + 1:
            self.sequence = sequence
            self.put(data)
        return self.sequence

    def put(self, data: bytes) -> None:
        """Queue input; there is room for it."""
        self.typed.add(data)
        self._stir()
        self._wake()

    def is_full(self, data: bytes) -> bool:
        """Whether there is no room for it now."""
        waiting = self.typed.waiting
        return waiting > 0 and waiting + len(data) > self._limits.input_bytes

    def _stuck(self, sequence: int) -> Rejection:
        expected = self.sequence + 1
        if sequence > expected:
            return precondition(
                "INPUT_OUT_OF_ORDER",
                f"input {expected} is missing before {sequence}",
                expected=str(expected),
                sequence=str(sequence),
            )
        return exhausted("TOO_MANY_REQUESTS", "the terminal does not read what is typed; try again later", 1.0)

    def begin(self, received: Received) -> int:
        """A runner offers the terminal: the offset behind which it is sent what was typed."""
        offset = self.typed.begin(received, self.input_id)
        self._stir()
        return offset

    def took(self, offset: int) -> None:
        """The process has taken the input up to an offset."""
        if self.typed.took(offset):
            self._stir()
            self._wake()

    def end(self) -> None:
        """The process has ended: nothing that waits for it will be typed."""
        self.typed.clear()
        self._stir()

    def _stir(self) -> None:
        """Wake whoever waits for a turn or for room."""
        self._moved.set()
        self._moved = asyncio.Event()
