"""Turns of a command: a process for each, from its start to its end, with its limits and its transcript."""

import asyncio

from podium.chassis.tasks import TaskSet
from podium.runner.agents import commands
from podium.runner.agents.turns import TAIL_BYTES, Stage, TurnEnd
from podium.runner.processes.supervised import Command, Supervised
from podium.runner.workspaces.commands import Tail


class CommandTurns:
    """The turns of an agent whose profile is a command, or a scenario."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @property
    def can_resume(self) -> bool:
        """Whether a further turn knows of the former ones."""
        return bool(self._stage.profile.resume)

    async def take(self, number: int, said: str) -> TurnEnd:
        """Run the command; what was said stands in its instructions. Raises StartError."""
        command = commands.command(self._stage.profile, self._stage.around, number, self._stage.house.grace_seconds)
        self._stage.transcript.say(f"turn {number}: {' '.join(command.argv[:4])}")
        ended = await self._run(command)
        self._stage.transcript.say(f"turn {number} ended: {ended.end.ended.value}, status {ended.end.status}")
        return ended

    async def close(self) -> None:
        """Nothing runs between turns."""

    async def _run(self, command: Command) -> TurnEnd:
        """Run a process. It is ended some time after it said complete or fail; a cancellation ends it too."""
        tail, redactor = Tail(TAIL_BYTES), self._stage.agent.redactor

        def take(data: bytes) -> None:
            self._keep(redactor.feed(data), tail)

        process = await Supervised.start(command, self._stage.house.journal, take)
        self._stage.on_start(process.pid)
        self._stage.allowance.resume()
        async with TaskSet(f"turn {command.key}") as tasks:
            tasks.spawn(self._end_after_word(process), name="settling")
            try:
                end = await process.wait(lambda: self._stage.allowance.remaining_of(self._stage.agent))
            finally:
                self._stage.allowance.pause()
                self._keep(redactor.flush(), tail)
        return TurnEnd(end, tail.text())

    def _keep(self, data: bytes, tail: Tail) -> None:
        if data:
            tail.add(data)
            self._stage.transcript.write(data)

    async def _end_after_word(self, process: Supervised) -> None:
        await self._stage.agent.said_end.wait()
        await asyncio.sleep(self._stage.profile.settle_seconds)
        process.stop()
