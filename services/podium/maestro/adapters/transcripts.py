"""The runners' transcripts, as the terminals' output that they keep."""

from collections.abc import AsyncIterator

from podium.client.errors import PodiumError
from podium.client.events import EventStore
from podium.events.v1.event_pb2 import Event
from podium.jobs.v1.artifact_events_pb2 import TRANSCRIPT_SOURCE_OUTPUT, TranscriptChunk
from podium.kernel.errors import unavailable
from podium.maestro.application.terminals.items import Output

STREAM = "transcripts/"
_TYPE = TranscriptChunk.DESCRIPTOR.full_name


class StoreTranscripts:
    """Implements `application.terminals.ports.Transcripts`."""

    def __init__(self, events: EventStore) -> None:
        self._events = events

    def open(self, session_id: str) -> "StoredTranscript":
        """The transcript, from its beginning."""
        return StoredTranscript(self._events, STREAM + session_id)


class StoredTranscript:
    """Implements `application.terminals.ports.Transcript`; offsets are the chunks', or counted from the first kept."""

    def __init__(self, events: EventStore, stream: str) -> None:
        self._events = events
        self._stream = stream
        self._from = self._seen = 0
        self._end = 0
        self._left_out = 0

    async def more(self) -> AsyncIterator[Output]:
        """The output behind what was read before."""
        try:
            async for batch in self._events.read_stream(self._stream, after_revision=self._from):
                for event in batch:
                    output = self._output(event) if event.revision > self._seen else None
                    self._from = self._seen = max(self._seen, event.revision)
                    if output is not None:
                        yield output
        except PodiumError as error:
            if error.reason == "RESUME_POINT_TRUNCATED":
                self._from = 0
            elif error.reason != "STREAM_NOT_FOUND":
                raise unavailable("STORAGE_UNAVAILABLE", "the transcript cannot be read now; attach again") from error

    def _output(self, event: Event) -> Output | None:
        if event.type != _TYPE or not event.data:
            return None
        chunk = TranscriptChunk.FromString(event.data)
        if chunk.source != TRANSCRIPT_SOURCE_OUTPUT:
            self._left_out += chunk.gap_bytes
            return None
        counted = chunk.offset if chunk.offset >= self._end else 0
        offset = counted or self._end + self._left_out + chunk.gap_bytes
        gap, self._left_out, self._end = offset - self._end, 0, offset + len(chunk.data)
        return Output(offset, chunk.data, gap) if chunk.data else None
