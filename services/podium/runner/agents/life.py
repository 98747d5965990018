"""The life of an agent: workspace, instructions, turns, end. One task for each."""

import asyncio
import logging
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from podium.chassis.tasks import TaskSet
from podium.pods.v1.pod_pb2 import (
    FAILURE_CAUSE_LOST,
    FAILURE_CAUSE_SETUP_FAILED,
    FAILURE_CAUSE_START_FAILED,
    FAILURE_CAUSE_WORKSPACE,
    Pod,
)
from podium.pods.v1.pod_service_pb2 import AgentStarted
from podium.runner.agents import briefing, finishing
from podium.runner.agents.command_turns import CommandTurns
from podium.runner.agents.commands import Surroundings
from podium.runner.agents.household import Household
from podium.runner.agents.live import LiveAgent
from podium.runner.agents.turns import Allowance, GoneError, Stage, TurnEnd, Turns
from podium.runner.agents.verdicts import Next, Turn, Verdict, judge
from podium.runner.disk import write_atomic
from podium.runner.processes.supervised import StartError
from podium.runner.redaction import cleaned
from podium.runner.settings import Profile
from podium.runner.transcripts import Transcript
from podium.runner.workspaces.errors import SetupError, WorkspaceError
from podium.runner.workspaces.finding import found
from podium.runner.workspaces.service import AttemptOrder, Prepared

if TYPE_CHECKING:
    from podium.runner.acp.turns import AcpTurns

_log = logging.getLogger(__name__)

RESUMED = (
    "\n## You were interrupted\n\nThe program that runs you was started anew, and your session was loaded again. Your "
    "worktree is as you left it. What you were doing last may be half done: look, then go on.\n"
)
_DISK_SECONDS = 2.0
"""Between tries to keep an end on a full disk."""
MAX_TURNS = 100
"""Turns of one agent: each beyond the first is an answer or a message of a person, and one reminder."""


