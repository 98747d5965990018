"""Which handlers a server has: its servicers, health and reflection, each behind the edge."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer

from podium.chassis.interceptors.edge import Edge, starting

_REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]


class Registry(grpc.GenericRpcHandler):
    """The server's one generic handler; methods may be added while it listens.

    Until `ready` a method that is not there yet is refused as NOT_READY, not as unimplemented.
    """

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._handlers: dict[str, Handler] = {}
        self._services: list[str] = []
        self._health = HealthServicer()
        self._health._server_status[""] = _NOT_SERVING  # it would begin as serving
        self._ready = False
        health_pb2_grpc.add_HealthServicer_to_server(self._health, _Collector(self._add))
        self._add({_REFLECTION: grpc.stream_stream_rpc_method_handler(self._reflect)})

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """The handler of a method; None makes gRPC answer UNIMPLEMENTED."""
        method = str(handler_call_details.method)
        found = self._handlers.get(method)
        if found is None and not self._ready:
            return self._edge.refuse(method, starting())
        return found

    def register(self, add: Callable[[Any, Any], None], servicer: object, service: str) -> None:
        """Add a servicer by its generated function."""
        add(servicer, _Collector(self._add))
        self._services.append(service)

    async def ready(self) -> None:
        """Everything is registered: health says SERVING."""
        self._ready = True
        for name in ("", *self._services):
            await self._health.set(name, _SERVING)

    async def not_serving(self) -> None:
        """The end begins: health says NOT_SERVING from now on."""
        await self._health.enter_graceful_shutdown()

    def _add(self, handlers: "Mapping[str, Handler]") -> None:
        for method, handler in handlers.items():
            self._handlers[method] = self._edge.wrap(method, handler)

    async def _reflect(self, requests: Any, context: Any) -> Any:
        # Imported at the first question: no service needs reflection, a person at a prompt does.
        from grpc_reflection.v1alpha import reflection, reflection_pb2
        from grpc_reflection.v1alpha._async import ReflectionServicer

        servicer = ReflectionServicer((*self._services, "grpc.health.v1.Health", reflection.SERVICE_NAME))

        async def parsed() -> Any:
            async for request in requests:
                yield reflection_pb2.ServerReflectionRequest.FromString(request)

        async for response in servicer.ServerReflectionInfo(parsed(), context):
            yield response.SerializeToString()


class _Collector:
    """Stands in for a server before generated code, which gives each service's handlers away as one generic handler."""

    def __init__(self, add: "Callable[[Mapping[str, Handler]], None]") -> None:
        self._add = add

    def add_generic_rpc_handlers(self, generic_handlers: Sequence[object]) -> None:
        """The handlers come again, by name, in the call after this one."""

    def add_registered_method_handlers(self, service_name: str, method_handlers: "Mapping[str, Handler]") -> None:
        """All handlers of one service."""
        self._add({f"/{service_name}/{name}": handler for name, handler in method_handlers.items()})
