"""The event store's `Log` in plain lists: the shortest thing that keeps the contract."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from podium.event_store.adapters.lease_facts import acquired_fact, ended_fact
from podium.event_store.application.ports import CommitListener
from podium.event_store.domain import ownership, wire
from podium.event_store.domain.admission import Admission, admit_all, check_fence
from podium.event_store.domain.limits import LEASES_STREAM, truncated
from podium.event_store.domain.model import (
    Append,
    Checked,
    Commit,
    Fact,
    Filter,
    Found,
    Lease,
    LeaseEnd,
    Outcome,
    Page,
    Retention,
    ShardRow,
    Snapshot,
    StoredEvent,
    StreamInfo,
    StreamPart,
)
from podium.event_store.domain.retention import floor_of, superseded
from podium.kernel.errors import invalid, not_found

PAGE = 2000


def system_time_us() -> int:
    return time.time_ns() // 1000


class MemoryEventLog:
    """Implements `application.ports.Log`; close and open keep what is in it."""

    def __init__(self, now_us: Callable[[], int] = system_time_us) -> None:
        self._now_us = now_us
        self._rows: list[StoredEvent] = []
        self._times: list[int] = []
        self._digests: dict[bytes, bytes] = {}
        self._info: dict[str, StreamInfo] = {}
        self._leases: dict[str, tuple[Lease, bool]] = {}
        self._shards: dict[tuple[str, int], ShardRow] = {}
        self._snapshots: dict[int, tuple[Snapshot, list[bytes], bool]] = {}
        self._snapshot_ids = 0
        self._listeners: list[CommitListener] = []

    async def open(self) -> None:
        self._snapshots = {key: value for key, value in self._snapshots.items() if value[2]}

    async def close(self) -> None:
        self._listeners.clear()

    # Admission's view.

    def head(self, stream: str) -> int:
        return self._info[stream].revision if stream in self._info else 0

    def find(self, event_id: bytes) -> Found | None:
        for row in self._rows:
            if row.event_id == event_id:
                return Found(row.position, row.stream, row.revision, self._digests[event_id])
        return None

    def shard(self, service: str, shard: int) -> ShardRow:
        return self._shards.get((service, shard), ShardRow(shard))

    # Events.

    @property
    def position(self) -> int:
        return len(self._rows)

    def listen(self, listener: CommitListener) -> None:
        self._listeners.append(listener)

    def append(self, appends: Sequence[Append]) -> Awaitable[Sequence[Outcome]]:
        future: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
        future.set_result(self._append(appends))
        return future

    def _append(self, appends: Sequence[Append]) -> Sequence[Outcome]:
        now_us = self._now_us()
        admission = Admission(self, self.position, now_us, trusting=False)
        outcomes = admit_all(admission, appends)
        for row in admission.rows:
            self._rows.append(row)
            self._times.append(now_us)
            self._digests[row.event_id] = wire.digest(wire.body_of(row.event))
            known = self._info.get(row.stream, StreamInfo(row.stream))
            self._info[row.stream] = replace(known, revision=row.revision, last_position=row.position)
        if admission.rows:
            for listener in self._listeners:
                listener(Commit(admission.rows))
        return outcomes

    async def read_stream(
        self, stream: str, first: int, *, backwards: bool = False, limit: int = 0, max_bytes: int = 1 << 20
    ) -> Page:
        info = self._info.get(stream, StreamInfo(stream))
        floor = info.oldest_revision
        if 0 < first < floor:
            raise truncated(stream, floor)
        rows = [row for row in self._rows if row.stream == stream and row.revision >= floor]
        if backwards:
            rows = [row for row in reversed(rows) if row.revision <= (first or info.revision)]
        else:
            rows = [row for row in rows if row.revision >= first]
        chosen = _bounded(rows, limit, max_bytes)
        last = chosen[-1].revision if chosen else first
        return Page(wire.splice(row.event for row in chosen), len(chosen), last, len(chosen) == len(rows))

    async def read_all(
        self, wanted: Filter, first: int, *, backwards: bool = False, limit: int = 0, max_bytes: int = 1 << 20
    ) -> Page:
        if backwards:
            rows = [row for row in reversed(self._rows) if row.position <= (first or self.position)]
        else:
            rows = [row for row in self._rows if row.position >= first]
        matching = [row for row in rows if wanted.matches(row.stream, row.type)]
        chosen = _bounded(matching, limit, max_bytes)
        end = len(chosen) == len(matching)
        edge = rows[-1].position if rows else min(first, self.position)
        last = edge if end else chosen[-1].position
        return Page(wire.splice(row.event for row in chosen), len(chosen), last, end)

    async def stream(self, stream: str) -> StreamInfo:
        return self._info.get(stream, StreamInfo(stream))

    async def streams(self, prefix: str, after: str, limit: int) -> Sequence[StreamInfo]:
        names = sorted(name for name in self._info if name.startswith(prefix) and name > after)
        return [self._info[name] for name in names[:limit]]

    # Snapshots.

    async def begin_snapshot(self, header: Snapshot) -> int:
        if header.fence is not None:
            check_fence(self, header.fence)
        if header.revision > self.head(header.stream):
            raise invalid("header.revision", f"{header.stream} is not there yet")
        self._snapshot_ids += 1
        self._snapshots[self._snapshot_ids] = (header, [], False)
        return self._snapshot_ids

    async def add_chunk(self, snapshot_id: int, number: int, chunk: bytes) -> None:
        assert len(self._snapshots[snapshot_id][1]) == number
        self._snapshots[snapshot_id][1].append(chunk)

    async def finish_snapshot(self, snapshot_id: int, header: Snapshot) -> None:
        if header.fence is not None:
            check_fence(self, header.fence)
        same = {
            key: known.revision
            for key, (known, _, finished) in self._snapshots.items()
            if finished and (known.stream, known.schema_version) == (header.stream, header.schema_version)
        }
        gone = {*superseded(list(same.values()), header.revision), header.revision}
        for key, revision in same.items():
            if revision in gone:
                del self._snapshots[key]
        self._snapshots[snapshot_id] = (header, self._snapshots[snapshot_id][1], True)

    async def drop_snapshot(self, snapshot_id: int) -> None:
        self._snapshots.pop(snapshot_id, None)

    async def find_snapshot(self, stream: str, at_revision: int, schema_version: int) -> tuple[int, Snapshot] | None:
        found = [
            (known.revision, known.schema_version, key)
            for key, (known, _, finished) in self._snapshots.items()
            if finished
            and known.stream == stream
            and (not at_revision or known.revision <= at_revision)
            and (not schema_version or known.schema_version == schema_version)
        ]
        if not found:
            return None
        key = max(found)[2]
        return key, replace(self._snapshots[key][0], fence=None)

    async def chunk(self, snapshot_id: int, number: int) -> bytes | None:
        chunks = self._snapshots[snapshot_id][1] if snapshot_id in self._snapshots else []
        return chunks[number] if number < len(chunks) else None

    # Leases and shards.

    def _tell(self, *facts: Fact) -> None:
        self._append([Append([StreamPart.of(LEASES_STREAM, facts)])])

    def _held(self, name: str, epoch: int) -> Lease:
        lease, live = self._leases.get(name, (None, False))
        if lease is None or not live or lease.epoch != epoch:
            raise ownership.lease_lost(name, epoch)
        return lease

    async def acquire_lease(self, name: str, address: str, ttl_seconds: float, metadata: Mapping[str, str]) -> Lease:
        now_us = self._now_us()
        old, live = self._leases.get(name, (None, False))
        lease = Lease(name, address, (old.epoch if old else 0) + 1, ttl_seconds, dict(metadata), now_us)
        self._leases[name] = (lease, True)
        ended = [ended_fact(old, LeaseEnd.REPLACED, now_us)] if old and live else []
        self._tell(*ended, acquired_fact(lease, now_us))
        return lease

    async def describe_lease(self, name: str, epoch: int, metadata: Mapping[str, str]) -> Lease:
        lease = replace(self._held(name, epoch), metadata=dict(metadata))
        self._leases[name] = (lease, True)
        return lease

    async def end_lease(self, name: str, epoch: int, reason: LeaseEnd) -> None:
        lease = self._held(name, epoch)
        self._leases[name] = (lease, False)
        if reason is LeaseEnd.RELEASED:
            for (service, _), row in list(self._shards.items()):
                for freed in ownership.release([row], name, epoch):
                    self._shards[service, freed.shard] = freed
        self._tell(ended_fact(lease, reason, self._now_us()))

    async def leases(self) -> Sequence[Lease]:
        return [lease for _, (lease, live) in sorted(self._leases.items()) if live]

    async def claim_shards(
        self, service: str, shards: Sequence[int], owner: str, owner_epoch: int
    ) -> Sequence[ShardRow]:
        live = {lease.name: lease for lease in await self.leases()}
        rows = ownership.claim([self.shard(service, number) for number in shards], live, owner, owner_epoch)
        self._shards.update({(service, row.shard): row for row in rows})
        return rows

    async def release_shards(self, service: str, shards: Sequence[int], owner: str, owner_epoch: int) -> None:
        rows = ownership.release([self.shard(service, number) for number in shards], owner, owner_epoch)
        self._shards.update({(service, row.shard): row for row in rows})

    async def shards(self, service: str) -> Sequence[ShardRow]:
        return [self.shard(service, number) for number in range(256)]

    # Upkeep.

    async def set_retention(self, stream: str, retention: Retention) -> StreamInfo:
        if stream not in self._info:
            raise not_found("STREAM_NOT_FOUND", f"there is no stream {stream}", stream=stream)
        self._info[stream] = replace(self._info[stream], retention=retention)
        self._truncate(stream)
        return self._info[stream]

    async def delete_stream(self, stream: str) -> StreamInfo:
        if stream not in self._info:
            raise not_found("STREAM_NOT_FOUND", f"there is no stream {stream}", stream=stream)
        self._info[stream] = replace(self._info[stream], oldest_revision=self.head(stream) + 1)
        self._truncate(stream)
        return self._info[stream]

    async def scavenge(self) -> int:
        return sum(self._truncate(stream) for stream in list(self._info))

    def _truncate(self, stream: str) -> int:
        info = self._info[stream]
        age = info.retention.max_age_seconds
        since = self._now_us() - int((age or 0) * 1e6)
        rows = [(row, at) for row, at in zip(self._rows, self._times, strict=True) if row.stream == stream]
        young = next((row.revision for row, at in rows if at >= since), info.revision + 1)
        floor = floor_of(info.retention, info.revision, info.oldest_revision, young)
        self._info[stream] = replace(info, oldest_revision=floor)
        truncated_rows = 0
        for row, _ in rows:
            stub = wire.stub_of(row.event)
            if row.revision < floor and stub != row.event:
                self._rows[row.position - 1] = row._replace(event=stub)
                truncated_rows += 1
        return truncated_rows

    async def verify(self, first: int) -> Checked:
        first = max(first, 1)
        return Checked(max(0, self.position - first + 1), max(self.position, first - 1), end=True)

    async def backup(self, path: str) -> int:
        if Path(path).exists():
            raise invalid("path", f"{path} exists")
        Path(path).write_bytes(wire.splice(row.event for row in self._rows))
        return self.position


def _bounded(rows: Sequence[StoredEvent], limit: int, max_bytes: int) -> list[StoredEvent]:
    chosen: list[StoredEvent] = []
    size = 0
    for row in rows[: min(limit, PAGE) if limit else PAGE]:
        chosen.append(row)
        size += len(row.event)
        if size >= max_bytes:
            break
    return chosen
