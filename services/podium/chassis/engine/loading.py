"""Entities from the log: newest snapshot and tail, or the state at some revision."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from podium.chassis.engine.model import EngineSettings, Folded
from podium.chassis.engine.ports import EntityCodec, Log
from podium.chassis.engine.records import decode_records
from podium.chassis.engine.snapshots import decode_snapshot
from podium.chassis.engine.step import advance
from podium.kernel.entity import Domain, Recorded

S = TypeVar("S")


@dataclass(slots=True)
class Tail(Generic[S]):
    """Events after a base, the state after each, and the last one's position."""

    folded: Folded[S]
    position: int = 0
    recorded: list[Recorded] = field(default_factory=list)
    states: list[S] = field(default_factory=list)


class Loader(Generic[S]):
    """Reads one kind of entity. Raises LogUnavailable, or LookupError / ValueError for what it cannot decode."""

    def __init__(self, domain: Domain[S], log: Log, codec: EntityCodec, settings: EngineSettings) -> None:
        self._domain = domain
        self._log = log
        self._codec = codec
        self._settings = settings

    async def newest(self, entity_id: str, stream: str) -> tuple[Folded[S], int]:
        """The newest snapshot's state and position, or the initial state."""
        return await self._snapshot(entity_id, stream, None)

    async def _snapshot(self, entity_id: str, stream: str, at: int | None) -> tuple[Folded[S], int]:
        stored = await self._log.load_snapshot(stream, at, self._domain.schema_version)
        if stored is not None:
            return decode_snapshot(self._codec, stored.data)
        return Folded(self._domain.initial(entity_id)), 0

    async def tail(self, stream: str, base: Folded[S], limit: int = 0, keep: bool = True) -> Tail[S]:
        """Fold the stream after `base`; `keep` False leaves the events and states between out."""
        tail = Tail(base)
        async for batch in self._log.read(stream, base.revision, limit):
            for recorded, request_hash in decode_records(self._codec, list(batch)):
                tail.folded = advance(self._domain, tail.folded, recorded, request_hash)
                if keep:
                    tail.recorded.append(recorded)
                    tail.states.append(tail.folded.state)
            if batch:
                tail.position = batch[-1].position
        return tail

    async def at(self, entity_id: str, stream: str, revision: int) -> Folded[S] | None:
        """The state after a revision, from the nearest snapshot; None where the stream does not reach it."""
        if revision == 0:
            return Folded(self._domain.initial(entity_id))
        base, _ = await self._snapshot(entity_id, stream, revision)
        if base.revision < revision:
            base = (await self.tail(stream, base, revision - base.revision, keep=False)).folded
        return base if base.revision == revision else None
