"""The process of an ACP agent: supervised like every other, with pipes to speak to it."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from podium.chassis.tasks import TaskSet
from podium.runner.acp.wire import Wire
from podium.runner.processes.journal import Journal
from podium.runner.processes.outlet import Outlet
from podium.runner.processes.supervised import Command, Ended, Exit, Supervised

_LIMIT = Exit(Ended.OUTPUT_LIMIT, -9)


class AgentProcess:
    """A running agent. Make it with `start`; `ended` is done when nothing of it is left."""

    def __init__(self, process: Supervised, wire: Wire, errors: Outlet, tasks: TaskSet) -> None:
        self._process = process
        self._errors = errors
        self._tasks = tasks
        self.wire = wire
        self.ended: asyncio.Task[Exit]

    @classmethod
    async def start(
        cls,
        command: Command,
        journal: Journal,
        remaining: Callable[[], float],
        on_log: Callable[[bytes], None],
        on_noise: Callable[[bytes], None],
    ) -> "AgentProcess":
        """Start it; when this returns, it runs. Raises StartError.

        `remaining` gives the seconds left of its time; `on_log` gets its standard error, `on_noise` what it writes
        among the messages.
        """
        errors = Outlet(on_log, None)
        their_input, our_end = os.pipe()
        wire = Wire(our_end, on_noise)
        their_errors = errors.open()
        try:
            spoken_to = replace(command, stdin=their_input, stderr=their_errors)
            process = await Supervised.start(spoken_to, journal, wire.feed)
        except BaseException:
            await wire.close()
            errors.close()
            raise
        finally:
            os.close(their_input)
            os.close(their_errors)
        wire.source = process.outlet
        made = cls(process, wire, errors, TaskSet(f"process {command.key}"))
        made.ended = made._tasks.spawn(made._wait(remaining), name="process")
        return made

    @property
    def pid(self) -> int:
        """The id of its process, group and session."""
        return self._process.pid

    def stop(self) -> None:
        """Ask for its end."""
        self._process.stop()

    async def close(self) -> None:
        """End it; nothing of it is left then."""
        self.stop()
        await asyncio.wait({self.ended})
        await self._tasks.close()

    async def _wait(self, remaining: Callable[[], float]) -> Exit:
        try:
            return await self._process.wait(remaining)
        finally:
            self._errors.drain()
            self.wire.end()
            with suppress(OSError):
                await self.wire.close()
