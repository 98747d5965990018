"""Ending a process group: asked first, then killed, until nothing of it is left."""

import asyncio
import signal
from collections.abc import Sequence

from podium.runner.processes import table

_KILL_ROUNDS = 100
"""At 50 ms each: processes that survive SIGKILL for 5 s are stuck in the kernel, and nothing can be done."""


HANG_UP = (signal.SIGHUP, signal.SIGTERM)
"""How a terminal that is closed ends what runs in it: shells that talk to people heed the first, `nohup` the second."""


async def end_group(
    session: int, key: str, grace_seconds: float, signals: Sequence[signal.Signals] = (signal.SIGTERM,)
) -> bool:
    """End every process of a session, and those with its marker that left it: `signals`, grace, SIGKILL.

    `session` is the id of the group's first process, which `start_new_session` made a leader. The signals have equal
    parts of the grace, and are sent once to each process: many take a second request for an order to drop everything,
    and would leave their locks behind. Returns whether all of it is gone.
    """
    for number in signals:
        if not (living := await _living(session, key)):
            break
        _ask(session, living, number)
        await _until_gone(session, key, grace_seconds / len(signals))
    for _ in range(_KILL_ROUNDS):
        remaining = await _living(session, key)
        if not remaining:
            return True
        table.send_group(session, signal.SIGKILL)
        table.send(remaining, signal.SIGKILL)
        await asyncio.sleep(0.05)
    return not await _living(session, key)


def _ask(session: int, living: list[table.Row], number: signal.Signals) -> None:
    """The group first, at once and whole: a shell that knows begins nothing new when what it waits for ends."""
    others = [each for each in living if each.group != session]
    for sent in (number, signal.SIGCONT):  # what is stopped hears of it once it goes on
        table.send_group(session, sent)
        table.send(others, sent)


async def _living(session: int, key: str) -> list[table.Row]:
    """Beside the loop: where thousands of processes run, it takes long to look at them all."""
    return await asyncio.to_thread(table.kin, session, key)


async def _until_gone(session: int, key: str, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end, pause = loop.time() + seconds, 0.01
    while loop.time() < end and await _living(session, key):
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
