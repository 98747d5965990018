"""The event store in words of events and streams."""

import os
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from podium.client.appending import Appender
from podium.client.errors import PodiumError
from podium.client.watch import resuming
from podium.events.v1.event_pb2 import Event, Fence, StreamAppend
from podium.events.v1.event_service_pb2 import (
    AppendResponse,
    Filter,
    ListStreamsRequest,
    LoadSnapshotRequest,
    ReadAllRequest,
    ReadStreamRequest,
    SaveSnapshotRequest,
    SnapshotHeader,
    StreamInfo,
    SubscribeRequest,
    SubscribeResponse,
)

if TYPE_CHECKING:
    from podium.events.v1.event_service_pb2_grpc import EventStoreServiceAsyncStub

CHUNK_BYTES = 1 << 20
SNAPSHOT_TIMEOUT_SECONDS = 60.0


class EventStore:
    """`Podium.events`. Every method raises PodiumErrors with the reasons that the RPCs document."""

    def __init__(self, stub: "EventStoreServiceAsyncStub", open_append_stream: Callable[[], Any]) -> None:
        self._stub = stub
        self._appender = Appender(open_append_stream)

    async def append(
        self, appends: Sequence[StreamAppend], fence: Fence | None = None, timeout_seconds: float = 10.0
    ) -> AppendResponse:
        """Store atomically; the answer means durable.

        Calls are stored in their order; they share one stream of messages, and survive its loss until the timeout
        (seconds), under the same event ids. Empty event ids are filled in, in the caller's messages; the rest of these
        is taken as it is at the call. Raises REVISION_CONFLICT, FENCED, EVENT_ID_REUSED, INVALID_FIELD, STORAGE_FULL;
        DEADLINE_EXCEEDED and UNAVAILABLE mean that the outcome is unknown: repeat with the same messages.
        """
        for append in appends:
            for event in append.events:
                if not event.event_id:
                    event.event_id = new_event_id()
        return await self._appender.append(appends, fence, timeout_seconds)

    async def read_stream(
        self, stream: str, after_revision: int = 0, limit: int = 0, backwards: bool = False
    ) -> AsyncIterator[Sequence[Event]]:
        """A stream's events after a revision, in batches; backwards: those before it, newest first (0: from the end).

        Limit 0 is all. Raises RESUME_POINT_TRUNCATED where `after_revision` is no longer kept.
        """
        if backwards and after_revision == 1:
            return
        first = after_revision and (after_revision - 1 if backwards else after_revision + 1)
        request = ReadStreamRequest(stream=stream, from_revision=first, backwards=backwards, limit=limit)
        async for response in self._stub.ReadStream(request):
            yield response.events

    async def read_all(
        self,
        after_position: int = 0,
        prefixes: Sequence[str] = (),
        types: Sequence[str] = (),
        limit: int = 0,
    ) -> AsyncIterator[Sequence[Event]]:
        """The log's events after a position, in batches; only of streams and types that match."""
        request = ReadAllRequest(
            from_position=after_position + 1, filter=Filter(stream_prefixes=prefixes, types=types), limit=limit
        )
        async for response in self._stub.ReadAll(request):
            if response.events:
                yield response.events

    def subscribe(
        self,
        stream: str = "",
        prefixes: Sequence[str] = (),
        types: Sequence[str] = (),
        after: int | None = None,
    ) -> AsyncGenerator[SubscribeResponse, None]:
        """Batches, bookmarks, and a caught-up mark for each connection; for ever, across reconnects.

        One stream (`after` and all marks are revisions) or all that match (they are positions); `after` None is only
        what comes. At least once: after a reconnect it goes on behind the last item that was given out. Raises
        RESUME_POINT_TRUNCATED where that point is gone.
        """
        wanted = Filter(stream_prefixes=prefixes, types=types) if prefixes or types else None

        def open_call(cursor: int | None) -> AsyncIterator[SubscribeResponse]:
            return aiter(self._stub.Subscribe(SubscribeRequest(stream=stream, filter=wanted, after=cursor)))

        def cursor_of(item: SubscribeResponse) -> int | None:
            match item.WhichOneof("item"):
                case "batch":
                    last = item.batch.events[-1]
                    return last.revision if stream else last.position
                case "caught_up":
                    return item.caught_up.at
                case "bookmark":
                    return item.bookmark.at
            return None

        return resuming(open_call, cursor_of, after)

    async def save_snapshot(
        self, stream: str, revision: int, schema_version: int, data: bytes, fence: Fence | None
    ) -> None:
        """Keep an entity's state after a revision. Raises FENCED."""
        header = SnapshotHeader(
            stream=stream, revision=revision, schema_version=schema_version, size=len(data), fence=fence
        )

        def parts() -> Iterator[SaveSnapshotRequest]:
            yield SaveSnapshotRequest(header=header)
            for start in range(0, len(data), CHUNK_BYTES):
                yield SaveSnapshotRequest(chunk=data[start : start + CHUNK_BYTES])

        await self._stub.SaveSnapshot(parts(), timeout=SNAPSHOT_TIMEOUT_SECONDS)

    async def load_snapshot(
        self, stream: str, at_revision: int = 0, schema_version: int = 0
    ) -> tuple[int, bytes] | None:
        """(revision, data) of the newest snapshot at or before a revision, of a schema version (0: any)."""
        request = LoadSnapshotRequest(stream=stream, at_revision=at_revision, schema_version=schema_version)
        revision, chunks = 0, []
        try:
            async for response in self._stub.LoadSnapshot(request, timeout=SNAPSHOT_TIMEOUT_SECONDS):
                if response.WhichOneof("part") == "header":
                    revision = response.header.revision
                else:
                    chunks.append(response.chunk)
        except PodiumError as error:
            if error.reason == "SNAPSHOT_NOT_FOUND":
                return None
            raise
        return revision, b"".join(chunks)

    async def list_streams(self, prefix: str) -> AsyncIterator[StreamInfo]:
        """The streams whose names begin so, by name."""
        token = ""
        while True:
            page = await self._stub.ListStreams(ListStreamsRequest(prefix=prefix, page_token=token))
            for info in page.streams:
                yield info
            token = page.next_page_token
            if not token:
                return

    async def close(self) -> None:
        """End the shared append stream."""
        await self._appender.close()


_random = random.Random()  # noqa: S311 - ids are unique, not secret. From the system, and again in each forked process
os.register_at_fork(after_in_child=_random.seed)


def new_event_id() -> bytes:
    """A time-ordered id of 16 bytes (UUIDv7)."""
    milliseconds, chance = time.time_ns() // 1_000_000, _random.getrandbits(74)
    return (milliseconds << 80 | 7 << 76 | chance >> 62 << 64 | 2 << 62 | chance & 0x3FFF_FFFF_FFFF_FFFF).to_bytes(16)
