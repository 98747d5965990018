"""Turns of an ACP agent: its session is prompted; its program stays for the next turn, and is ended at last."""

import asyncio
from dataclasses import dataclass
from typing import Any

from acp import RequestError

from podium.chassis.tasks import TaskSet
from podium.pods.v1.pod_pb2 import FAILURE_CAUSE_LOGIN_FAILED, FAILURE_CAUSE_TIME_LIMIT, FAILURE_CAUSE_UNSPECIFIED, Pod
from podium.runner.acp.asking import Permissions
from podium.runner.acp.client import Client
from podium.runner.acp.narrator import Narrator
from podium.runner.acp.process import AgentProcess
from podium.runner.acp.session import AUTH_REQUIRED, LoginError, Session, said
from podium.runner.acp.usage import Meter
from podium.runner.agents import commands
from podium.runner.agents.turns import Stage, TurnEnd
from podium.runner.processes.supervised import Ended, Exit, StartError
from podium.runner.workspaces.commands import Tail

_QUIET = Exit(Ended.EXITED, 0)
_LOG_BYTES = 4096
_LOOK_SECONDS = 5.0
_GOOD = frozenset({"end_turn", "cancelled"})


@dataclass(frozen=True)
class Open:
    """A session that can be prompted, and what it runs in."""

    process: AgentProcess
    session: Session
    client: Client


class _LimitError(Exception):
    """A limit was passed before the session was ready."""

    def __init__(self, end: Exit) -> None:
        super().__init__(end.ended.value)
        self.end = end


