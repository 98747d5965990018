"""A pod's diff from its parts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.client.connection import Podium


@dataclass(frozen=True, slots=True)
class Diff:
    """The unified diff, its `--stat`, the commit it is of, and whether more was cut off."""

    text: str
    stat: str
    commit: str
    truncated: bool


async def fetch(podium: "Podium", pod_id: str, workstream_id: str) -> Diff:
    """The diff of a pod against its base, or of one workstream; raises NOT_FOUND before the verification."""
    from podium.pods.v1 import pod_service_pb2

    body, stat, commit, truncated = bytearray(), "", "", False
    request = pod_service_pb2.GetDiffRequest(pod_id=pod_id, workstream_id=workstream_id)
    async for part in podium.pods.GetDiff(request):
        body += part.chunk
        stat, commit = stat or part.stat, part.integration_commit or commit
        truncated = truncated or part.truncated
    return Diff(body.decode(errors="replace"), stat, commit, truncated)
