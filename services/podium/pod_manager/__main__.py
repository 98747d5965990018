"""`python -m podium.pod_manager`: serve the pods of this process' shards."""

import sys

import podium.chassis.polling  # noqa: F401 - before gRPC
from podium.chassis.server import run
from podium.chassis.settings import load
from podium.pod_manager.adapters.wiring import build

if __name__ == "__main__":
    sys.exit(run(load("pod-manager"), build))
