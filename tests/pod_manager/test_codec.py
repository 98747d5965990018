"""Pods on the wire and in the store lose nothing."""

from podium.pod_manager.adapters.codec import COMMAND_TYPES, EVENT_TYPES, ORDER_TYPES, entity_codec, make_codec
from podium.pod_manager.domain.commands.agents import RunnerLeaseChanged, RunnersLooked
from podium.pod_manager.domain.resources import Pod
from podium.pods.v1 import pod_events_pb2, pod_pb2, pod_service_pb2
from tests.pod_manager.scene import Scene, item
from tests.support.codec_roundtrip import check_roundtrip

CODEC = make_codec()


def test_every_value_survives() -> None:
    """Every value with a message survives the way to bytes and back; no proto field is forgotten."""
    requests = {kind: {"pod_id", "request_id"} for kind in COMMAND_TYPES if kind in CODEC.pairs}
    check_roundtrip(CODEC, examples=4, unmapped={**requests, Pod: {"waiting_on", "scheduler"}})


def test_everything_has_its_pair() -> None:
    """Every fact of the proto, every message of the pod, and every command has its value."""
    paired = {message.DESCRIPTOR.full_name for message in CODEC.pairs.values()}
    for module in (pod_events_pb2, pod_pb2):
        assert {message.full_name for message in module.DESCRIPTOR.message_types_by_name.values()} <= paired
    assert set(EVENT_TYPES) | set(ORDER_TYPES) <= set(CODEC.pairs)
    assert set(COMMAND_TYPES) - set(CODEC.pairs) == {RunnerLeaseChanged, RunnersLooked}
    methods = pod_service_pb2.DESCRIPTOR.services_by_name["PodService"].methods
    commands = {method.name for method in methods if "request_id" in method.input_type.fields_by_name}
    assert commands == {kind.__name__ for kind in COMMAND_TYPES} - {"RunnerLeaseChanged", "RunnersLooked"}


def test_a_pod_from_its_stored_facts() -> None:
    """The facts as stored fold to the state, and the state as stored is the state."""
    scene = Scene().executing(item("a"), item("b", "a"))
    scene.fail(scene.run(scene.agent_on("a")))
    codec = entity_codec(CODEC)
    for recorded in scene.history:
        assert codec.decode_event(*codec.encode_event(recorded.event)) == recorded.event
    assert codec.decode_state(codec.encode_state(scene.pod)) == scene.pod
