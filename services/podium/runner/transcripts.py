"""Transcripts: what an agent put out, as events in `transcripts/<agent id>`.

Chunks of at most 16 KiB, written every 50 ms, at most 256 KiB a second; what comes faster, or cannot be written
because the store is away, is left out and the gap is marked.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Protocol

from podium.client.errors import PodiumError
from podium.events.v1.event_pb2 import NewEvent, StreamAppend
from podium.jobs.v1.artifact_events_pb2 import (
    TRANSCRIPT_SOURCE_OUTPUT,
    TRANSCRIPT_SOURCE_RUNNER,
    SessionUpdate,
    TranscriptChunk,
    TranscriptSource,
)
from podium.kernel.ids import uuid7
from podium.runner.redaction import Redactor

_log = logging.getLogger(__name__)

CHUNK_BYTES = 16 * 1024
FLUSH_SECONDS = 0.05
BYTES_PER_SECOND = 256 * 1024
MAX_COUNT = 20_000
"""Chunks kept of one transcript."""
_WAITING_BYTES = 1024 * 1024
"""Bytes that may wait for the store."""


class TranscriptStore(Protocol):
    """What a transcript needs of the event store."""

    async def append(self, append: StreamAppend) -> None:
        """Store events. Raises PodiumError."""
        ...

    async def limit(self, stream: str, max_count: int) -> None:
        """Keep at most so many events of a stream. Raises PodiumError."""
        ...


class Transcript:
    """One session's transcript. `write` never waits; `run` is its background task, `close` writes the rest."""

    def __init__(
        self, store: TranscriptStore, session_id: str, now: Callable[[], float], unix: Callable[[], float]
    ) -> None:
        self._store = store
        self.stream = f"transcripts/{session_id}"
        self._now = now
        self._unix = unix
        self._chunks: list[TranscriptChunk] = []
        self._waiting = 0
        self._gap = 0
        self._put_out = 0
        """Bytes of output so far, kept or not."""
        self._tokens = float(BYTES_PER_SECOND)
        self._filled = now()
        self._wake = asyncio.Event()
        self._limited = False
        self._closed = False
        self.redactor = Redactor(())
        """Takes secrets out of the runner's own words and of what sessions say of themselves; `write` is given clean
        output, whose secrets may come in pieces."""

    def write(self, data: bytes, source: "TranscriptSource.ValueType" = TRANSCRIPT_SOURCE_OUTPUT) -> None:
        """Add output; what is too much is left out."""
        while data:
            piece, data = data[:CHUNK_BYTES], data[CHUNK_BYTES:]
            self._add(TranscriptChunk(source=source, data=piece))

    def update(self, update: SessionUpdate, readable: str = "") -> None:
        """Add what a session says of itself, with its readable form; what is too much is left out."""
        self.redactor.message(update)
        data = self.redactor.text(readable).encode(errors="replace")
        while True:
            piece, data = data[:CHUNK_BYTES], data[CHUNK_BYTES:]
            self._add(TranscriptChunk(source=TRANSCRIPT_SOURCE_OUTPUT, data=piece, update=update))
            if not data:
                return

    def _add(self, chunk: TranscriptChunk) -> None:
        if chunk.source == TRANSCRIPT_SOURCE_OUTPUT:
            chunk.offset = self._put_out
            self._put_out += len(chunk.data)
        size = len(chunk.data) + (chunk.update.ByteSize() if chunk.HasField("update") else 0)
        if not self._admit(size):
            self._gap += size
            return
        if self._chunks and not self._gap and _goes_on(self._chunks[-1], chunk):
            self._chunks[-1].data += chunk.data
        else:
            chunk.gap_bytes, self._gap = self._gap, 0
            self._chunks.append(chunk)
        self._waiting += size
        self._wake.set()

    def say(self, text: str) -> None:
        """The runner's own words."""
        self.write(f"{self.redactor.text(text)}\n".encode(errors="replace"), TRANSCRIPT_SOURCE_RUNNER)

    def _admit(self, size: int) -> bool:
        now = self._now()
        self._tokens = min(BYTES_PER_SECOND, self._tokens + (now - self._filled) * BYTES_PER_SECOND)
        self._filled = now
        if self._tokens < size or self._waiting + size > _WAITING_BYTES:
            return False
        self._tokens -= size
        return True

    async def run(self) -> None:
        """Write what comes, until `close`."""
        while not self._closed:
            await self._wake.wait()
            await asyncio.sleep(FLUSH_SECONDS)
            await self._flush()

    async def close(self) -> None:
        """Write the rest, once; a store that is away loses it."""
        self._closed = True
        self._wake.set()
        if self._gap:
            self._chunks.append(TranscriptChunk(source=TRANSCRIPT_SOURCE_RUNNER, gap_bytes=self._gap))
            self._gap = 0
        await self._flush()

    async def _flush(self) -> None:
        self._wake.clear()
        chunks, self._chunks = self._chunks, []
        size, self._waiting = self._waiting, 0
        if not chunks:
            return
        events = [
            NewEvent(
                event_id=uuid7(int(self._unix() * 1000), os.urandom(10)),
                type=TranscriptChunk.DESCRIPTOR.full_name,
                content_type="application/protobuf",
                data=chunk.SerializeToString(),
            )
            for chunk in chunks
        ]
        try:
            await self._store.append(StreamAppend(stream=self.stream, events=events))
            if not self._limited:
                await self._store.limit(self.stream, MAX_COUNT)
                self._limited = True
        except PodiumError as error:
            _log.warning("%s: %d bytes are lost: %s", self.stream, size, error)
            self._gap += size


def _goes_on(last: TranscriptChunk, chunk: TranscriptChunk) -> bool:
    """Whether a chunk continues the last one: bytes of one source, or one speech."""
    if last.source != chunk.source or len(last.data) + len(chunk.data) > CHUNK_BYTES:
        return False
    kinds = {each.update.WhichOneof("kind") for each in (last, chunk)}
    return kinds <= {None} or (kinds == {"speech"} and last.update == chunk.update)
