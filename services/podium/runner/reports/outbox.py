"""The outbox of one agent: sends what its spool holds, in order, until it is acknowledged."""

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from google.protobuf.message import Message

from podium.client.ambient import TRACEPARENT
from podium.client.errors import PodiumError
from podium.pods.v1.pod_service_pb2 import (
    AgentReport,
    AskQuestionRequest,
    PostMessageRequest,
    ReportAgentRequest,
    ResolveThreadRequest,
    UpdateChecklistRequest,
    UpdatePlanRequest,
    UpdateSpecRequest,
)
from podium.runner.reports.spool import Entry, Spool

_log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
"""Short: after its runner's lease ended, an agent has 5 s to be heard of."""
CROWD = 500
"""Entries that may wait before an agent's own calls are put off."""
_CALL_SECONDS = 20.0
_REMEMBERED = 256
_STRANGE_TRIES = 10
"""How often an answer that promises nothing (a bug over there) is met with a repeat."""

_AWAY = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED"})
_STRANGE = frozenset({"UNKNOWN", "INTERNAL"})
_OVER = frozenset(
    {"AGENT_ALREADY_TERMINAL", "AGENT_NOT_YOURS", "AGENT_NOT_FOUND", "POD_ALREADY_TERMINAL", "POD_NOT_FOUND"}
)
"""Reasons by which the pod says that it has no use for this agent any more."""

REQUESTS: dict[str, type[Message]] = {
    "report": ReportAgentRequest,
    "spec": UpdateSpecRequest,
    "plan": UpdatePlanRequest,
    "checklist": UpdateChecklistRequest,
    "question": AskQuestionRequest,
    "message": PostMessageRequest,
    "resolve": ResolveThreadRequest,
}


class Caller(Protocol):
    """Makes the calls; `token` is the agent's own, for everything but reports."""

    async def __call__(self, kind: str, request: Message, token: str, timeout_seconds: float) -> Any:
        """The response. Raises PodiumError."""
        ...


class Outbox:
    """One agent's outbox. `run` is its background task; it ends when `finish` was called and all is sent."""

    def __init__(
        self,
        pod_id: str,
        agent_id: str,
        spool: Spool,
        call: Caller,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pod_id = pod_id
        self._agent_id = agent_id
        self._spool = spool
        self._call = call
        self.on_refused: Callable[[str], None] = lambda _: None
        """Called with the reason when the pod has no use for the agent any more."""
        self.sent = asyncio.Event()
        """All was said and acknowledged, after `finish`."""
        self.clean: Callable[[Message], None] = lambda _: None
        """Takes secrets out of what is said, before it is kept."""
        self._sleep = sleep
        self.token = ""
        self.traceparent = ""
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._known: OrderedDict[str, asyncio.Future[Any]] = OrderedDict()
        self._news = asyncio.Event()
        self._finished = False

    def report(self, report: AgentReport) -> None:
        """Report; durable at the return."""
        seq = self._spool.next_seq()
        request = ReportAgentRequest(
            pod_id=self._pod_id,
            agent_id=self._agent_id,
            request_id=f"{self._agent_id}:report:{seq}",
            report_seq=seq,
            report=report,
        )
        self.clean(request.report)
        entry = self._spool.put("report", request.request_id, request.SerializeToString(), is_report=True)
        self._expect(entry)

    def put(self, kind: str, request: Message, request_id: str) -> "asyncio.Future[Any]":
        """Keep an agent's own call; durable at the return. The future brings the pod's answer, or its PodiumError."""
        known = self._known.get(request_id) if request_id else None
        if known is not None:
            return known
        name = request_id or f"{kind}:{self._spool.next_seq()}:{random.randbytes(6).hex()}"  # noqa: S311 - a name
        request.pod_id = self._pod_id  # type: ignore[attr-defined]
        request.request_id = f"{self._agent_id}:{name}"[:128]  # type: ignore[attr-defined]
        self.clean(request)
        entry = self._spool.put(kind, request_id, request.SerializeToString(), is_report=False)
        future = self._expect(entry)
        if request_id:
            self._known[request_id] = future
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return future

    def _expect(self, entry: Entry) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # Nobody may wait for it; its error is logged here, and must not be reported as never retrieved.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting[entry.number] = future
        self._news.set()
        return future

    @property
    def crowded(self) -> bool:
        """So much waits for the pod that an agent should wait too."""
        return len(self._spool) >= CROWD

    def finish(self) -> None:
        """Nothing more will be said."""
        self._finished = True
        self._news.set()

    async def run(self) -> None:
        """Send, until all is said and acknowledged; then the spool is removed."""
        TRACEPARENT.set(self.traceparent)  # of this task alone
        while True:
            entry = self._spool.head
            if entry is None:
                if self._finished:
                    self._spool.remove()
                    self.sent.set()
                    return
                self._news.clear()
                await self._news.wait()
                continue
            await self._send(entry)

    async def _send(self, entry: Entry) -> None:
        pause, strange = FIRST_PAUSE_SECONDS, 0
        request = REQUESTS[entry.kind].FromString(entry.data)
        while True:
            try:
                response = await self._call(entry.kind, request, self.token, _CALL_SECONDS)
            except PodiumError as error:
                strange += error.code in _STRANGE
                if error.code in _AWAY or (error.code in _STRANGE and strange < _STRANGE_TRIES):
                    await self._sleep(pause * random.uniform(1.0, 1.5))  # noqa: S311 - jitter
                    pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                    continue
                self._refused(entry, error)
                return
            self._spool.acknowledge(entry)
            future = self._waiting.pop(entry.number, None)
            if future is not None and not future.done():
                future.set_result(response)
            return

    def _refused(self, entry: Entry, error: PodiumError) -> None:
        _log.warning("agent %s: %s was refused: %s", self._agent_id, entry.kind, error)
        self._spool.acknowledge(entry)
        future = self._waiting.pop(entry.number, None)
        if future is not None and not future.done():
            future.set_exception(error)
        if error.reason in _OVER:
            self.on_refused(error.reason)
