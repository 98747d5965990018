"""The whole service, and how it is added to a server."""

from podium.chassis.encoded import passing_encoded
from podium.event_store.adapters.append_servicer import AppendServicer
from podium.event_store.adapters.append_view import AppendRequest, AppendStreamRequest
from podium.event_store.adapters.keeping_servicer import KeepingServicer
from podium.event_store.adapters.lease_servicer import LeaseServicer
from podium.event_store.adapters.read_servicer import ReadServicer
from podium.events.v1.event_service_pb2_grpc import add_EventStoreServiceServicer_to_server

SERVICE = "podium.events.v1.EventStoreService"

_SPLICED = ("Append", "AppendStream", "ReadStream", "ReadAll", "Subscribe")
"""Methods whose servicer yields encoded messages."""


class EventStoreServicer(AppendServicer, ReadServicer, LeaseServicer, KeepingServicer):
    """Every RPC of `EventStoreService`."""


_VIEWED = {"Append": AppendRequest.FromString, "AppendStream": AppendStreamRequest.FromString}

add_event_store = passing_encoded(add_EventStoreServiceServicer_to_server, _SPLICED, reading=_VIEWED)
"""As the generated function does it, but what is encoded already goes to the wire as it is, and appends are viewed."""
