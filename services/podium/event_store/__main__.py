"""`python -m podium.event_store`: serve the store of a data directory, or of a database."""

import sys
from collections.abc import Sequence

from podium.chassis.server import Registration, Shell, run
from podium.chassis.settings import load
from podium.event_store.adapters.wiring import build


async def start(shell: Shell) -> Sequence[Registration]:
    """Open the store and serve it."""
    return await build(shell, shell.settings.store or f"sqlite://{shell.settings.installation.store_path}")


if __name__ == "__main__":
    sys.exit(run(load("event-store"), start))
