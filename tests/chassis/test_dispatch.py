"""From requests to commands; events and states as bytes."""

from dataclasses import dataclass
from typing import Any

import pytest

from podium.chassis.codec import CodecError, StructuralCodec
from podium.chassis.dispatch import Dispatcher, request_hash
from podium.chassis.entity_codec import ProtoEntityCodec
from podium.chassis.identity import set_current_identity
from podium.chassis.telemetry import IdsOnly, current_traceparent
from podium.kernel.errors import Rejection
from podium.kernel.identity import CallerKind, Identity
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb

ANNA = Identity(CallerKind.PERSON, "anna")


@dataclass(frozen=True, slots=True)
class ApproveSpec:
    version: int


@dataclass(frozen=True, slots=True)
class Budget:
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Anchor:
    document: str


class FakeEngine:
    """Notes what it is asked to execute."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.options: list[dict[str, Any]] = []

    async def execute(self, entity_id: str, command: Any, **options: Any) -> str:
        self.calls.append((entity_id, command))
        self.options.append(options)
        return "outcome"


CODEC = StructuralCodec({ApproveSpec: pb.ApproveSpecRequest})


async def test_a_request_becomes_a_command() -> None:
    """Entity, command, actor, request id, body hash and trace reach the engine; its outcome comes back."""
    engine = FakeEngine()
    set_current_identity(ANNA)
    dispatcher: Dispatcher[Any] = Dispatcher(engine, CODEC)  # type: ignore[arg-type]
    request = pb.ApproveSpecRequest(pod_id="pod_1", request_id="r1", version=3)
    with IdsOnly().server_span("/x", ""):
        assert await dispatcher(request) == "outcome"  # type: ignore[comparison-overlap]
        assert engine.options == [
            {
                "actor": ANNA,
                "request_id": "r1",
                "request_hash": request_hash(request),
                "traceparent": current_traceparent(),
            }
        ]
    assert engine.calls == [("pod_1", ApproveSpec(3))]


async def test_a_missing_request_id_is_made() -> None:
    """Without an id each call gets its own, and there is no body to compare with."""
    engine = FakeEngine()
    set_current_identity(ANNA)
    dispatcher: Dispatcher[Any] = Dispatcher(engine, CODEC)  # type: ignore[arg-type]
    for _ in range(2):
        await dispatcher.dispatch(pb.ApproveSpecRequest(pod_id="pod_1"))
    ids = [options["request_id"] for options in engine.options]
    assert all(ids) and len(set(ids)) == 2
    assert {options["request_hash"] for options in engine.options} == {""}


async def test_the_entity_may_be_computed() -> None:
    """A function names the entity where the request leaves that to the server; an empty field is INVALID_FIELD."""
    engine = FakeEngine()
    set_current_identity(ANNA)
    by_id: Dispatcher[Any] = Dispatcher(engine, CODEC, lambda request, request_id: f"of-{request_id}")  # type: ignore[arg-type]
    await by_id(pb.ApproveSpecRequest(request_id="r1"))
    assert engine.calls[0][0] == "of-r1"
    by_field: Dispatcher[Any] = Dispatcher(engine, CODEC)  # type: ignore[arg-type]
    with pytest.raises(Rejection) as refused:
        await by_field(pb.ApproveSpecRequest())
    assert refused.value.violations[0].field == "pod_id"


def test_the_hash_is_of_the_body_alone() -> None:
    """Another request id, the same hash; another body or another type, another hash."""
    base = pb.ApproveSpecRequest(pod_id="p", request_id="a", version=1)
    assert request_hash(base) == request_hash(pb.ApproveSpecRequest(pod_id="p", request_id="b", version=1))
    assert request_hash(base) != request_hash(pb.ApproveSpecRequest(pod_id="p", request_id="a", version=2))
    assert request_hash(pb.ReopenSpecRequest(pod_id="p")) != request_hash(pb.RequestSpecRequest(pod_id="p"))
    assert base.request_id == "a"


def test_events_and_states_survive_the_store() -> None:
    """An event's type is its message's full name; unknown types are LookupErrors, damaged bytes ValueErrors."""
    codec = ProtoEntityCodec(
        StructuralCodec({Budget: pod_pb2.Budget, Anchor: pod_pb2.Anchor}), state_type=Budget, event_types=[Anchor]
    )
    name, data = codec.encode_event(Anchor("a.py"))
    assert name == "podium.pods.v1.Anchor" and codec.event_names == {name}
    assert codec.decode_event(name, data) == Anchor("a.py")
    assert codec.decode_state(codec.encode_state(Budget(7))) == Budget(7)
    with pytest.raises(LookupError):
        codec.encode_event(Budget(1))
    with pytest.raises(LookupError):
        codec.decode_event("podium.pods.v1.Budget", b"")
    with pytest.raises(ValueError, match="pars"):
        codec.decode_event(name, b"\xff")
    with pytest.raises(ValueError, match="pars"):
        codec.decode_state(b"\xff")
    with pytest.raises(CodecError, match="no message"):
        ProtoEntityCodec(StructuralCodec({}), Budget, [])
