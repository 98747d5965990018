"""Many entities from the log in one pass, where calls for each of them would cost more."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from podium.chassis.engine.model import EngineSettings, Folded
from podium.chassis.engine.ports import EntityCodec, EntityHead, Log
from podium.chassis.engine.records import decode_records
from podium.chassis.engine.step import advance
from podium.kernel.entity import Domain

S = TypeVar("S")

Scanned = dict[str, tuple[Folded[S], int]]
"""The state of each entity, and the global position of its last event."""


class Scanner(Generic[S]):
    """Reads the log of one kind of entity."""

    def __init__(self, domain: Domain[S], log: Log, codec: EntityCodec, settings: EngineSettings) -> None:
        self._domain = domain
        self._log = log
        self._codec = codec
        self._settings = settings

    def worth(self, heads: Sequence[EntityHead]) -> list[EntityHead]:
        """Those that one pass shall read; none where calls for each are cheaper.

        Who is long enough for a snapshot is read from that.
        """
        short = [head for head in heads if head.revision < self._settings.snapshot_every]
        span = max((head.position for head in short), default=0)
        enough = len(short) >= self._settings.scan_entities
        return short if enough and span <= self._settings.scan_positions_each * len(short) else []

    async def scan(self, heads: Sequence[EntityHead]) -> "Scanned[S]":
        """Their states as of now. What cannot be decoded is left out: its own reading says why.

        Raises LogUnavailable.
        """
        prefix = f"{self._domain.category}/"
        found: Scanned[S] = {head.entity_id: (Folded(self._domain.initial(head.entity_id)), 0) for head in heads}
        async for batch in self._log.read_category(self._domain.category):
            for record in batch:
                entity_id = record.stream.removeprefix(prefix)
                before = found.get(entity_id)
                if before is None:
                    continue
                try:
                    ((recorded, request_hash),) = decode_records(self._codec, [record])
                    found[entity_id] = advance(self._domain, before[0], recorded, request_hash), record.position
                except (LookupError, ValueError):
                    del found[entity_id]
        return found
