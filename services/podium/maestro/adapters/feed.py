"""The pods' streams and the follower's bookmarks, in the event store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from podium.client.errors import PodiumError
from podium.client.events import EventStore
from podium.events.v1.event_pb2 import Event, NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import SetStreamMetadataRequest, StreamRetention
from podium.maestro.adapters.pod_facts import PREFIX, pod_fact
from podium.maestro.application.ports import Bookmark, FeedItem, FeedUnavailable, PodEvent
from podium.maestro.domain.commands import PodFact
from podium.tasks.v1.task_events_pb2 import FollowerBookmark

if TYPE_CHECKING:
    from podium.events.v1.event_service_pb2_grpc import EventStoreServiceAsyncStub

BOOKMARKS = "bookmarks/maestro-"
BOOKMARKS_KEPT = 10
_TYPE = FollowerBookmark.DESCRIPTOR.full_name


class EventStoreFeed:
    """Implements `application.ports.PodFeed`."""

    def __init__(self, events: EventStore, store: "EventStoreServiceAsyncStub", instance: str) -> None:
        self._events = events
        self._store = store
        self._stream = BOOKMARKS + instance
        self._trimmed = False

    async def follow(self, after_position: int) -> AsyncIterator[FeedItem]:
        """Every pod's facts after a position."""
        subscription = self._events.subscribe(prefixes=(PREFIX,), after=after_position)
        async with aclosing(subscription) as items:
            async for item in items:
                match item.WhichOneof("item"):
                    case "batch":
                        events = item.batch.events
                        yield FeedItem(events[-1].position, tuple(_pod_event(event) for event in events))
                    case "caught_up":
                        yield FeedItem(item.caught_up.at)
                    case "bookmark":
                        yield FeedItem(item.bookmark.at)

    async def read(self, pod_id: str, after_revision: int, to_revision: int) -> Sequence[PodFact]:
        """One pod's facts in (after, to]."""
        facts: list[PodFact] = []
        try:
            async for batch in self._events.read_stream(
                PREFIX + pod_id, after_revision=after_revision, limit=to_revision - after_revision
            ):
                facts.extend(pod_fact(event) for event in batch)
        except PodiumError as error:
            raise FeedUnavailable(str(error)) from error
        return facts

    async def bookmarks(self) -> Sequence[Bookmark]:
        """The last bookmark of each instance."""
        found: list[Bookmark] = []
        try:
            async for info in self._events.list_streams(BOOKMARKS):
                async for batch in self._events.read_stream(info.stream, limit=1, backwards=True):
                    found.extend(_bookmark(event) for event in batch if event.type == _TYPE)
        except PodiumError as error:
            raise FeedUnavailable(str(error)) from error
        return found

    async def save(self, bookmark: Bookmark) -> None:
        """Keep this instance's bookmark; only the last few are kept."""
        message = FollowerBookmark(position=bookmark.position, shards=sorted(bookmark.shards))
        event = NewEvent(type=_TYPE, data=message.SerializeToString())
        try:
            await self._events.append([StreamAppend(stream=self._stream, events=[event])])
            if not self._trimmed:
                retention = StreamRetention(max_count=BOOKMARKS_KEPT)
                await self._store.SetStreamMetadata(SetStreamMetadataRequest(stream=self._stream, retention=retention))
                self._trimmed = True
        except PodiumError as error:
            raise FeedUnavailable(str(error)) from error


def _pod_event(event: Event) -> PodEvent:
    project_id = event.metadata.get("project_id", "")
    return PodEvent(event.position, project_id, event.stream.removeprefix(PREFIX), pod_fact(event))


def _bookmark(event: Event) -> Bookmark:
    message = FollowerBookmark.FromString(event.data)
    return Bookmark(message.position, frozenset(message.shards))
