"""Pods as messages: the state with what is derived from it, changes, facts, summaries."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from podium.chassis.codec import StructuralCodec
from podium.chassis.engine import Bookmark, Change, Snapshot, View, WatchItem
from podium.kernel.entity import Recorded
from podium.kernel.persistent import Map
from podium.pod_manager.domain.resources import Pod
from podium.pod_manager.domain.summary import summary
from podium.pod_manager.domain.waiting import scheduler_view, waiting_on
from podium.pods.v1 import pod_pb2, pod_service_pb2

REMOVALS: Mapping[str, str] = {"jobs": "removed_jobs", "inbox": "removed_inbox"}
"""Only these lose members; the others keep all they ever had."""

_WATCH = "watch"


class Renderer:
    """Makes messages; what many watchers get is encoded once."""

    def __init__(self, codec: StructuralCodec) -> None:
        self._codec = codec
        self._summaries: dict[str, tuple[int, pod_pb2.PodSummary]] = {}

    def pod(self, state: Pod) -> pod_pb2.Pod:
        """The whole pod."""
        message: pod_pb2.Pod = self._codec.to_proto(state)  # type: ignore[assignment]
        self._derive(message, state)
        return message

    def _derive(self, message: pod_pb2.Pod, state: Pod) -> None:
        view: Any = self._codec.to_proto(scheduler_view(state))
        message.scheduler.CopyFrom(view)
        waits: list[Any] = [self._codec.to_proto(entry) for entry in waiting_on(state)]
        message.waiting_on.extend(waits)

    def event(self, recorded: Recorded) -> pod_service_pb2.PodEvent:
        """A fact with who, when, why."""
        message = pod_service_pb2.PodEvent(
            revision=recorded.revision, actor=recorded.actor, request_id=recorded.request_id
        )
        message.time.FromDatetime(recorded.time)
        message.fact.Pack(self._codec.to_proto(recorded.event))
        return message

    def summary(self, view: View[Pod]) -> pod_pb2.PodSummary:
        """The pod on the board; the last one of each pod is kept."""
        known = self._summaries.get(view.state.pod_id)
        if known is not None and known[0] == view.revision:
            return known[1]
        message: pod_pb2.PodSummary = self._codec.to_proto(summary(view.state))  # type: ignore[assignment]
        self._summaries[view.state.pod_id] = (view.revision, message)
        return message

    # -- watches ---------------------------------------------------------------------------------------------

    def watch_item(self, item: WatchItem[Pod]) -> bytes:
        """An encoded WatchPodResponse."""
        if isinstance(item, Change):
            rendered: bytes | None = item.rendered.get(_WATCH)
            if rendered is None:
                response = pod_service_pb2.WatchPodResponse(change=self._change(item))
                rendered = item.rendered[_WATCH] = response.SerializeToString()
            return rendered
        if isinstance(item, Snapshot):
            return pod_service_pb2.WatchPodResponse(snapshot=self.pod(item.state)).SerializeToString()
        assert isinstance(item, Bookmark)
        bookmark = pod_service_pb2.PodBookmark(revision=item.revision)
        return pod_service_pb2.WatchPodResponse(bookmark=bookmark).SerializeToString()

    def _change(self, change: Change[Pod]) -> pod_service_pb2.PodChange:
        state = change.state
        message = pod_service_pb2.PodChange(
            from_revision=change.from_revision,
            to_revision=change.to_revision,
            conflated=change.conflated,
            events=[self.event(recorded) for recorded in change.recorded],
        )
        own: Any = self._codec.to_proto(_without_collections(state))
        message.pod.CopyFrom(own)
        self._derive(message.pod, state)
        for collection, entity_id in sorted(change.touched):
            if not collection:
                continue
            part = getattr(state, collection).get(entity_id)
            if part is not None:
                getattr(message, collection).append(self._codec.to_proto(part))
            elif collection in REMOVALS:
                getattr(message, REMOVALS[collection]).append(entity_id)
        return message


def _without_collections(state: Pod) -> Pod:
    empty: Any = Map()
    return replace(state, workstreams=empty, agents=empty, jobs=empty, messages=empty, inbox=empty)
