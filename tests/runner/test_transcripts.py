"""What is kept of output: redacted, in chunks, bounded."""

import random

from podium.events.v1.event_pb2 import StreamAppend
from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk
from podium.runner.redaction import Redactor
from podium.runner.transcripts import CHUNK_BYTES, Transcript
from podium.runner.workspaces.commands import Tail


def test_secrets_are_found_however_the_stream_is_cut() -> None:
    """Any way of cutting the output into pieces gives the same clean text."""
    secret, text = "sk-1234567890", "before sk-1234567890 between sk-12345678 sk-1234567890"
    whole = Redactor([secret]).text(text)
    assert secret not in whole
    chance = random.Random(7)
    for _ in range(200):
        redactor, kept, rest = Redactor([secret]), b"", text.encode()
        while rest:
            size = chance.randint(1, 9)
            kept += redactor.feed(rest[:size])
            rest = rest[size:]
        assert (kept + redactor.flush()).decode() == whole


class Store:
    def __init__(self) -> None:
        self.appends: list[StreamAppend] = []
        self.limits: list[int] = []

    async def append(self, append: StreamAppend) -> None:
        self.appends.append(append)

    async def limit(self, stream: str, max_count: int) -> None:
        self.limits.append(max_count)

    def chunks(self) -> list[TranscriptChunk]:
        return [TranscriptChunk.FromString(e.data) for a in self.appends for e in a.events]


async def test_transcripts_come_in_chunks_with_a_bound() -> None:
    """Small writes join, large ones are cut; the stream's length is bounded once."""
    store = Store()
    transcript = Transcript(store, "agent_1", lambda: 0.0, lambda: 1.0)
    for _ in range(10):
        transcript.write(b"x" * 3000)
    transcript.say("bye")
    await transcript.close()
    chunks = store.chunks()
    assert b"".join(c.data for c in chunks) == b"x" * 30000 + b"bye\n"
    assert max(len(c.data) for c in chunks) <= CHUNK_BYTES
    assert len(store.limits) == 1
    assert store.appends[0].stream == "transcripts/agent_1"


async def test_what_comes_too_fast_is_a_marked_gap() -> None:
    """256 KiB a second are kept; the rest is counted, and the next chunk says how much is missing."""
    now = [0.0]
    store = Store()
    transcript = Transcript(store, "agent_1", lambda: now[0], lambda: 1.0)
    for _ in range(64):
        transcript.write(b"x" * 10_000)
    now[0] = 1.0
    transcript.write(b"after")
    await transcript.close()
    chunks = store.chunks()
    kept = sum(len(c.data) for c in chunks) - len(b"after")
    assert kept <= 256 * 1024
    assert sum(c.gap_bytes for c in chunks) == 640_000 - kept
    assert chunks[-1].data == b"after"


def test_a_tail_is_the_end() -> None:
    """However much came, the end is kept, and what is left out is said."""
    tail = Tail(100)
    for number in range(1000):
        tail.add(f"{number}\n".encode())
    text = tail.text()
    assert text.endswith("998\n999\n")
    assert text.startswith("[… ")
    assert len(text) < 200
