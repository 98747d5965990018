"""`python -m podium.gateway`: serve browsers for a data directory's services."""

import sys
from collections.abc import Sequence

import podium.chassis.polling  # noqa: F401 - before gRPC
from podium.chassis.server import Registration, Shell, run
from podium.chassis.settings import load
from podium.gateway.wiring import build


async def start(shell: Shell) -> Sequence[Registration]:
    """Build the gateway of the data directory's settings."""
    return await build(shell)


if __name__ == "__main__":
    sys.exit(run(load("gateway"), start))
