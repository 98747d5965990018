"""Snapshots and upkeep."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from podium.event_store.adapters.requests import parse_header, parse_retention
from podium.event_store.application.store import Store
from podium.event_store.domain.limits import check_stream_name
from podium.event_store.domain.model import Snapshot
from podium.events.v1 import event_service_pb2 as pb
from podium.kernel.errors import Rejection, invalid, not_found, unavailable


class KeepingServicer:
    """What is kept beside the events, and how the whole is kept healthy."""

    _store: Store

    async def SaveSnapshot(
        self, request_iterator: AsyncIterator[pb.SaveSnapshotRequest], context: Any
    ) -> pb.SaveSnapshotResponse:
        """Header, then chunks; visible once all of it is stored."""
        header = await self._header(request_iterator)
        log = self._store.log
        snapshot_id = await log.begin_snapshot(header)
        try:
            size = number = 0
            async for request in request_iterator:
                if request.WhichOneof("part") != "chunk":
                    raise invalid("header", "one header, before the first chunk")
                size += len(request.chunk)
                if size > header.size:
                    break
                await log.add_chunk(snapshot_id, number, request.chunk)
                number += 1
            if size != header.size:
                raise invalid("header.size", f"{header.size} bytes were announced, {size} came")
            await log.finish_snapshot(snapshot_id, header)
        except BaseException:
            with suppress(Rejection):
                await log.drop_snapshot(snapshot_id)
            raise
        return pb.SaveSnapshotResponse()

    async def _header(self, requests: AsyncIterator[pb.SaveSnapshotRequest]) -> Snapshot:
        async for request in requests:
            if request.WhichOneof("part") == "header":
                return parse_header(request.header)
            break
        raise invalid("header", "the header comes first")

    async def LoadSnapshot(
        self, request: pb.LoadSnapshotRequest, context: Any
    ) -> AsyncIterator[pb.LoadSnapshotResponse]:
        """Header, then chunks."""
        log = self._store.log
        found = await log.find_snapshot(request.stream, request.at_revision, request.schema_version)
        if found is None:
            raise not_found("SNAPSHOT_NOT_FOUND", f"no snapshot of {request.stream} there", stream=request.stream)
        snapshot_id, header = found
        yield pb.LoadSnapshotResponse(
            header=pb.SnapshotHeader(
                stream=header.stream,
                revision=header.revision,
                schema_version=header.schema_version,
                size=header.size,
            )
        )
        size = number = 0
        while (chunk := await log.chunk(snapshot_id, number)) is not None:
            yield pb.LoadSnapshotResponse(chunk=chunk)
            size += len(chunk)
            number += 1
        if size != header.size:
            raise unavailable("STORAGE_UNAVAILABLE", "a newer snapshot took its place: load again")

    async def SetStreamMetadata(
        self, request: pb.SetStreamMetadataRequest, context: Any
    ) -> pb.SetStreamMetadataResponse:
        """Set what is kept of a stream, and apply it."""
        check_stream_name(request.stream)
        await self._store.log.set_retention(request.stream, parse_retention(request.retention))
        return pb.SetStreamMetadataResponse()

    async def DeleteStream(self, request: pb.DeleteStreamRequest, context: Any) -> pb.DeleteStreamResponse:
        """Truncate the whole of a stream."""
        check_stream_name(request.stream)
        info = await self._store.log.delete_stream(request.stream)
        return pb.DeleteStreamResponse(truncated_before=info.oldest_revision)

    async def Verify(self, request: pb.VerifyRequest, context: Any) -> AsyncIterator[pb.VerifyResponse]:
        """Page by page until the end or the first damage."""
        first, checked = request.from_position, 0
        while True:
            count, last, end, damage = await self._store.log.verify(first)
            checked += count
            yield pb.VerifyResponse(checked=checked, done=end, damage=damage, damaged_position=last if damage else 0)
            if end:
                return
            first = last + 1

    async def Backup(self, request: pb.BackupRequest, context: Any) -> pb.BackupResponse:
        """A consistent copy beside the running store."""
        return pb.BackupResponse(last_position=await self._store.log.backup(request.path))
