"""A service in small, for the supervisor: serves gRPC health on its socket, obeys SIGTERM.

Its name is the last part of the module that runs it; `PODIUM_FAKE_EXIT` makes it end at once with that status.
"""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from podium.client.installation import Installation


def main(name: str) -> None:
    print(f"{name} begins", flush=True)
    if status := os.environ.get("PODIUM_FAKE_EXIT"):
        sys.exit(int(status))
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(Installation.locate().address(name))
    server.start()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    stopped.wait()
    print(f"{name} ends", flush=True)
    server.stop(0).wait()
