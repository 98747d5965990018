"""`python -m podium.event_store`: serve the store of a data directory, or of a database."""

import sys
from collections.abc import Sequence

import podium.chassis.polling  # noqa: F401 - before gRPC
from podium.chassis.server import Registration, Shell, run
from podium.chassis.settings import load
from podium.event_store.adapters.wiring import build


async def start(shell: Shell) -> Sequence[Registration]:
    """Open the store and serve it."""
    return await build(shell, shell.settings.store or f"sqlite://{shell.settings.installation.store_path}")


def _take_turns_quickly() -> None:
    """The writer's thread, back from the disk, waits no longer than this for the interpreter to get on with a commit.

    Under load the event loop would keep it for all of Python's 5 ms, several times a commit.
    """
    sys.setswitchinterval(0.000_5)


if __name__ == "__main__":
    _take_turns_quickly()
    sys.exit(run(load("event-store"), start))
