"""Methods whose servicer yields encoded messages: made once, sent to many as they are; or reads them its own way."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import grpc

Add = Callable[[Any, Any], None]
Read = Callable[[bytes], Any]


def passing_encoded(add: Add, methods: Collection[str], reading: Mapping[str, Read] | None = None) -> Add:
    """A generated `add_XServicer_to_server` under which the answers of these methods are bytes.

    `reading`: how the requests of other methods are read, in place of the generated way.
    """

    def add_passing(servicer: Any, server: Any) -> None:
        add(servicer, _Passing(server, methods, reading or {}))

    return add_passing


class _Passing:
    """Stands before the server while the generated function adds its handlers."""

    def __init__(self, server: Any, methods: Collection[str], reading: Mapping[str, Read]) -> None:
        self._server = server
        self._methods = methods
        self._reading = reading

    def add_generic_rpc_handlers(self, generic_handlers: Any) -> None:
        """The handlers come again, by name, in the call after this one."""

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Any]) -> None:
        """Let the encoded answers pass."""
        handlers = dict(method_handlers)
        for name in self._methods:
            handlers[name] = handlers[name]._replace(response_serializer=bytes)
        for name, read in self._reading.items():
            handlers[name] = handlers[name]._replace(request_deserializer=read)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service_name, handlers),))
        self._server.add_registered_method_handlers(service_name, handlers)
