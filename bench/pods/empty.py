"""The floor of a command: the same server, interceptors and messages, and nothing behind them."""

import sys
from collections.abc import Sequence
from typing import Any

import podium.chassis.polling  # noqa: F401 - before gRPC
from podium.chassis.server import Registration, Shell, run
from podium.chassis.settings import load
from podium.pods.v1.pod_service_pb2 import PostMessageRequest, PostMessageResponse
from podium.pods.v1.pod_service_pb2_grpc import PodServiceServicer, add_PodServiceServicer_to_server


class Empty(PodServiceServicer):
    """Answers at once."""

    async def PostMessage(self, request: PostMessageRequest, context: Any) -> PostMessageResponse:
        return PostMessageResponse(revision=1)


async def start(shell: Shell) -> Sequence[Registration]:
    """Nothing to open."""
    add = add_PodServiceServicer_to_server
    servicer = Empty()  # type: ignore[abstract]  # the other methods are not called
    return [Registration(add=add, servicer=servicer, service="podium.pods.v1.PodService")]


if __name__ == "__main__":
    sys.exit(run(load("pod-manager"), start))
