"""A living agent as the rest of the runner sees it: what it said, what it asked, what people told it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from podium.pods.v1.pod_pb2 import AGENT_KIND_PLANNER, AGENT_KIND_SPEC_WRITER, Message, Usage
from podium.pods.v1.pod_service_pb2 import (
    AgentProgress,
    AgentReport,
    AskQuestionRequest,
    ResolveThreadRequest,
)
from podium.runner.agents.record import AgentRecord, AgentRecords
from podium.runner.redaction import Redactor
from podium.runner.reports.outbox import Outbox

_UNHEARD_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What people said to an agent: an answer to the question `message_id`, or a message of theirs."""

    message_id: str
    text: str
    heard: asyncio.Event = field(default_factory=asyncio.Event, compare=False)
    """Set when it has reached the agent."""


@dataclass
class LiveAgent:
    """One agent of this runner, from its claim to its end."""

    record: AgentRecord
    records: AgentRecords
    outbox: Outbox
    redactor: Redactor = field(default_factory=lambda: Redactor(()))
    instructions: str = ""
    questions: dict[str, asyncio.Event] = field(default_factory=dict)
    """Open blocking questions by message id; the event is set when an answer may be there."""
    unheard: list[Told] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """People said something, or the end is wanted."""
    said_end: asyncio.Event = field(default_factory=asyncio.Event)
    """The agent said complete or fail."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Its end is on its way to the pod, and nothing of its process is left."""
    unreported: Usage = field(default_factory=Usage)
    """What was used since the last report, which the next one says."""
    keeps_checklist: bool = False
    """It has handed in a checklist by its own words: what its session plans is no longer taken for one."""
    withdrawn: set[str] = field(default_factory=set)
    """Questions whose answers nobody waits for any more (message ids)."""
    end_reported: bool = False
    interrupt_reason: str | None = None
    refused: str = ""
    """The pod has no use for it any more; why."""
    lost: str = ""
    """The runner gives it up; why."""

    @property
    def writes_document(self) -> bool:
        """Whether it writes the spec or the plan."""
        return self.record.order.launch.kind in (AGENT_KIND_SPEC_WRITER, AGENT_KIND_PLANNER)

    @property
    def ending(self) -> bool:
        """Whether somebody wants its end."""
        return self.interrupt_reason is not None or bool(self.refused or self.lost)

    def report(self, **kind: Any) -> None:
        """Report to the pod, durably, with what was used since the last report; an end only once.

        Raises OSError where the disk does not take it; it is not reported then.
        """
        is_end = bool(kind.keys() & {"completed", "failed", "interrupted"})
        if is_end and self.end_reported:
            return
        self.outbox.report(AgentReport(usage=self.unreported, **kind))
        self.unreported = Usage()
        self.end_reported = self.end_reported or is_end

    def use(self, *, input_tokens: int = 0, output_tokens: int = 0, cost_micros: int = 0, turns: int = 0) -> None:
        """It has used this; the next report says so."""
        used = self.unreported
        used.input_tokens += input_tokens
        used.output_tokens += output_tokens
        used.cost_micros += cost_micros
        used.turns += turns

    def report_usage(self) -> None:
        """Report what was used, where anything was: budgets count it while it works."""
        if self.unreported != Usage():
            self.report()

    def progress(self, text: str) -> None:
        """A line of progress."""
        line = self.redactor.text(" ".join(text.split()))
        self.report(progress=AgentProgress(text=line.encode()[:4000].decode(errors="ignore")))

    def end(self, verdict: str, words: str) -> None:
        """The agent says how it ends; the first word counts."""
        if not self.record.verdict:
            self.record = self.records.change(self.record, verdict=verdict, words=self.redactor.text(words))
        self.said_end.set()

    def submitted(self) -> None:
        """The agent handed its document in."""
        if not self.record.submitted:
            self.record = self.records.change(self.record, submitted=True)

    def interrupt(self, reason: str) -> None:
        """A person wants its end."""
        if self.interrupt_reason is None:
            self.interrupt_reason = reason
        self.news.set()

    def refuse(self, reason: str) -> None:
        """The pod refused its reports: it is nobody's any more."""
        self.refused = self.refused or reason
        self.news.set()

    def give_up(self, reason: str) -> None:
        """The runner stops."""
        self.lost = self.lost or reason
        self.news.set()

    def tell(self, told: Told) -> None:
        """People say something to it. An answer wakes the call that waits for it."""
        if told.message_id in self.withdrawn:
            told.heard.set()
            return
        waiting = self.questions.get(told.message_id)
        if waiting is not None:
            waiting.set()
        if len(self.unheard) < _UNHEARD_LIMIT:
            self.unheard.append(told)
        self.news.set()

    def hear(self) -> list[Told]:
        """What it has not heard yet; it counts as delivered now."""
        told, self.unheard = self.unheard, []
        for each in told:
            self.questions.pop(each.message_id, None)
            each.heard.set()
        return told

    def withdraw(self, message_id: str) -> None:
        """Nobody waits for the answer to a question any more: people need not give one."""
        self.withdrawn.add(message_id)
        self.questions.pop(message_id, None)
        self.outbox.put("resolve", ResolveThreadRequest(thread_id=message_id), f"withdraw:{message_id}")

    async def ask(self, request: AskQuestionRequest, request_id: str, wait_seconds: float) -> Message | None:
        """Ask the people; the question, with its answer where there is one within the time; None: not even asked.

        Raises PodiumError where the pod refuses the question.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_seconds
        asked = await self.put_question(request, request_id, max(wait_seconds, 5.0))
        if asked is None:
            return None
        if asked.HasField("answer"):
            return self.heard_answer(asked)
        waiting = self.questions.setdefault(asked.id, asyncio.Event())
        while (left := end - loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    await waiting.wait()
            except TimeoutError:
                break
            waiting.clear()
            again = await self.put_question(request, "", max(end - loop.time(), 5.0))
            if again is not None and again.HasField("answer"):
                return self.heard_answer(again)
        return asked

    async def put_question(self, request: AskQuestionRequest, request_id: str, seconds: float) -> Message | None:
        """Ask the pod once; the question as it stands there; None where the pod does not say in time.

        Raises PodiumError where the pod refuses the question.
        """
        copy = AskQuestionRequest()
        copy.CopyFrom(request)
        answer = self.outbox.put("question", copy, request_id)
        await asyncio.wait({answer}, timeout=seconds)
        return answer.result().message if answer.done() else None

    def heard_answer(self, message: Message) -> Message:
        """An answer has reached it; the pod recorded the delivery when it gave the answer to this agent."""
        self.questions.pop(message.id, None)
        for told in [t for t in self.unheard if t.message_id == message.id]:
            self.unheard.remove(told)
            told.heard.set()
        return message
