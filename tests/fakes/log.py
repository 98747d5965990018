"""An event log in memory that can stall, fail before or after it stored, answer late, and fence."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from podium.chassis.engine.ports import (
    AppendConflict,
    Appended,
    AppendFenced,
    AppendRefused,
    AppendUnknown,
    EntityHead,
    FenceToken,
    LogUnavailable,
    StoredRecord,
    StoredSnapshot,
    StreamBatch,
)


@dataclass
class MemoryLog:
    """Implements `chassis.engine.ports.Log`.

    `faults` are taken one an append: `lost` (not stored, outcome unknown), `stored` (stored, outcome unknown), `late`
    (outcome unknown, stored a moment later unless it no longer fits), `refused`. `stalled` holds appends back.
    """

    records: list[StoredRecord] = field(default_factory=list)
    streams: dict[str, list[StoredRecord]] = field(default_factory=dict)
    snapshots: dict[str, list[tuple[int, StoredSnapshot]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    epochs: dict[int, int] = field(default_factory=dict)
    appends: int = 0
    reads: int = 0
    scans: int = 0
    readable: bool = True
    late: list[Sequence[StreamBatch]] = field(default_factory=list)
    _gate: asyncio.Event | None = None
    waiting: int = 0

    def stall(self) -> None:
        """Hold back every append that begins from now on."""
        self._gate = asyncio.Event()

    def flow(self) -> None:
        """Let them go."""
        if self._gate is not None:
            self._gate.set()
        self._gate = None

    async def append(
        self, streams: Sequence[StreamBatch], fence: FenceToken | None, timeout_seconds: float
    ) -> Appended:
        self.appends += 1
        await asyncio.sleep(0)
        if self._gate is not None:
            self.waiting += 1
            await self._gate.wait()
            self.waiting -= 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lost":
            raise AppendUnknown
        if fault == "refused":
            raise AppendRefused("STORAGE_FULL", "the disk is full")
        if fault == "late":
            self.late.append(streams)
            raise AppendUnknown
        appended = self.store(streams, fence)
        await asyncio.sleep(0)
        if fault == "stored":
            raise AppendUnknown
        return appended

    def store(self, streams: Sequence[StreamBatch], fence: FenceToken | None = None) -> Appended:
        """Check and store at once."""
        if fence is not None and fence.epoch != self.epochs.get(fence.shard, fence.epoch):
            raise AppendFenced
        for batch in streams:
            if batch.expected_revision not in (None, len(self.streams.get(batch.stream, []))):
                raise AppendConflict
        first = len(self.records) + 1
        for batch in streams:
            stream = self.streams.setdefault(batch.stream, [])
            for new in batch.records:
                record = StoredRecord(
                    len(self.records) + 1, batch.stream, len(stream) + 1, new.type, new.data, new.metadata
                )
                stream.append(record)
                self.records.append(record)
        return Appended(first, len(self.records))

    def land_late(self) -> None:
        """What was answered with «unknown» and still on its way arrives now."""
        while self.late:
            try:
                self.store(self.late.pop(0))
            except AppendConflict:
                continue

    async def read(self, stream: str, after_revision: int, limit: int = 0) -> AsyncIterator[Sequence[StoredRecord]]:
        self.reads += 1
        await asyncio.sleep(0)
        if not self.readable:
            raise LogUnavailable
        rows = self.streams.get(stream, [])[after_revision:]
        rows = rows[:limit] if limit else list(rows)
        for start in range(0, len(rows), 100):
            yield rows[start : start + 100]

    async def load_snapshot(self, stream: str, at_revision: int | None, schema_version: int) -> StoredSnapshot | None:
        if not self.readable:
            raise LogUnavailable
        kept = [
            snapshot
            for version, snapshot in self.snapshots.get(stream, [])
            if version == schema_version and (at_revision is None or snapshot.revision <= at_revision)
        ]
        return max(kept, key=lambda snapshot: snapshot.revision, default=None)

    async def save_snapshot(
        self, stream: str, snapshot: StoredSnapshot, schema_version: int, fence: FenceToken | None
    ) -> None:
        self.snapshots.setdefault(stream, []).append((schema_version, snapshot))

    async def list_entities(self, category: str) -> Sequence[EntityHead]:
        if not self.readable:
            raise LogUnavailable
        return [
            EntityHead(name.removeprefix(f"{category}/"), len(records), records[-1].position)
            for name, records in self.streams.items()
            if name.startswith(f"{category}/")
        ]

    async def read_category(self, category: str) -> AsyncIterator[Sequence[StoredRecord]]:
        self.scans += 1
        rows = [record for record in self.records if record.stream.startswith(f"{category}/")]
        for start in range(0, len(rows), 100):
            await asyncio.sleep(0)
            if not self.readable:
                raise LogUnavailable
            yield rows[start : start + 100]
