"""ReadStream, ReadAll, Subscribe: what they yield is encoded already (see `domain.wire`)."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from podium.chassis.page_tokens import read_token, write_token
from podium.event_store.adapters.requests import parse_filter, render_stream
from podium.event_store.application.store import Store
from podium.event_store.domain import wire
from podium.events.v1 import event_service_pb2 as pb

DEFAULT_PAGE = 1000


class ReadServicer:
    """The reading half of the service."""

    _store: Store

    async def ReadStream(self, request: pb.ReadStreamRequest, context: Any) -> AsyncIterator[bytes]:
        """`ReadStreamResponse`s of a stream's events."""
        await self._store.reached(request.min_position)
        pages = self._store.read_stream(
            request.stream, request.from_revision, backwards=request.backwards, limit=request.limit
        )
        async with aclosing(pages):
            async for page in pages:
                if page.size:
                    yield page.chunk

    async def ReadAll(self, request: pb.ReadAllRequest, context: Any) -> AsyncIterator[bytes]:
        """`ReadAllResponse`s of the log's events; empty ones tell how far it got."""
        await self._store.reached(request.min_position)
        pages = self._store.read_all(
            parse_filter("", request.filter),
            request.from_position,
            backwards=request.backwards,
            limit=request.limit,
        )
        async with aclosing(pages):
            async for page in pages:
                yield page.chunk + b"\x10" + wire.varint(page.last)

    def Subscribe(self, request: pb.SubscribeRequest, context: Any) -> AsyncIterator[bytes]:
        """`SubscribeResponse`s, until the caller goes or the store stops.

        The subscription itself, and nothing around it: each layer would cost every message of every subscriber.
        """
        after = request.after if request.HasField("after") else None
        return self._store.subscribe(parse_filter(request.stream, request.filter), after)

    async def GetStream(self, request: pb.GetStreamRequest, context: Any) -> pb.GetStreamResponse:
        """What is known of a stream."""
        return pb.GetStreamResponse(stream=render_stream(await self._store.log.stream(request.stream)))

    async def ListStreams(self, request: pb.ListStreamsRequest, context: Any) -> pb.ListStreamsResponse:
        """A page of streams by name; `position` is one that the page certainly shows."""
        position = self._store.hub.position
        size = request.page_size or DEFAULT_PAGE
        found = await self._store.log.streams(request.prefix, read_token("streams", request.page_token), size + 1)
        return pb.ListStreamsResponse(
            streams=[render_stream(info) for info in found[:size]],
            next_page_token=write_token("streams", found[size - 1].stream) if len(found) > size else "",
            position=position,
        )
