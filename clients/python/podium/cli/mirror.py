"""A pod's copy that keeps itself current from the watch stream, without knowing any rules."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podium.pods.v1 import pod_pb2, pod_service_pb2

_COLLECTIONS = ("workstreams", "agents", "jobs", "messages", "inbox")
_REMOVALS = {"removed_jobs": "jobs", "removed_inbox": "inbox"}


class PodMirror:
    """`pod` is the state at `revision`; None before the first snapshot."""

    def __init__(self) -> None:
        self.pod: pod_pb2.Pod | None = None
        self.revision = 0

    def apply(self, item: "pod_service_pb2.WatchPodResponse") -> "list[pod_service_pb2.PodEvent]":
        """Takes an item of the stream; returns the events that are new to this copy."""
        kind = item.WhichOneof("item")
        if kind == "snapshot":
            self.pod = item.snapshot
            self.revision = item.snapshot.revision
        elif kind == "change" and item.change.to_revision > self.revision:
            return self._change(item.change)
        return []

    def _change(self, change: "pod_service_pb2.PodChange") -> "list[pod_service_pb2.PodEvent]":
        fresh = [event for event in change.events if event.revision > self.revision]
        if self.pod is None:
            return fresh
        pod = self.pod
        if change.HasField("pod"):
            # The entity's own fields come whole; its collections come by entity.
            kept = {name: list(getattr(pod, name)) for name in _COLLECTIONS}
            pod.CopyFrom(change.pod)
            for name, values in kept.items():
                pod.ClearField(name)  # type: ignore[arg-type]  # a field's name, from the table above
                getattr(pod, name).extend(values)
        for name in _COLLECTIONS:
            _upsert(getattr(pod, name), getattr(change, name))
        for removal, name in _REMOVALS.items():
            _remove(getattr(pod, name), set(getattr(change, removal)))
        self.revision = pod.revision = change.to_revision
        return fresh


def _upsert(values: Any, changed: Any) -> None:
    places = {value.id: index for index, value in enumerate(values)}
    for value in changed:
        if value.id in places:
            values[places[value.id]].CopyFrom(value)
        else:
            values.add().CopyFrom(value)


def _remove(values: Any, ids: set[str]) -> None:
    for index in range(len(values) - 1, -1, -1):
        if values[index].id in ids:
            del values[index]
