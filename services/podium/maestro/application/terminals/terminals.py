"""All terminals of this process: who serves, who watches, who types."""

import uuid
from collections.abc import AsyncIterator, Sequence

from podium.chassis.engine.ports import Clock
from podium.kernel.errors import Rejection, exhausted, precondition
from podium.maestro.application.terminals.items import Size, TerminalLimits, ViewerItem
from podium.maestro.application.terminals.ports import SessionFacts, Sessions, Transcripts
from podium.maestro.application.terminals.relay import Relay, not_served
from podium.maestro.application.terminals.sides import Source
from podium.maestro.application.terminals.sizes import Step
from podium.maestro.application.terminals.typed import Received
from podium.maestro.application.terminals.viewer import Viewer

Key = tuple[str, str]
"""(project id, session id)"""


class Terminals:
    """The relays, by session."""

    def __init__(
        self, sessions: Sessions, transcripts: Transcripts, clock: Clock, limits: TerminalLimits | None = None
    ) -> None:
        self._sessions = sessions
        self._transcripts = transcripts
        self._clock = clock
        self.limits = limits or TerminalLimits()
        self._relays: dict[Key, Relay] = {}

    async def serve(
        self,
        key: Key,
        runner_id: str,
        size: Size,
        offset: int,
        writable: bool,
        received: Received,
        sizes: Sequence[Step] = (),
    ) -> tuple[Relay, Source]:
        """A runner offers a terminal. Raises SESSION_NOT_FOUND, SESSION_NOT_YOURS, NOT_OWNER."""
        facts = await self._sessions.find(*key)
        check_runner(key[1], facts, runner_id)
        relay = self._relay(key)
        return relay, relay.serve(size, offset, writable, received, sizes)

    async def still_owned(self, key: Key) -> None:
        """Raises NOT_OWNER where the project is another process' by now."""
        try:
            await self._sessions.find(*key)
        except Rejection as refusal:
            # A session that is gone is the runner's affair, and what cannot be read now is there later.
            if refusal.reason == "NOT_OWNER":
                raise

    async def attach(
        self, key: Key, after_offset: int, *, take_input: bool, read_only: bool, input_token: str
    ) -> AsyncIterator[ViewerItem]:
        """What a viewer is shown. Raises SESSION_NOT_FOUND, PROJECT_NOT_FOUND, TOO_MANY_VIEWERS, NOT_OWNER."""
        facts = await self._sessions.find(*key)
        relay = self._relay(key)
        if len(relay.viewers) >= self.limits.viewers:
            raise exhausted(
                "TOO_MANY_VIEWERS",
                f"the terminal of {key[1]} has {self.limits.viewers} viewers, which is all it can",
                1.0,
                limit=str(self.limits.viewers),
            )
        viewer = Viewer(
            f"viewer_{uuid.uuid4().hex}",
            key,
            relay,
            self._sessions,
            self._transcripts,
            self._clock,
            self.limits,
            after_offset,
        )
        return viewer.items(facts, take_input=take_input, read_only=read_only, input_token=input_token)

    async def write(self, key: Key, token: str, sequence: int, data: bytes) -> int:
        """Type; the last sequence that is taken. Raises what the RPC documents."""
        relay = await self._typed_into(key)
        return await relay.keyboard.type(token, sequence, data)

    async def resize(self, key: Key, token: str, size: Size) -> None:
        """Ask for another size. Raises what the RPC documents."""
        relay = await self._typed_into(key)
        relay.keyboard.check(token)
        relay.ask_size(size)

    async def _typed_into(self, key: Key) -> Relay:
        facts = await self._sessions.find(*key)
        relay = self._relays.get(key)
        if relay is None or facts.exit is not None:
            raise not_served(key[1])
        relay.check_written(facts.spawned or relay.was_served)
        return relay

    def _relay(self, key: Key) -> Relay:
        relay = self._relays.get(key)
        if relay is None:
            for idle in [each for each, found in self._relays.items() if found.is_idle]:
                del self._relays[idle]
            relay = self._relays[key] = Relay(key[1], self.limits, self._clock, lambda: f"input_{uuid.uuid4().hex}")
        return relay


def check_runner(session_id: str, facts: SessionFacts, runner_id: str) -> None:
    """Raises SESSION_NOT_YOURS for a session that has ended, or that another runner holds."""
    if facts.exit is not None:
        holder = "it has ended"
    elif facts.spawned and not facts.runner_id:
        holder = "nobody has claimed it"
    elif facts.runner_id and facts.runner_id != runner_id:
        holder = f"runner {facts.runner_id} holds it"
    else:
        return
    raise precondition(
        "SESSION_NOT_YOURS", f"session {session_id}: {holder}", session_id=session_id, runner_id=facts.runner_id
    )
