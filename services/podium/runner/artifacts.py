"""Diffs of verified work, kept in `artifacts/<pod id>` for `PodService.GetDiff`."""

import hashlib

from podium.client.connection import Podium
from podium.events.v1.event_pb2 import NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import SetStreamMetadataRequest, StreamRetention
from podium.jobs.v1.artifact_events_pb2 import DiffPart
from podium.runner.workspaces.diffs import Diff
from podium.runner.workspaces.review import Verified

MAX_COUNT = 5000
"""Parts kept of one pod: of 256 KiB each, but most diffs are far smaller than one."""


class Artifacts:
    """Writes diffs; a repeat writes nothing new, because the events' ids follow from their content."""

    def __init__(self, client: Podium) -> None:
        self._client = client

    async def store(self, pod_id: str, verified: Verified) -> None:
        """Keep the diffs. Raises PodiumError."""
        stream = f"artifacts/{pod_id}"
        for workstream_id, diff in sorted(verified.diffs.items()):
            # One append a part: a part is a quarter of what a message may hold.
            for part in parts_of(verified.commit, workstream_id, diff):
                await self._client.events.append([StreamAppend(stream=stream, events=[_event(stream, part)])])
        retention = StreamRetention(max_count=MAX_COUNT)
        await self._client.event_store.SetStreamMetadata(SetStreamMetadataRequest(stream=stream, retention=retention))


def parts_of(commit: str, workstream_id: str, diff: Diff) -> list[DiffPart]:
    """A diff as events."""
    last = len(diff.parts) - 1
    return [
        DiffPart(
            integration_commit=commit,
            workstream_id=workstream_id,
            index=index,
            last=index == last,
            chunk=chunk,
            truncated=diff.truncated and index == last,
            stat=diff.stat if index == 0 else "",
        )
        for index, chunk in enumerate(diff.parts)
    ]


def _event(stream: str, part: DiffPart) -> NewEvent:
    data = part.SerializeToString(deterministic=True)
    identity = hashlib.sha256(stream.encode() + b"\0" + data).digest()[:16]
    return NewEvent(
        event_id=identity, type=DiffPart.DESCRIPTOR.full_name, content_type="application/protobuf", data=data
    )
