"""The runners' transcripts, as the terminals' output that they keep."""

from collections.abc import AsyncIterator

from podium.client.errors import PodiumError
from podium.client.events import EventStore
from podium.jobs.v1.artifact_events_pb2 import TRANSCRIPT_SOURCE_OUTPUT, TranscriptChunk
from podium.kernel.errors import unavailable
from podium.maestro.application.terminals.items import Output

STREAM = "transcripts/"
_TYPE = TranscriptChunk.DESCRIPTOR.full_name


class StoreTranscripts:
    """Implements `application.terminals.ports.Transcripts`."""

    def __init__(self, events: EventStore) -> None:
        self._events = events

    async def read(self, session_id: str) -> AsyncIterator[Output]:
        """The output chunks; offsets are theirs, or counted from the first one that is kept."""
        end = 0
        try:
            async for batch in self._events.read_stream(STREAM + session_id):
                for event in batch:
                    if event.type != _TYPE or not event.data:
                        continue
                    chunk = TranscriptChunk.FromString(event.data)
                    if chunk.source != TRANSCRIPT_SOURCE_OUTPUT:
                        end += chunk.gap_bytes
                        continue
                    offset = max(end, chunk.offset) if chunk.offset else end + chunk.gap_bytes
                    if chunk.data:
                        yield Output(offset, chunk.data, offset - end)
                    end = offset + len(chunk.data)
        except PodiumError as error:
            if error.reason == "STREAM_NOT_FOUND":
                return
            raise unavailable("STORAGE_UNAVAILABLE", "the transcript cannot be read now; attach again") from error