class FailedError(Exception):
    """The agent's turns came to a bad end, which is reported when nothing of its processes is left."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.error)
        self.verdict = verdict


class Life:
    """One agent's life. `run` ends when its end is reported; nothing of its process is left then."""

    def __init__(
        self,
        household: Household,
        agent: LiveAgent,
        profile: Profile,
        pod: Pod,
        transcript: Transcript,
        *,
        resumed: bool = False,
    ) -> None:
        """`resumed`: it lived before, under another process of the runner, and its session can be loaded again."""
        self._house = household
        self._agent = agent
        self._profile = profile
        self._pod = pod
        self._transcript = transcript
        self._order = agent.record.order.launch
        self._resumed = resumed
        self._started = resumed
        self._reminded = False
        self._reminder = ""
        self._template = ""

    async def run(self) -> None:
        """Live."""
        agent = self._agent
        try:
            await self._until_wanted_end()
        except Exception as error:
            _log.exception("agent %s", agent.record.agent_id)
            await self._say_failure(f"the runner failed: {type(error).__name__}: {error}")
        await self._give_back()

    async def _say_failure(self, words: str) -> None:
        """Until it is said: a disk that is full keeps nothing, and an end that nobody hears of holds up the pod."""
        agent = self._agent
        while True:
            try:
                finishing.fail(agent, FAILURE_CAUSE_WORKSPACE, words)
                return
            except OSError as error:
                _log.warning("agent %s: its end cannot be kept yet: %s", agent.record.agent_id, error)
                await asyncio.sleep(_DISK_SECONDS)

    async def _give_back(self) -> None:
        """The worktree of an agent that writes no code holds nothing that anybody wants."""
        record = self._agent.record
        if record.worktree and not record.order.launch.workstream_id:
            try:
                await self._house.workspaces.drop(record.pod_id, record.place, record.worktree)
            except WorkspaceError as error:
                _log.warning("agent %s: %s", record.agent_id, error)

    async def _until_wanted_end(self) -> None:
        """Live until the end, or until somebody wants the end: then say why it ended."""
        agent = self._agent
        async with TaskSet(f"life {agent.record.agent_id}") as tasks:
            living = tasks.spawn(self._live(), name="living")
            wanted = tasks.spawn(self._wanted(), name="wanted")
            await asyncio.wait({living, wanted}, return_when=asyncio.FIRST_COMPLETED)
            if not living.done():
                living.cancel()
                await asyncio.wait({living})
        if not living.cancelled() and (error := living.exception()) is not None:
            raise error
        if not agent.end_reported:
            await self._say_wanted_end()

    async def _wanted(self) -> None:
        while not self._agent.ending:
            self._agent.news.clear()
            await self._agent.news.wait()

    async def _say_wanted_end(self) -> None:
        agent = self._agent
        await self._keep_work()
        if agent.interrupt_reason is not None:
            self._transcript.say(f"interrupted: {agent.interrupt_reason}")
            finishing.stop(agent, agent.interrupt_reason or "interrupted")
        elif agent.lost:
            self._transcript.say(agent.lost)
            finishing.fail(agent, FAILURE_CAUSE_LOST, agent.lost)
        self._house.workspaces.mark_failed(agent.record.pod_id, agent.record.worktree)

    async def _keep_work(self) -> None:
        """Commit what an agent left that others ended: a person may have marked it as done."""
        record = self._agent.record
        if not record.order.launch.workstream_id or not record.worktree:
            return
        try:
            message = f"Work of {record.agent_id}, which was ended"
            await self._house.workspaces.finish(record.pod_id, record.place, record.worktree, message)
        except WorkspaceError as error:
            self._transcript.say(f"its work could not be committed: {error}")

    # -- the way to the end ------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        agent = self._agent
        try:
            prepared = await self._prepare()
            ended = await self._turns(prepared)
        except SetupError as error:
            finishing.fail(agent, FAILURE_CAUSE_SETUP_FAILED, str(error), error.output)
        except WorkspaceError as error:
            finishing.fail(agent, FAILURE_CAUSE_WORKSPACE, str(error))
        except StartError as error:
            finishing.fail(agent, FAILURE_CAUSE_START_FAILED, str(error))
        except GoneError as error:
            finishing.fail(agent, FAILURE_CAUSE_LOST, str(error))
        except FailedError as error:
            finishing.fail(agent, error.verdict.cause, error.verdict.error, retry_time=error.verdict.retry_time)
        else:
            await self.conclude(ended.tail)
            return
        self._house.workspaces.mark_failed(agent.record.pod_id, agent.record.worktree)

    async def conclude(self, tail: str) -> None:
        """The agent is done: commit, check, report."""
        agent = self._agent
        printed = tail if self._profile.output == "stdout" and self._profile.result == "exit" else ""
        output = agent.records.folder(agent.record.agent_id) / "output.md"
        await finishing.finish(agent, self._house.workspaces, self._transcript, printed.strip(), output)

    async def _prepare(self) -> Prepared:
        agent, order = self._agent, self._order
        name, place = agent.record.worktree, agent.record.place
        if self._resumed:
            return await found(self._house.workspaces, agent.record.pod_id, place, name)
        has_branch = name != agent.record.agent_id
        branch = f"{place.branch_prefix}/{name}" if has_branch else ""
        wanted = AttemptOrder(name, branch, order.conflict_branch)
        self._transcript.say(f"preparing a worktree for {name}")
        with cleaned(agent.redactor, self._transcript.write) as write:
            return await self._house.workspaces.prepare(agent.record.pod_id, place, wanted, write)

    async def _turns(self, prepared: Prepared) -> TurnEnd:
        """Take turns until the agent is done; its last one. Its processes have ended then, or where this raises."""
        agent = self._agent
        around = briefing.surroundings(agent, prepared, self._house.address, self._house.commands, self._ports())
        brief = await briefing.brief(agent, self._profile, self._pod, prepared, self._house.workspaces)
        agent.instructions, self._reminder = brief.text, brief.speech.reminder()
        self._template = brief.template
        self._transcript.say(f"instructions: {brief.template}")
        turns = await self._taker(prepared, around)
        try:
            return await self._take_turns(turns, around.instructions)
        finally:
            await turns.close()

    async def _take_turns(self, turns: Turns, told: Path) -> TurnEnd:
        agent = self._agent
        said = RESUMED if self._resumed else ""
        for number in range(1, MAX_TURNS + 1):
            write_atomic(told, f"{agent.instructions}{said}".encode(), durable=False)
            ended = await turns.take(number, said)
            agent.use(turns=1)
            verdict = judge(self._facts(ended, turns), datetime.fromtimestamp(time.time(), UTC))
            if verdict.next is Next.FINISH:
                return ended
            if verdict.next is Next.FAIL:
                raise FailedError(verdict)
            agent.report_usage()  # budgets count it although it may wait for long now
            said = await self._between_turns(verdict.next)
        raise FailedError(Verdict(Next.FAIL, FAILURE_CAUSE_WORKSPACE, f"no end after {MAX_TURNS} turns"))

    async def _taker(self, prepared: Prepared, around: Surroundings) -> Turns:
        """What takes the turns of such an agent."""

        def on_start(pid: int) -> None:
            if not self._started:
                self._started = True
                started = AgentStarted(process_id=pid, base_commit=prepared.base_commit, instructions=self._template)
                started.branch = prepared.attempt.branch
                self._agent.report(started=started)

        allowance = Allowance(self._limit(), self._house.clock)
        stage = Stage(self._agent, self._profile, around, self._house, self._transcript, allowance, on_start)
        if self._profile.kind != "acp":
            return CommandTurns(stage)
        # Loading takes most of a second: in a thread, so that leases are renewed meanwhile.
        kind = await asyncio.to_thread(_load_acp)
        return kind(stage, self._pod, resumed=self._resumed)

    async def _between_turns(self, following: Next) -> str:
        """Wait for what starts the next turn; returns what the next instructions add."""
        agent = self._agent
        if following is Next.REMIND:
            self._reminded = True
            return f"\n## Reminder\n\n{self._reminder}\n"
        while not agent.unheard:
            agent.news.clear()
            await agent.news.wait()
        said = "\n\n".join(told.text for told in agent.hear())
        return f"\n## What people said since your last turn\n\n{said}\n\nYour worktree is as you left it. Go on.\n"

    def _facts(self, ended: TurnEnd, turns: Turns) -> Turn:
        agent = self._agent
        return Turn(
            end=ended.end,
            verdict=agent.record.verdict,
            words=agent.record.words,
            open_questions=bool(agent.questions),
            unheard=bool(agent.unheard),
            by_exit=self._profile.result == "exit",
            can_resume=turns.can_resume,
            reminded=self._reminded,
            tail=ended.tail,
            problem=ended.problem,
            cause=ended.cause,
            spoken=ended.spoken,
        )

    def _ports(self) -> list[int]:
        """Where a session finds Podium's tools, where it sees no other port: in a sandbox."""
        profile = self._profile
        in_sandbox = profile.sandbox != "none" and profile.sandbox_network == "off"
        return [self._house.mcp.reserve()] if in_sandbox and profile.kind == "acp" and profile.mcp else []

    def _limit(self) -> float:
        """The shorter of the pod's and the profile's limit; 0: none."""
        limits = [self._order.time_limit.ToTimedelta().total_seconds(), self._profile.time_limit_seconds]
        return min((limit for limit in limits if limit > 0), default=0.0)


def _load_acp() -> "type[AcpTurns]":
    from podium.runner.acp.turns import AcpTurns

    return AcpTurns
