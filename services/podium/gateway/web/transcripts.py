"""Transcripts of sessions, as pages and as parts: TranscriptChunk events of `transcripts/{session}`."""

from collections.abc import Iterable

from google.protobuf.message import DecodeError

from podium.client.events import EventStore
from podium.events.v1.event_pb2 import Event
from podium.events.v1.event_service_pb2 import SubscribeResponse
from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk
from podium.kernel.errors import invalid
from podium.web.v1 import web_service_pb2 as pb

DEFAULT_PAGE = 200
PAGE_BYTES = 1 << 20


def stream_of(session_id: str) -> str:
    """The stream that holds a session's transcript."""
    return f"transcripts/{session_id}"


def part_of(item: SubscribeResponse) -> pb.TranscriptPart:
    """What a subscription to a transcript says, as a part of it."""
    match item.WhichOneof("item"):
        case "batch":
            events = item.batch.events
            return pb.TranscriptPart(entries=_entries(events), revision=events[-1].revision)
        case "caught_up":
            return pb.TranscriptPart(revision=item.caught_up.at, synced=True)
        case "bookmark":
            return pb.TranscriptPart(revision=item.bookmark.at)
    return pb.TranscriptPart()


async def read_page(events: EventStore, request: pb.ReadTranscriptRequest) -> pb.ReadTranscriptResponse:
    """A page, forwards or backwards. Raises Rejection INVALID_FIELD, PodiumError."""
    forwards = request.HasField("after_revision")
    if forwards and request.before_revision:
        raise invalid("after_revision", "not together with before_revision")
    size = request.page_size or DEFAULT_PAGE
    found: list[Event] = []
    weight, more = 0, False
    point = request.after_revision if forwards else request.before_revision
    batches = events.read_stream(stream_of(request.session_id), point, size + 1, backwards=not forwards)
    async for batch in batches:
        for event in batch:
            weight += len(event.data)
            if len(found) == size or (found and weight > PAGE_BYTES):
                more = True
                break
            found.append(event)
        if more:
            break
    if not forwards:
        found.reverse()
    last = found[-1].revision if found else 0
    return pb.ReadTranscriptResponse(entries=_entries(found), has_more=more, revision=last)


def _entries(events: Iterable[Event]) -> list[pb.TranscriptEntry]:
    return [
        pb.TranscriptEntry(revision=event.revision, time=event.recorded_time, chunk=_chunk(event)) for event in events
    ]


def _chunk(event: Event) -> TranscriptChunk:
    """The chunk of an event; one that cannot be read is an empty one: the rest of the transcript is worth showing."""
    try:
        return TranscriptChunk.FromString(event.data)
    except DecodeError:
        return TranscriptChunk()
