"""Deciding what to do next: claims as far as there is room, by priority and age; a pod's errands in order."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

from podium.chassis.tasks import TaskSet
from podium.client.ambient import TRACEPARENT
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.jobs.v1.job_events_pb2 import JobIssued
from podium.pods.v1.pod_pb2 import JOB_KIND_LAUNCH
from podium.pods.v1.pod_service_pb2 import JobFailed, JobReport, ReportJobRequest
from podium.runner.agents.crew import Crew
from podium.runner.jobs.board import Board, OpenJob
from podium.runner.jobs.errands import AT_ONCE, Errands

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_FOR_NOW = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED"})


class Dispatcher:
    """Takes jobs from the boards. `own` is the stream in which only this runner's jobs stand."""

    def __init__(
        self, client: Podium, boards: Sequence[Board], own: str, crew: Crew, errands: Errands, tasks: TaskSet
    ) -> None:
        self._client = client
        self._boards = boards
        self._own = own
        self._crew = crew
        self._errands = errands
        self._tasks = tasks
        self._taken: set[str] = set()
        """Jobs under way or done, until their stream says that they are closed."""
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def look(self) -> None:
        """Something has changed: take what can be taken."""
        if not all(board.synced for board in self._boards):
            return
        self._taken = {job_id for job_id in self._taken if any(job_id in board for board in self._boards)}
        jobs = {each.job.job_id: (each, board) for board in self._boards for each in board}
        for open_job, board in sorted(jobs.values(), key=lambda pair: pair[0].rank):
            if open_job.job.job_id in self._taken:
                continue
            if open_job.job.kind == JOB_KIND_LAUNCH:
                self._consider(open_job, board)
            elif board.stream == self._own:
                self._take(open_job.job.job_id)
                self._tasks.spawn(self._carry_out(open_job), name=f"job {open_job.job.job_id}")

    def _consider(self, open_job: OpenJob, board: Board) -> None:
        job = open_job.job
        if self._crew.room <= self._claims_under_way:
            return
        if board.stream != self._own and not self._crew.offers(job.launch.profile):
            return  # another runner of the pool may have it; at home there is nobody else, and the agent fails
        self._take(job.job_id)
        self._claims_under_way += 1
        self._tasks.spawn(self._claim(open_job), name=f"claim {job.launch.agent_id}")

    _claims_under_way = 0
    """Claims that were decided but have not yet begun to count in the crew."""

    def _take(self, job_id: str) -> None:
        self._taken.add(job_id)

    async def follow_room(self) -> None:
        """Look again whenever an agent has gone."""
        while True:
            self._crew.changed.clear()
            await self._crew.changed.wait()
            self.look()

    def _is_open(self, job: JobIssued) -> bool:
        return any(job.job_id in board for board in self._boards)

    async def _claim(self, open_job: OpenJob) -> None:
        self._claims_under_way -= 1
        TRACEPARENT.set(open_job.traceparent)  # of this task alone
        job = open_job.job
        pause = _FIRST_PAUSE_SECONDS
        while self._is_open(job):
            try:
                await self._crew.claim(job)
            except (PodiumError, OSError) as error:  # away, or nothing can be kept of it: the disk is full
                _log.warning("claiming %s: %s", job.launch.agent_id, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                continue
            break
        self._crew.changed.set()

    async def _carry_out(self, open_job: OpenJob) -> None:
        TRACEPARENT.set(open_job.traceparent)  # of this task alone
        job = open_job.job
        if job.kind in AT_ONCE:
            await self._do(job)
            return
        async with self._queues[job.pod_id]:
            if self._is_open(job):
                await self._do(job)

    async def _do(self, job: JobIssued) -> None:
        try:
            report = await self._errands.run(job)
        except PodiumError as error:
            if error.code in _FOR_NOW:
                self._taken.discard(job.job_id)  # the next look takes it up again
                await asyncio.sleep(_LONGEST_PAUSE_SECONDS)
                self.look()
                return
            report = JobReport(failed=JobFailed(error=f"{error}"))
        except Exception as error:
            _log.exception("job %s", job.job_id)
            report = JobReport(failed=JobFailed(error=f"the runner failed: {type(error).__name__}: {error}"))
        await self._report(job, report)

    async def _report(self, job: JobIssued, report: JobReport) -> None:
        """Report until the pod has it, or has no use for it."""
        _log.info("job %s of pod %s: %s", job.job_id, job.pod_id, report.WhichOneof("kind"))
        pause = _FIRST_PAUSE_SECONDS
        request = ReportJobRequest(
            pod_id=job.pod_id, job_id=job.job_id, report=report, request_id=f"{job.job_id}:report"
        )
        while True:
            try:
                await self._client.pods.ReportJob(request)
            except PodiumError as error:
                if error.reason == "REQUEST_ID_REUSED":
                    return  # it was reported before, by an earlier run and with other words
                if error.code not in _FOR_NOW:
                    _log.warning("the report of job %s was refused: %s", job.job_id, error)
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                return
