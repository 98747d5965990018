"""`python -m podium.event_store`: serve the store of a data directory, or of a database."""

import gc
import sys
from collections.abc import Sequence

from podium.chassis.server import Registration, Shell, run
from podium.chassis.settings import load
from podium.event_store.adapters.wiring import build


async def start(shell: Shell) -> Sequence[Registration]:
    """Open the store and serve it."""
    services = await build(shell, shell.settings.store or f"sqlite://{shell.settings.installation.store_path}")
    gc.freeze()  # what was made up to here stays
    return services


def _collect_less_often() -> None:
    """Leave the collector of cycles little to do: it stops everything for as long as a look at all that is kept takes.

    The newest 20,000 events are kept on purpose, and next to nothing here is in a cycle; subscribers waited for it.
    """
    gc.set_threshold(50_000, 20, 50)


def _take_turns_quickly() -> None:
    """The writer's thread, back from the disk, waits no longer than this for the interpreter to get on with a commit.

    Under load the event loop would keep it for all of Python's 5 ms, several times a commit.
    """
    sys.setswitchinterval(0.000_5)


if __name__ == "__main__":
    _collect_less_often()
    _take_turns_quickly()
    sys.exit(run(load("event-store"), start))
