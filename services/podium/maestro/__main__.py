"""`python -m podium.maestro`: serve the projects of this process' shards."""

import sys

from podium.chassis.server import run
from podium.chassis.settings import load
from podium.maestro.adapters.wiring import build

if __name__ == "__main__":
    sys.exit(run(load("maestro"), build))
