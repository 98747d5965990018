"""What a runner may be told while it runs: how many agents it starts at once.

The number stands in podium.toml (`[runner] capacity`), so that it outlives the runner and is there for people to see;
`podium limits` changes it, and so may an editor or whoever distributes the file. Only what begins anew is counted
against it: lowering it ends nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from podium.chassis.clock import until_beat
from podium.chassis.engine.ports import Clock
from podium.chassis.settings import SettingsError
from podium.runner.settings import load_settings

_log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 2.0
"""A look costs one call of the kernel; all of a machine's processes look around at the same instants."""

Stamp = tuple[int, int, int] | None


async def follow_capacity(config_file: Path, clock: Clock, changed: Callable[[int], Awaitable[None]]) -> None:
    """Say what the file says now, each time that it was changed; without end.

    A file that cannot be read, or that is wrong, changes nothing: a warning says so, once for each change.
    """
    seen = stamp(config_file)
    while True:
        await clock.sleep(until_beat(clock, LOOK_EVERY_SECONDS))
        now = stamp(config_file)
        if now == seen:
            continue
        seen = now
        try:
            capacity = (await asyncio.to_thread(load_settings, config_file)).capacity
        except SettingsError as error:
            _log.warning("%s was changed, but not for me: %s", config_file, error)
            continue
        await changed(capacity)


def stamp(path: Path) -> Stamp:
    """What tells one state of a file from the next; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
