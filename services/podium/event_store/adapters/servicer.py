"""The whole service, and how it is added to a server."""

from collections.abc import Callable, Mapping
from typing import Any

import grpc

from podium.event_store.adapters.append_servicer import AppendServicer
from podium.event_store.adapters.keeping_servicer import KeepingServicer
from podium.event_store.adapters.lease_servicer import LeaseServicer
from podium.event_store.adapters.read_servicer import ReadServicer
from podium.events.v1.event_service_pb2_grpc import add_EventStoreServiceServicer_to_server

SERVICE = "podium.events.v1.EventStoreService"

_SPLICED = ("ReadStream", "ReadAll", "Subscribe")
"""Methods whose servicer yields encoded messages."""


class EventStoreServicer(AppendServicer, ReadServicer, LeaseServicer, KeepingServicer):
    """Every RPC of `EventStoreService`."""


def add_event_store(servicer: EventStoreServicer, server: Any) -> None:
    """As the generated function does it, but what is encoded already goes to the wire as it is."""
    generated: Callable[[Any, Any], None] = add_EventStoreServiceServicer_to_server
    generated(servicer, _Splicing(server))


class _Splicing:
    """Stands before the server while the generated function adds its handlers."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, generic_handlers: Any) -> None:
        """The handlers come again, by name, in the call after this one."""

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Any]) -> None:
        """Let the spliced methods' answers pass."""
        handlers = {
            name: handler._replace(response_serializer=_as_it_is) if name in _SPLICED else handler
            for name, handler in method_handlers.items()
        }
        generic = grpc.method_handlers_generic_handler(service_name, handlers)
        self._server.add_generic_rpc_handlers((generic,))
        self._server.add_registered_method_handlers(service_name, handlers)


def _as_it_is(message: bytes) -> bytes:
    return message
