"""The life of a person's session: claimed, started in a terminal, watched over, ended, reported."""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from podium.chassis.tasks import TaskSet
from podium.client.connection import Podium
from podium.jobs.v1.artifact_events_pb2 import TRANSCRIPT_SOURCE_INPUT
from podium.runner.disk import write_atomic
from podium.runner.processes.journal import Journal
from podium.runner.processes.supervised import Command, Exit, StartError, Supervised
from podium.runner.terminals.record import SessionRecord, SessionRecords
from podium.runner.terminals.redaction import EvenRedactor
from podium.runner.terminals.reporting import SessionReports
from podium.runner.terminals.spawning import SpawnError, Spawning, instructions_of, size_of
from podium.runner.terminals.terminal import Terminal, TerminalEnd
from podium.runner.terminals.terminals import Terminals
from podium.runner.transcripts import Transcript, TranscriptStore
from podium.tasks.v1.maestro_service_pb2 import SessionExited, SessionRefused, SessionStarted

_log = logging.getLogger(__name__)

ACTIVE_SECONDS = 30.0
"""Signs of life are reported at most so often."""
CAUSE_BYTES = 1000


@dataclass(frozen=True)
class SessionMeans:
    """What all sessions share."""

    client: Podium
    runner_id: str
    epoch: Callable[[], Awaitable[int]]
    records: SessionRecords
    spawning: Spawning
    terminals: Terminals
    journal: Journal
    store: TranscriptStore
    clock: Callable[[], float]


class SessionLife:
    """One session. `run` ends when all that there is to say of it is acknowledged."""

    def __init__(self, means: SessionMeans, record: SessionRecord) -> None:
        self._means = means
        self._job = record.order
        self.record = record
        self.reports = SessionReports(means.client, means.runner_id, means.epoch, self._job)
        self.reports.on_refused = self.give_up
        self.over = asyncio.Event()
        """Nothing of its process is left, or there was none."""
        self._unwanted = asyncio.Event()
        self._cause = ""

    def end(self, cause: str) -> None:
        """End its process; `cause` is why, for people."""
        self._cause = self._cause or cause[:CAUSE_BYTES]
        self._unwanted.set()

    def give_up(self, reason: str) -> None:
        """Maestro has no use for it (any more)."""
        self.end(f"its order is open no longer: {reason}")

    async def run(self) -> None:
        """Live."""
        try:
            async with TaskSet(f"session {self.record.session_id}") as tasks:
                reporting = tasks.spawn(self.reports.run(), name="reports")
                if await self._claim():
                    await self._live_if_wanted(tasks)
                self.over.set()
                self.reports.finish()
                await reporting
        finally:
            self.over.set()
        self._means.records.remove(self.record.session_id)

    async def conclude(self, cause: str) -> None:
        """Say what became of a session that an earlier run had; its process is ended already."""
        record = self.record
        if record.refused:
            self.reports.say(refused=SessionRefused(cause=record.refused))
        elif record.ended:
            self.reports.say(exited=_exited(record))
        else:
            # Nobody saw its status; its terminal was gone with the runner, so it was hung up.
            self.reports.say(exited=SessionExited(signal=signal.SIGHUP, cause=cause))
        self.over.set()
        self.reports.finish()
        await self.reports.run()
        self._means.records.remove(record.session_id)

    async def _claim(self) -> bool:
        # On disk first: one that is claimed and not known to be would stay STARTING.
        self._means.records.keep(self.record)
        refusal = await self.reports.claim()
        if refusal:
            _log.info("session %s was not given to us: %s", self.record.session_id, refusal)
            return False
        self.record = self._means.records.change(self.record, claimed=True)
        return True

    async def _live_if_wanted(self, tasks: TaskSet) -> None:
        if self._unwanted.is_set():
            self.reports.say(exited=SessionExited(signal=signal.SIGHUP, cause=self._cause))
        else:
            await self._live(tasks)

    async def _live(self, tasks: TaskSet) -> None:
        session_id = self.record.session_id
        transcript = Transcript(self._means.store, session_id, self._means.clock, time.time)
        tasks.spawn(transcript.run(), name="transcript")
        try:
            command = self._command()
            await self._run(tasks, command, transcript)
        except (SpawnError, StartError, OSError) as error:
            cause = str(error)[:CAUSE_BYTES]
            _log.warning("session %s cannot be started: %s", session_id, cause)
            self.record = self._means.records.change(self.record, ended=True, refused=cause)
            transcript.say(f"not started: {cause}")
            await transcript.close()
            self.reports.say(refused=SessionRefused(cause=cause))

    def _command(self) -> Command:
        """The process, with its instructions on disk. Raises SpawnError."""
        instructions = self._means.records.folder(self.record.session_id) / "instructions.md"
        command = self._means.spawning.command(self._job, instructions)
        write_atomic(instructions, instructions_of(self._job.spawn).encode(), durable=False)
        return command

    async def _run(self, tasks: TaskSet, command: Command, transcript: Transcript) -> None:
        """From the start of the process to its end. Raises StartError."""
        means, job = self._means, self._job
        redactor = EvenRedactor(means.spawning.secrets(command))

        def keep_typed(line: bytes) -> None:
            transcript.write(redactor.line(line), TRANSCRIPT_SOURCE_INPUT)

        terminal = means.terminals.open(job.project_id, job.session_id, keep_typed, size_of(job.spawn))

        def take(data: bytes) -> None:
            terminal.took(data)
            transcript.write(redactor.feed(data))

        process = await Supervised.start(command, means.journal, take)
        _log.info("session %s: process %d (%s)", job.session_id, process.pid, command.argv[0])
        self.record = means.records.change(self.record, process_id=process.pid)
        terminal.connect(process.outlet)
        means.terminals.serve(terminal, self.give_up)
        self.reports.say(started=SessionStarted(process_id=process.pid))
        watching = tasks.spawn(self._watch(process, terminal), name="watching")
        try:
            ended = await process.wait()
        finally:
            watching.cancel()
            terminal.disconnect()
        transcript.write(redactor.flush())
        await self._ended(terminal, transcript, ended)

    async def _watch(self, process: Supervised, terminal: Terminal) -> None:
        """Report signs of life now and then; end the process when somebody wants that."""
        async with TaskSet("watching") as tasks:
            tasks.spawn(self._say_active(terminal), name="active")
            await self._unwanted.wait()
            process.stop()

    async def _say_active(self, terminal: Terminal) -> None:
        while True:
            await asyncio.sleep(ACTIVE_SECONDS)
            terminal.used.clear()
            await terminal.used.wait()
            self.reports.active()

    async def _ended(self, terminal: Terminal, transcript: Transcript, ended: Exit) -> None:
        """It is over: on disk, then in its transcript, then for those who watch.

        Whoever reads of the end could kill us at once, and the next run must tell the same end; whoever hears of it
        finds the whole transcript.
        """
        end = TerminalEnd.of(ended.status, self._cause)
        self.record = self._means.records.ended(self.record, end, self._cause)
        transcript.say(f"ended: {end.text}")
        await transcript.close()
        terminal.finish(end)
        _log.info("session %s: %s", self.record.session_id, end.text)
        self.over.set()
        if not self.reports.refused:
            self.reports.say(exited=_exited(self.record))


def _exited(record: SessionRecord) -> SessionExited:
    return SessionExited(status=record.status, signal=record.signal, cause=record.cause)
