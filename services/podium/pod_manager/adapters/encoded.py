"""Streams whose items are encoded already pass gRPC as they are."""

from collections.abc import Callable, Mapping
from typing import Any

import grpc

from podium.pods.v1.pod_service_pb2_grpc import add_PodServiceServicer_to_server

ENCODED = ("WatchPod",)


def add_pods(servicer: object, server: Any) -> None:
    """As the generated function does it, but what the watch yields is encoded already."""
    generated: Callable[[Any, Any], None] = add_PodServiceServicer_to_server
    generated(servicer, _Encoded(server))


class _Encoded:
    """Stands before the server while the generated function adds its handlers."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, generic_handlers: Any) -> None:
        """The handlers come again, by name, in the call after this one."""

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Any]) -> None:
        """Let the encoded answers pass as they are."""
        handlers = dict(method_handlers)
        for name in ENCODED:
            handlers[name] = handlers[name]._replace(response_serializer=bytes)
        generic = grpc.method_handlers_generic_handler(service_name, handlers)
        self._server.add_generic_rpc_handlers((generic,))
        self._server.add_registered_method_handlers(service_name, handlers)
