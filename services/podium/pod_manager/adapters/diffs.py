"""Diffs that the verification stored in `artifacts/{pod_id}`, read back newest first."""

from collections.abc import Iterator

from podium.client.errors import PodiumError
from podium.client.events import EventStore
from podium.jobs.v1.artifact_events_pb2 import DiffPart
from podium.kernel.errors import not_found, unavailable
from podium.pods.v1.pod_service_pb2 import GetDiffResponse

PARTS = 256
"""Of one diff; with 256 KiB a part this is more than any runner keeps."""
_TYPE = DiffPart.DESCRIPTOR.full_name


async def newest_diff(events: EventStore, pod_id: str, workstream_id: str) -> list[DiffPart]:
    """The parts of the newest whole diff, in order; raises DIFF_NOT_FOUND, STORAGE_UNAVAILABLE."""
    parts: list[DiffPart] = []
    try:
        async for batch in events.read_stream(f"artifacts/{pod_id}", backwards=True):
            for event in batch:
                if event.type != _TYPE:
                    continue
                part = DiffPart.FromString(event.data)
                if part.workstream_id != workstream_id:
                    continue
                if part.last:
                    parts = [part]
                elif parts and part.index == parts[-1].index - 1 and len(parts) < PARTS:
                    parts.append(part)
                if parts and parts[-1].index == 0:
                    return parts[::-1]
    except PodiumError as error:
        if error.reason != "STREAM_NOT_FOUND":
            raise unavailable("STORAGE_UNAVAILABLE", "the event store cannot be read now; retry") from error
    what = f"workstream {workstream_id}" if workstream_id else "the pod"
    raise not_found("DIFF_NOT_FOUND", f"no diff of {what} is stored yet", pod_id=pod_id)


def responses(parts: list[DiffPart]) -> Iterator[GetDiffResponse]:
    """The first one also says what the diff is of."""
    for index, part in enumerate(parts):
        response = GetDiffResponse(chunk=part.chunk)
        if index == 0:
            response.integration_commit = part.integration_commit
            response.truncated = parts[-1].truncated
            response.stat = part.stat
        yield response
