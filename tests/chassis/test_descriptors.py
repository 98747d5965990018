"""What every RPC of every Podium service must state in its proto."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

import podium.common.v1.caller_pb2
from podium.chassis.interceptors.callers import callers_of
from podium.common.v1 import caller_pb2

GENERATED = Path(podium.common.v1.caller_pb2.__file__).parents[3]

BY_THEIR_OWN_KEYS = {
    # Appends are idempotent by event id; leases, shards, snapshots and retention are states that a repeat sets again.
    "podium.events.v1.EventStoreService",
}
"""Services whose mutations need no request id, and why."""


def _methods() -> Iterator[MethodDescriptor]:
    for path in sorted(GENERATED.glob("podium/*/v1/*_pb2.py")):
        module = importlib.import_module(".".join(path.relative_to(GENERATED).with_suffix("").parts))
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


METHODS = list(_methods())


def test_there_are_services() -> None:
    """The walk below finds the services at all."""
    services = {method.containing_service.full_name for method in METHODS}
    assert {"podium.events.v1.EventStoreService", "podium.pods.v1.PodService"} <= services


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_every_rpc_lists_its_callers(method: MethodDescriptor) -> None:
    """No RPC is open to nobody or to whom it does not name."""
    listed = list(method.GetOptions().Extensions[caller_pb2.callers])
    assert callers_of(method)
    assert caller_pb2.CALLER_UNSPECIFIED not in listed
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize(
    "method",
    [
        method
        for method in METHODS
        if method.containing_service.full_name not in BY_THEIR_OWN_KEYS
        and method.GetOptions().idempotency_level == MethodOptions.IDEMPOTENCY_UNKNOWN
    ],
    ids=lambda method: method.full_name,
)
def test_every_mutation_has_a_request_id(method: MethodDescriptor) -> None:
    """Whatever is not marked as free of effects, or as harmless to repeat, can be repeated under its request id."""
    field = method.input_type.fields_by_name.get("request_id")
    assert field is not None and field.type == field.TYPE_STRING


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_agents_cannot_approve(method: MethodDescriptor) -> None:
    """Approvals are for people alone."""
    if method.name.startswith("Approve"):
        assert {kind.name for kind in callers_of(method)} == {"PERSON"}
