"""Entities from the log: newest snapshot and tail, or the state at some revision."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from podium.chassis.engine.model import EngineSettings, Folded
from podium.chassis.engine.ports import EntityCodec, Log
from podium.chassis.engine.records import decode_records
from podium.chassis.engine.snapshots import decode_snapshot
from podium.chassis.engine.step import advance
from podium.kernel.entity import Domain, Recorded

S = TypeVar("S")

PAST_KEPT = 4
"""Past states of an entity that are kept: whoever looks at one revision looks at those beside it next."""
LARGE_BYTES = 1 << 20
"""A snapshot above this is decoded on a thread, so that leases are renewed meanwhile; what comes of it is not kept."""


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
        self._past: OrderedDict[int, Folded[S]] = OrderedDict()

    async def newest(self, entity_id: str, stream: str) -> tuple[Folded[S], int]:
        """The newest snapshot's state and position, or the initial state."""
        folded, position, _ = await self._snapshot(entity_id, stream, None)
        return folded, position

    async def _snapshot(self, entity_id: str, stream: str, at: int | None) -> tuple[Folded[S], int, bool]:
        """(state, position, whether it is large)."""
        stored = await self._log.load_snapshot(stream, at, self._domain.schema_version)
        if stored is None:
            return Folded(self._domain.initial(entity_id)), 0, False
        decode = partial(decode_snapshot, self._codec, stored.data, requests=at is None)
        large = len(stored.data) > LARGE_BYTES
        return *(await asyncio.to_thread(decode) if large else decode()), large

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
        """The state after a revision, from what is nearest; None where the stream does not reach it.

        Its table of requests is not whole: nobody decides on the past.
        """
        if revision == 0:
            return Folded(self._domain.initial(entity_id))
        base, large = self._nearest(revision), False
        if base is None:
            base, _, large = await self._snapshot(entity_id, stream, revision)
        if base.revision < revision:
            base = (await self.tail(stream, base, revision - base.revision, keep=False)).folded
        if base.revision != revision:
            return None
        if not large:
            self._keep(base)
        return base

    def _keep(self, past: Folded[S]) -> None:
        self._past[past.revision] = past
        self._past.move_to_end(past.revision)
        if len(self._past) > PAST_KEPT:
            self._past.popitem(last=False)

    def _nearest(self, revision: int) -> Folded[S] | None:
        """A kept state that is likely nearer than the snapshot, which lies half its distance back on average."""
        near = [kept for kept in self._past if 0 <= revision - kept <= self._settings.snapshot_every // 2]
        return self._past[max(near)] if near else None
