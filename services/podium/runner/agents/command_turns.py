"""Turns of a command: a process for each, from its start to its end, with its limits and its transcript."""

import asyncio

from podium.chassis.tasks import TaskSet
from podium.jobs.v1.artifact_events_pb2 import TRANSCRIPT_SOURCE_INPUT
from podium.runner.agents import commands
from podium.runner.agents.turns import TAIL_BYTES, Stage, TurnEnd
from podium.runner.processes.supervised import Command, Exit, Supervised
from podium.runner.terminals.redaction import EvenRedactor
from podium.runner.terminals.terminal import Terminal, TerminalEnd
from podium.runner.workspaces.commands import Tail


class CommandTurns:
    """The turns of an agent whose profile is a command, or a scenario."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._terminal: Terminal | None = None
        """What its processes run in, one after the other, where its profile says so."""
        self._redactor: EvenRedactor | None = None
        self._last: Exit | None = None

    @property
    def can_resume(self) -> bool:
        """Whether a further turn knows of the former ones."""
        return bool(self._stage.profile.resume)

    async def take(self, number: int, said: str) -> TurnEnd:
        """Run the command; what was said stands in its instructions. Raises StartError."""
        command = commands.command(self._stage.profile, self._stage.around, number, self._stage.house.grace_seconds)
        self._stage.transcript.say(f"turn {number}: {' '.join(command.argv[:4])}")
        if command.terminal and self._terminal is None:
            self._terminal = await self._open_terminal(command)
        ended = await self._run(command)
        self._last = ended.end
        self._stage.transcript.say(f"turn {number} ended: {ended.end.ended.value}, status {ended.end.status}")
        return ended

    async def close(self) -> None:
        """Nothing runs between turns; a terminal has its end now."""
        if self._terminal is not None:
            self._terminal.finish(TerminalEnd.of(self._last.status) if self._last else TerminalEnd(text="ended"))

    async def _open_terminal(self, command: Command) -> Terminal | None:
        """A terminal that people see; None where its project cannot be asked for just now."""
        stage = self._stage
        pod = await stage.house.pod_of(stage.agent)
        if pod is None or stage.house.terminals is None:
            return None
        self._redactor = redactor = EvenRedactor(commands.secrets(stage.profile, stage.around.token))

        def keep_typed(line: bytes) -> None:
            stage.transcript.write(redactor.line(line), TRANSCRIPT_SOURCE_INPUT)

        agent_id = stage.agent.record.agent_id
        terminal = stage.house.terminals.open(pod.project_id, agent_id, keep_typed, command.size)
        stage.house.terminals.serve(terminal)
        return terminal

    async def _run(self, command: Command) -> TurnEnd:
        """Run a process. It is ended some time after it said complete or fail; a cancellation ends it too."""
        tail, redactor, terminal = Tail(TAIL_BYTES), self._redactor or self._stage.agent.redactor, self._terminal

        def take(data: bytes) -> None:
            if terminal is not None:
                terminal.took(data)
            self._keep(redactor.feed(data), tail)

        process = await Supervised.start(command, self._stage.house.journal, take)
        if terminal is not None:
            terminal.connect(process.outlet)
        self._stage.on_start(process.pid)
        self._stage.allowance.resume()
        async with TaskSet(f"turn {command.key}") as tasks:
            tasks.spawn(self._end_after_word(process), name="settling")
            try:
                end = await process.wait(lambda: self._stage.allowance.remaining_of(self._stage.agent))
            finally:
                self._stage.allowance.pause()
                if terminal is not None:
                    terminal.disconnect()
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
