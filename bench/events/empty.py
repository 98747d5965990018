"""The floor of an unary Append: the same server, interceptors and messages, and nothing behind them."""

import sys
from collections.abc import Sequence
from typing import Any

import podium.chassis.polling  # noqa: F401 - before gRPC, as the store does
from podium.chassis.server import Registration, Shell, run
from podium.chassis.settings import load
from podium.events.v1.event_service_pb2 import AppendRequest, AppendResponse
from podium.events.v1.event_service_pb2_grpc import EventStoreServiceServicer, add_EventStoreServiceServicer_to_server


class Empty(EventStoreServiceServicer):
    """Answers at once."""

    async def Append(self, request: AppendRequest, context: Any) -> AppendResponse:  # type: ignore[override]
        return AppendResponse(first_position=1, last_position=1)


async def start(shell: Shell) -> Sequence[Registration]:
    """Nothing to open."""
    service = "podium.events.v1.EventStoreService"
    return [Registration(add=add_EventStoreServiceServicer_to_server, servicer=Empty(), service=service)]


if __name__ == "__main__":
    sys.exit(run(load("event-store"), start))
