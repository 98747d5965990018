"""Which RPCs browsers may call, and who serves them; read off the descriptors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message

from podium.chassis.interceptors.callers import callers_of
from podium.events.v1 import event_service_pb2
from podium.kernel.identity import CallerKind
from podium.pods.v1 import pod_events_pb2, pod_service_pb2
from podium.tasks.v1 import maestro_service_pb2, terminal_service_pb2
from podium.web.v1 import web_service_pb2

_ALL: frozenset[str] = frozenset()

FACTS = (pod_events_pb2,)
"""Protos of what travels as `Any`: JSON can show only what is loaded."""

SERVED: Sequence[tuple[str, object, frozenset[str]]] = (
    ("pod-manager", pod_service_pb2, _ALL),
    ("maestro", maestro_service_pb2, _ALL),
    ("maestro", terminal_service_pb2, _ALL),
    ("gateway", web_service_pb2, _ALL),
    (
        "event-store",
        event_service_pb2,
        frozenset({"GetStream", "ListStreams", "ReadStream", "ListLeases", "ListShards"}),
    ),
)
"""The service process, its proto's module, and the RPCs that are offered (none named: all that people may call)."""


@dataclass(frozen=True, slots=True)
class Route:
    """An RPC that is offered to browsers."""

    path: str
    service: str
    """The process that serves it, as `Installation.address` names it."""
    method: MethodDescriptor
    request: type[Message]
    response: type[Message]

    @property
    def streaming(self) -> bool:
        """One request, many answers."""
        return bool(self.method.server_streaming)

    @property
    def free_of_effects(self) -> bool:
        """May be called by GET."""
        return bool(self.method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS)


class Catalogue:
    """The offered RPCs by path, and the known ones that are not offered."""

    def __init__(self, served: Sequence[tuple[str, object, frozenset[str]]] = SERVED) -> None:
        self.routes: dict[str, Route] = {}
        self._known: set[str] = set()
        for service, module, names in served:
            for method in _methods(module):
                path = f"/{method.containing_service.full_name}/{method.name}"
                self._known.add(path)
                if _offered(method) and (not names or method.name in names):
                    self.routes[path] = _route(path, service, method)

    def knows(self, path: str) -> bool:
        """Whether it is an RPC at all, offered or not."""
        return path in self._known


def _methods(module: object) -> Iterator[MethodDescriptor]:
    services: Mapping[str, ServiceDescriptor] = module.DESCRIPTOR.services_by_name  # type: ignore[attr-defined]
    for service in services.values():
        yield from service.methods


def _offered(method: MethodDescriptor) -> bool:
    """People may call it, and a browser can: it cannot send a stream."""
    return CallerKind.PERSON in callers_of(method) and not method.client_streaming


def _route(path: str, service: str, method: MethodDescriptor) -> Route:
    request = message_factory.GetMessageClass(method.input_type)
    response = message_factory.GetMessageClass(method.output_type)
    return Route(path, service, method, request, response)
