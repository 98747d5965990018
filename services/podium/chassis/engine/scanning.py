"""Many entities from the log in one pass, where calls for each of them would cost more."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from podium.chassis.engine.model import EngineSettings, Folded, RequestTable
from podium.chassis.engine.ports import EntityCodec, EntityHead, Log
from podium.chassis.engine.records import decode_record
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
        initial, evolve, codec = self._domain.initial, self._domain.evolve, self._codec
        found = {prefix + head.entity_id: _Growing(initial(head.entity_id)) for head in heads}
        async for batch in self._log.read_category(self._domain.category):
            for record in batch:
                growing = found.get(record.stream)
                if growing is None:
                    continue
                try:
                    recorded = decode_record(codec, record)
                    growing.state = evolve(growing.state, recorded)
                except (LookupError, ValueError):
                    del found[record.stream]
                    continue
                if recorded.request_id:
                    request_hash = record.metadata.get("request_hash", "")
                    growing.requests.append((recorded.request_id, request_hash, recorded.revision))
                growing.revision, growing.position = recorded.revision, record.position
        return {stream.removeprefix(prefix): growing.built() for stream, growing in found.items()}


class _Growing(Generic[S]):
    """What has been read of an entity: what `advance` makes event by event, but its requests all at the end."""

    __slots__ = ("position", "requests", "revision", "state")

    def __init__(self, state: S) -> None:
        self.state = state
        self.revision = 0
        self.position = 0
        self.requests: list[tuple[str, str, int]] = []

    def built(self) -> tuple[Folded[S], int]:
        """As `Scanned` has it."""
        return Folded(self.state, self.revision, RequestTable.of(self.requests)), self.position
