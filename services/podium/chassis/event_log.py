"""The engine's log on the event store, through the same client as everybody else."""

from collections.abc import AsyncIterator, Sequence

from podium.chassis.engine.ports import (
    AnyRecord,
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
from podium.client.errors import PodiumError
from podium.client.events import EventStore
from podium.events.v1.event_pb2 import Fence, NewEvent, StreamAppend

CONTENT_TYPE = "application/protobuf"


class EventStoreLog:
    """Implements `engine.ports.Log`."""

    def __init__(self, events: EventStore) -> None:
        self._events = events

    async def append(
        self, streams: Sequence[StreamBatch], fence: FenceToken | None, timeout_seconds: float
    ) -> Appended:
        appends = [_stream_append(batch) for batch in streams]
        try:
            response = await self._events.append(appends, _fence(fence), timeout_seconds=timeout_seconds)
        except PodiumError as error:
            raise _append_error(error) from error
        return Appended(response.first_position, response.last_position)

    async def read(self, stream: str, after_revision: int, limit: int = 0) -> AsyncIterator[Sequence[StoredRecord]]:
        try:
            async for batch in self._events.read_stream(stream, after_revision=after_revision, limit=limit):
                # Not copied: a copy of the metadata costs more than all else here, and a reader asks for a few names.
                yield [StoredRecord(e.position, stream, e.revision, e.type, e.data, e.metadata) for e in batch]
        except PodiumError as error:
            if error.reason == "STREAM_NOT_FOUND":
                return
            raise LogUnavailable(str(error)) from error

    async def load_snapshot(self, stream: str, at_revision: int | None, schema_version: int) -> StoredSnapshot | None:
        try:
            found = await self._events.load_snapshot(stream, at_revision or 0, schema_version)
        except PodiumError as error:
            raise LogUnavailable(str(error)) from error
        return StoredSnapshot(*found) if found is not None else None

    async def save_snapshot(
        self, stream: str, snapshot: StoredSnapshot, schema_version: int, fence: FenceToken | None
    ) -> None:
        try:
            await self._events.save_snapshot(stream, snapshot.revision, schema_version, snapshot.data, _fence(fence))
        except PodiumError as error:
            raise LogUnavailable(str(error)) from error

    async def list_entities(self, category: str) -> Sequence[EntityHead]:
        prefix = f"{category}/"
        try:
            return [
                EntityHead(info.stream.removeprefix(prefix), info.revision, info.last_position)
                async for info in self._events.list_streams(prefix)
            ]
        except PodiumError as error:
            raise LogUnavailable(str(error)) from error

    async def read_category(self, category: str) -> AsyncIterator[Sequence[AnyRecord]]:
        try:
            async for batch in self._events.read_all(prefixes=[f"{category}/"]):
                yield batch
        except PodiumError as error:
            raise LogUnavailable(str(error)) from error


def _stream_append(batch: StreamBatch) -> StreamAppend:
    return StreamAppend(
        stream=batch.stream,
        expected_revision=batch.expected_revision,
        events=[
            NewEvent(
                event_id=record.event_id,
                type=record.type,
                content_type=CONTENT_TYPE,
                data=record.data,
                metadata=record.metadata,
            )
            for record in batch.records
        ],
    )


def _fence(fence: FenceToken | None) -> Fence | None:
    return None if fence is None else Fence(service=fence.service, shard=fence.shard, epoch=fence.epoch)


def _append_error(error: PodiumError) -> Exception:
    if error.reason == "REVISION_CONFLICT":
        return AppendConflict(error.message)
    if error.reason == "FENCED":
        return AppendFenced(error.message)
    if error.is_outcome_unknown:
        return AppendUnknown(error.message)
    return AppendRefused(error.reason or error.code, error.message)
