"""Pods in the states that the tests need."""

from typing import Any

from podium.pods.v1 import pod_pb2, pod_service_pb2

SPEC_READY = {
    "phase": pod_pb2.PHASE_SPEC_CLARIFICATION,
    "spec": pod_pb2.Spec(content="# Goal\n\nBe exact.", version=2, state=pod_pb2.DOCUMENT_STATE_READY),
}


def pod(**fields: Any) -> pod_pb2.Pod:
    """A pod with what every pod has."""
    base: dict[str, Any] = {
        "pod_id": "task_1",
        "number": 7,
        "title": "Mend the till",
        "revision": 5,
        "phase": pod_pb2.PHASE_WORKSTREAM_EXECUTION,
        "repository": pod_pb2.Repository(location="/r", base_branch="main"),
    }
    return pod_pb2.Pod(**(base | fields))


def workstream(name: str, status: str, **fields: Any) -> pod_pb2.Workstream:
    """A workstream by id and status word."""
    value = pod_pb2.WorkstreamStatus.Value(f"WORKSTREAM_STATUS_{status}")
    return pod_pb2.Workstream(id=name, title=f"Title of {name}", status=value, **fields)


def event(revision: int, fact: Any, actor: str = "user:anna") -> pod_service_pb2.PodEvent:
    """An event around a fact."""
    made = pod_service_pb2.PodEvent(revision=revision, actor=actor)
    made.time.FromSeconds(1_700_000_000 + revision)
    made.fact.Pack(fact)
    return made
