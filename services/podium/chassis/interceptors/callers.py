"""Who may call a method: the `callers` option beside it in its proto."""

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

from podium.common.v1 import caller_pb2
from podium.kernel.errors import denied
from podium.kernel.identity import CallerKind, Identity

OPEN_SERVICES = frozenset({"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"})
"""Services that need no token."""

_KINDS = {
    caller_pb2.CALLER_PERSON: CallerKind.PERSON,
    caller_pb2.CALLER_AGENT: CallerKind.AGENT,
    caller_pb2.CALLER_RUNNER: CallerKind.RUNNER,
    caller_pb2.CALLER_SERVICE: CallerKind.SERVICE,
}


def describe(method: str) -> MethodDescriptor | None:
    """The descriptor of `/package.Service/Method`, where its stubs are loaded."""
    service, _, name = method.strip("/").partition("/")
    try:
        found: MethodDescriptor = descriptor_pool.Default().FindMethodByName(f"{service}.{name}")
    except KeyError:
        return None
    return found


def is_open(method: str) -> bool:
    """Whether the method needs no token."""
    return method.strip("/").partition("/")[0] in OPEN_SERVICES


def callers_of(method: MethodDescriptor) -> frozenset[CallerKind]:
    """The kinds of caller that the method lists; none listed means nobody."""
    listed = method.GetOptions().Extensions[caller_pb2.callers]
    return frozenset(_KINDS[caller] for caller in listed if caller in _KINDS)


def check(identity: Identity, allowed: frozenset[CallerKind], method: str) -> None:
    """Raises Rejection CALLER_NOT_ALLOWED for a caller of a kind that is not listed."""
    if identity.kind not in allowed:
        name = method.rpartition("/")[2]
        raise denied(f"{name} is not for {identity.kind.name.lower()}s", caller=str(identity))
