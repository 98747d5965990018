"""The pod's copy: it equals the pod, however the changes come."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from podium.cli.mirror import PodMirror
from podium.pods.v1 import pod_events_pb2, pod_pb2, pod_service_pb2
from tests.cli import pods

STATES = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), max_size=3),
        st.sets(st.sampled_from("xyz")),
    ),
    min_size=1,
    max_size=8,
)


def state(revision: int, phase: int, workstreams: dict[str, int], inbox: set[str]) -> pod_pb2.Pod:
    return pod_pb2.Pod(
        pod_id="p",
        revision=revision,
        phase=phase,  # type: ignore[arg-type]
        workstreams=[pod_pb2.Workstream(id=name, status=workstreams[name]) for name in sorted(workstreams)],  # type: ignore[arg-type]
        inbox=[pod_pb2.InboxItem(id=name) for name in sorted(inbox)],
    )


def change(before: pod_pb2.Pod, after: pod_pb2.Pod) -> pod_service_pb2.WatchPodResponse:
    own = pod_pb2.Pod()
    own.CopyFrom(after)
    for name in ("workstreams", "agents", "jobs", "messages", "inbox"):
        own.ClearField(name)  # type: ignore[arg-type]
    old = {each.id: each for each in before.workstreams}
    old_inbox, new_inbox = ({each.id for each in pod.inbox} for pod in (before, after))
    return pod_service_pb2.WatchPodResponse(
        change=pod_service_pb2.PodChange(
            from_revision=before.revision,
            to_revision=after.revision,
            pod=own,
            workstreams=[each for each in after.workstreams if old.get(each.id) != each],
            inbox=[each for each in after.inbox if each.id not in old_inbox],
            removed_inbox=sorted(old_inbox - new_inbox),
        )
    )


def canonical(pod: pod_pb2.Pod) -> tuple[object, ...]:
    ordered = pod_pb2.Pod()
    ordered.CopyFrom(pod)
    collections = []
    for name in ("workstreams", "inbox"):
        collections.append(sorted(each.SerializeToString(deterministic=True) for each in getattr(ordered, name)))
        ordered.ClearField(name)  # type: ignore[arg-type]
    return ordered.SerializeToString(deterministic=True), *collections


@given(STATES)
def test_the_copy_equals_the_pod(values: list[tuple[int, dict[str, int], set[str]]]) -> None:
    """After a snapshot and any changes (each also sent twice, as after a reconnect) the copy equals the last state."""
    seen: set[str] = set()
    states = []
    for revision, (phase, workstreams, inbox) in enumerate(values, start=1):
        seen |= set(workstreams)  # workstreams never vanish
        states.append(state(revision, phase, {name: workstreams.get(name, 1) for name in seen}, inbox))
    mirror = PodMirror()
    snapshot = pod_pb2.Pod()
    snapshot.CopyFrom(states[0])
    mirror.apply(pod_service_pb2.WatchPodResponse(snapshot=snapshot))
    for before, after in pairwise(states):
        mirror.apply(change(before, after))
        mirror.apply(change(before, after))
    assert mirror.pod is not None
    assert canonical(mirror.pod) == canonical(states[-1])
    assert mirror.revision == states[-1].revision


def test_events_are_given_once() -> None:
    """A change that overlaps what was seen gives only its new events."""
    mirror = PodMirror()
    mirror.apply(pod_service_pb2.WatchPodResponse(snapshot=pod_pb2.Pod(revision=4)))
    events = [pods.event(number, pod_events_pb2.SpecApproved()) for number in (4, 5, 6)]
    item = pod_service_pb2.WatchPodResponse(
        change=pod_service_pb2.PodChange(from_revision=3, to_revision=6, events=events, pod=pod_pb2.Pod())
    )
    assert [event.revision for event in mirror.apply(item)] == [5, 6]
    assert mirror.apply(item) == []
