"""What is said of one session to Maestro: in order, until it is acknowledged; a repeat counts once."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.jobs.v1.session_job_events_pb2 import SessionJobIssued
from podium.tasks.v1.maestro_service_pb2 import ClaimSessionRequest, ReportSessionRequest, SessionActive

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_CALL_SECONDS = 20.0
_STRANGE_TRIES = 10
"""How often an answer that promises nothing (a bug over there) is met with a repeat."""
_AWAY = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED"})
_STRANGE = frozenset({"UNKNOWN", "INTERNAL"})


class SessionReports:
    """The reports on one order. `run` is its background task; it ends when `finish` was called and all is said."""

    def __init__(
        self, client: Podium, runner_id: str, epoch: Callable[[], Awaitable[int]], job: SessionJobIssued
    ) -> None:
        self._client = client
        self._runner_id = runner_id
        self._epoch = epoch
        self._job = job
        self._waiting: deque[tuple[str, ReportSessionRequest]] = deque()
        self._news = asyncio.Event()
        self._finished = False
        self.on_refused: Callable[[str], None] = lambda _: None
        """Called with the reason when Maestro has no use for the session any more."""
        self.refused = False
        self.sent = asyncio.Event()
        """All was said and acknowledged (or is not wanted), after `finish`."""

    async def claim(self) -> str:
        """Claim the session; empty where it is ours now, else why it is not. Waits while Maestro is away."""
        job = self._job
        epoch = await self._epoch()
        request = ClaimSessionRequest(
            project_id=job.project_id,
            session_id=job.session_id,
            job_id=job.job_id,
            lease_epoch=epoch,
            request_id=f"{job.job_id}:claim:{self._runner_id}:{epoch}",
        )
        return await self._until_answered(lambda: self._client.maestro.ClaimSession(request, timeout=_CALL_SECONDS))

    def say(self, **report: Any) -> None:
        """Report; each kind once."""
        job = self._job
        kind = next(iter(report))
        request = ReportSessionRequest(
            project_id=job.project_id,
            session_id=job.session_id,
            job_id=job.job_id,
            request_id=f"{job.job_id}:{kind}",
            **report,
        )
        self._put(kind, request)

    def active(self) -> None:
        """The process still runs. What waits already says so too."""
        if not self._waiting and not self._finished:
            job = self._job
            chance = f"{random.getrandbits(48):012x}"
            self._put(
                "active",
                ReportSessionRequest(
                    project_id=job.project_id,
                    session_id=job.session_id,
                    job_id=job.job_id,
                    request_id=f"{job.job_id}:active:{chance}",
                    active=SessionActive(),
                ),
            )

    def finish(self) -> None:
        """Nothing more will be said."""
        self._finished = True
        self._news.set()

    def _put(self, kind: str, request: ReportSessionRequest) -> None:
        self._waiting.append((kind, request))
        self._news.set()

    async def run(self) -> None:
        """Say what there is to say."""
        while True:
            if not self._waiting or self.refused:
                if self._finished:
                    self.sent.set()
                    return
                self._news.clear()
                await self._news.wait()
                continue
            kind, request = self._waiting[0]
            refusal = await self._send(request)
            self._waiting.popleft()
            if refusal:
                _log.warning("session %s: %s was refused: %s", self._job.session_id, kind, refusal)
                self.refused = True
                self.on_refused(refusal)

    async def _send(self, request: ReportSessionRequest) -> str:
        async def call() -> object:
            request.lease_epoch = await self._epoch()
            return await self._client.maestro.ReportSession(request, timeout=_CALL_SECONDS)

        return await self._until_answered(call)

    async def _until_answered(self, call: Callable[[], Awaitable[object]]) -> str:
        """Repeat a call until it is answered; empty: it was taken, else the refusal."""
        pause, strange = _FIRST_PAUSE_SECONDS, 0
        while True:
            try:
                await call()
            except PodiumError as error:
                if error.reason == "REQUEST_ID_REUSED":
                    return ""  # it was said before, by an earlier run or under an earlier lease, in other words
                strange += error.code in _STRANGE
                if error.code not in _AWAY and not (error.code in _STRANGE and strange < _STRANGE_TRIES):
                    return str(error)
            else:
                return ""
            await asyncio.sleep(pause * random.uniform(1.0, 1.5))  # noqa: S311 - jitter
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