class AcpTurns:
    """The turns of an agent whose profile is of kind `acp`."""

    can_resume = True

    def __init__(self, stage: Stage, pod: Pod, *, resumed: bool) -> None:
        """`resumed`: its session was begun under an earlier process of the runner."""
        self._stage = stage
        self._resumed = resumed
        self._narrator = Narrator(
            stage.agent,
            stage.transcript,
            stage.around.worktree,
            stage.house.clock,
            Meter(stage.agent, resumed=resumed),
        )
        self._permissions = Permissions(stage, pod, self._narrator)
        self._open: Open | None = None
        self._started = 0
        self._log = Tail(_LOG_BYTES)
        self._tasks = TaskSet(f"turns {stage.around.agent_id}")
        self._prompt: asyncio.Task[Any] | None = None

    # -- turns -------------------------------------------------------------------------------------------------------

    async def take(self, number: int, said: str) -> TurnEnd:
        """Prompt the session. Raises StartError, GoneError."""
        self._stage.allowance.resume()
        try:
            for _ in range(2):
                end, unheard = await self._prompted(number, said)
                if not unheard:
                    break
            return end
        except _LimitError as error:
            return TurnEnd(error.end, self._log.text())
        except LoginError as error:
            return TurnEnd(_QUIET, self._log.text(), str(error), FAILURE_CAUSE_LOGIN_FAILED)
        finally:
            self._stage.allowance.pause()

    async def _prompted(self, number: int, said: str) -> tuple[TurnEnd, bool]:
        """Prompt the session; whether its program, left from the turn before, turned out to be gone already."""
        left = self._open
        opened = await self._opened()
        text = f"{self._stage.agent.instructions}{said}" if opened.session.fresh else said
        opened.session.fresh = False
        self._narrator.begin(number, said)
        self._permissions.begin()
        began = asyncio.get_running_loop().time()
        self._prompt = self._tasks.spawn(_quietly(opened.session.prompt(text)), name=f"turn {number}")
        end = await self._watch(opened, self._prompt)
        self._narrator.end(number, self._reason(end))
        gone = end.end.ended is Ended.EXITED and self._open is None and opened.process.wire.last_sign < began
        return end, gone and opened is left

    def _reason(self, end: TurnEnd) -> str:
        if end.problem:
            return end.problem.splitlines()[0][:200]
        answer = self._prompt.result() if self._prompt and self._prompt.done() else None
        return str(getattr(answer, "stop_reason", "") or end.end.ended.value)

    async def _watch(self, opened: Open, prompt: "asyncio.Task[Any]") -> TurnEnd:
        """Wait for the answer to the prompt, the end of the process, or what ends the turn before."""
        async with TaskSet("turn") as tasks:
            ended = opened.process.ended
            watchers = {
                tasks.spawn(self._settled(), name="settled"): self._hurry,
                tasks.spawn(self._idle(opened), name="idle"): self._give_up,
            }
            await asyncio.wait({prompt, ended, *watchers}, return_when=asyncio.FIRST_COMPLETED)
            if prompt.done() and not isinstance(prompt.result(), ConnectionError):
                return await self._answered(opened, prompt.result())
            for watcher, act in watchers.items():
                if watcher.done() and not ended.done():
                    return await act(opened, prompt)
            return await self._died(opened)

    async def _answered(self, opened: Open, answer: Any) -> TurnEnd:
        """The agent ended the turn, or failed to."""
        await self._permissions.cancel()
        if isinstance(answer, RequestError):
            cause = FAILURE_CAUSE_LOGIN_FAILED if answer.code == AUTH_REQUIRED else FAILURE_CAUSE_UNSPECIFIED
            return TurnEnd(_QUIET, self._tail(), f"the agent failed: {said(answer)}", cause)
        if isinstance(answer, Exception):
            return TurnEnd(_QUIET, self._tail(), f"its answer is not understood: {str(answer)[:500]}")
        if answer.usage is not None:
            usage = answer.usage
            cached = (usage.cached_read_tokens or 0) + (usage.cached_write_tokens or 0)
            self._narrator.meter.turn(usage.input_tokens + cached, usage.output_tokens + (usage.thought_tokens or 0))
        if answer.stop_reason == "refusal":
            return TurnEnd(_QUIET, self._tail(), "the model refused to go on")
        return TurnEnd(_QUIET, self._tail(), spoken=True)

    async def _died(self, opened: Open) -> TurnEnd:
        """Its process ended in the middle of the turn, or says nothing that can be understood any more."""
        opened.process.stop()
        end = await opened.process.ended
        await self._shut()
        problem = opened.process.wire.problem
        if not problem and end.ended is Ended.EXITED:
            how = f"exit status {end.status}" if end.status >= 0 else f"signal {-end.status}"
            problem = f"its process ended in the middle of a turn ({how})"
        return TurnEnd(end, self._tail(), problem)

    async def _settled(self) -> None:
        await self._stage.agent.said_end.wait()
        await asyncio.sleep(self._stage.profile.settle_seconds)

    async def _hurry(self, opened: Open, prompt: "asyncio.Task[Any]") -> TurnEnd:
        """It has said how it ends, and goes on all the same."""
        await self._cancel(opened, prompt)
        return TurnEnd(Exit(Ended.STOPPED, 0), self._tail())

    async def _idle(self, opened: Open) -> None:
        """Until nothing was heard of it for too long. While a person is asked, nothing needs to be heard."""
        limit, loop = self._stage.profile.idle_limit_seconds, asyncio.get_running_loop()
        since = loop.time()
        while True:
            if self._stage.agent.questions:
                since = loop.time()
            left = limit - (loop.time() - max(since, opened.process.wire.last_sign))
            if limit and left <= 0:
                return
            await asyncio.sleep(min(left, _LOOK_SECONDS) if limit else _LOOK_SECONDS)

    async def _give_up(self, opened: Open, prompt: "asyncio.Task[Any]") -> TurnEnd:
        await self._cancel(opened, prompt)
        await self._shut()
        seconds = self._stage.profile.idle_limit_seconds
        problem = f"nothing was heard of it for {seconds:g} s (idle_limit_seconds)"
        return TurnEnd(Exit(Ended.TIME_LIMIT, 0), self._tail(), problem, FAILURE_CAUSE_TIME_LIMIT)

    def _tail(self) -> str:
        """The last words of the turn: the agent's, or else its program's."""
        return self._narrator.message.strip() or self._log.text()

    # -- its program -------------------------------------------------------------------------------------------------

    async def _opened(self) -> Open:
        """The session; begun, or gone on with, where there is none."""
        if self._open is not None and not self._open.process.ended.done():
            return self._open
        await self._shut()
        record = self._stage.agent.record
        process = await self._start()
        client = Client(self._stage, self._narrator, self._permissions)
        self._narrator.replaying = bool(record.session)
        try:
            session = await Session.open(self._stage, process, client, record.session)
        except StartError:
            await process.close()
            if process.ended.result().ended in (Ended.TIME_LIMIT, Ended.OUTPUT_LIMIT):
                raise _LimitError(process.ended.result()) from None
            raise
        except BaseException:
            await process.close()
            raise
        finally:
            self._narrator.replaying = False
        self._open = Open(process, session, client)
        if session.can_load and session.id != record.session:
            self._stage.agent.record = self._stage.agent.records.change(record, session=session.id)
        if self._resumed and self._started == 1:
            await self._permissions.withdraw_old()
        return self._open

    async def _start(self) -> AgentProcess:
        stage = self._stage
        self._started += 1
        command = commands.command(stage.profile, stage.around, self._started, stage.house.grace_seconds)
        stage.transcript.say(f"starting {' '.join(command.argv[:4])}")
        process = await AgentProcess.start(
            command,
            stage.house.journal,
            lambda: stage.allowance.remaining_of(stage.agent) if self._prompt_runs else stage.allowance.remaining(),
            self._take_log,
            self._take_noise,
        )
        stage.on_start(process.pid)
        return process

    @property
    def _prompt_runs(self) -> bool:
        return self._prompt is not None and not self._prompt.done()

    def _take_log(self, data: bytes) -> None:
        self._log.add(self._stage.agent.redactor.text(data.decode(errors="replace")).encode())
        self._narrator.log(data)

    def _take_noise(self, data: bytes) -> None:
        self._narrator.log(data)

    # -- ends --------------------------------------------------------------------------------------------------------

    async def _cancel(self, opened: Open, prompt: "asyncio.Task[Any]") -> None:
        """Ask for the end of the turn, and wait a little for it. Permissions that are asked for are cancelled."""
        await self._permissions.cancel()
        await opened.session.cancel()
        await asyncio.wait({prompt, opened.process.ended}, timeout=self._stage.house.grace_seconds)

    async def _shut(self) -> None:
        """End the program, if it runs."""
        opened, self._open = self._open, None
        if opened is not None:
            await self._permissions.cancel()
            await opened.process.close()
            await opened.session.close()

    async def close(self) -> None:
        """Cancel what goes on, and end the program; nothing of it is left then."""
        opened = self._open
        if opened is not None and self._prompt is not None and not self._prompt.done():
            await self._cancel(opened, self._prompt)
        await self._shut()
        await self._tasks.close()


async def _quietly(prompt: Any) -> Any:
    """The answer to a prompt, or the error that came instead of it, which its watcher looks at."""
    try:
        return await prompt
    except Exception as error:
        return error
