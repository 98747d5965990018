"""`python -m podium.runner`: run agents for a data directory's pods."""

import sys
from collections.abc import Sequence

from podium.chassis.server import Registration, Shell, run
from podium.chassis.settings import load
from podium.runner.wiring import build


async def start(shell: Shell) -> Sequence[Registration]:
    """Build the runner of the data directory's settings."""
    return await build(shell)


if __name__ == "__main__":
    sys.exit(run(load("runner"), start, starts_processes=True))
