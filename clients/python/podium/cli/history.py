"""A pod's events from its stream."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_service_pb2

_PAGE = 500


async def all_events(podium: "Podium", pod_id: str, after: int = 0) -> "list[pod_service_pb2.PodEvent]":
    """The events of a pod after a revision, at most 100,000."""
    from podium.pods.v1 import pod_service_pb2 as calls

    found: list[pod_service_pb2.PodEvent] = []
    for _ in range(200):
        request = calls.ListPodEventsRequest(pod_id=pod_id, after_revision=after, page_size=_PAGE)
        page = (await podium.pods.ListPodEvents(request)).events
        found += page
        if len(page) < _PAGE:
            break
        after = page[-1].revision
    return found
