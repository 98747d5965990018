"""Carrying out the jobs that a pod gives its home runner: each ends in a report, and each can be repeated."""

from collections.abc import Mapping
from dataclasses import dataclass

from podium.jobs.v1.job_events_pb2 import JobIssued
from podium.pods.v1.pod_pb2 import (
    JOB_KIND_INPUT,
    JOB_KIND_INTERRUPT,
    JOB_KIND_LAND,
    JOB_KIND_MERGE,
    JOB_KIND_RELEASE,
    JOB_KIND_VERIFY,
)
from podium.pods.v1.pod_service_pb2 import (
    JobBlocked,
    JobConflict,
    JobDone,
    JobFailed,
    JobLanded,
    JobMerged,
    JobProposed,
    JobReport,
    JobVerified,
)
from podium.runner.agents.crew import Crew
from podium.runner.agents.finishing import CHECKS, cut, cut_output
from podium.runner.agents.live import Told
from podium.runner.agents.record import place_of
from podium.runner.artifacts import Artifacts
from podium.runner.jobs.requests import Requests
from podium.runner.workspaces import releasing, review
from podium.runner.workspaces.errors import WorkspaceError
from podium.runner.workspaces.landing import Blocked, Landed
from podium.runner.workspaces.merging import Conflict
from podium.runner.workspaces.proposing import Proposed
from podium.runner.workspaces.service import Workspaces

AT_ONCE = frozenset({JOB_KIND_INTERRUPT, JOB_KIND_INPUT})
"""Jobs about agents; the others of a pod are done one after another."""
_PATHS = 1000
_SHOWN_PATHS = 20


@dataclass(frozen=True)
class Errands:
    """What carries out jobs."""

    workspaces: Workspaces
    crew: Crew
    artifacts: Artifacts
    requests: Requests
    known_forges: Mapping[str, str]
    """The kind of forge of hosts whose name does not tell it."""

    async def run(self, job: JobIssued) -> JobReport:
        """Carry a job out."""
        handlers = {
            JOB_KIND_INTERRUPT: self._interrupt,
            JOB_KIND_INPUT: self._input,
            JOB_KIND_MERGE: self._merge,
            JOB_KIND_VERIFY: self._verify,
            JOB_KIND_LAND: self._land,
            JOB_KIND_RELEASE: self._release,
        }
        handler = handlers.get(job.kind)
        if handler is None:
            return JobReport(failed=JobFailed(error=f"this runner does not know jobs of kind {job.kind}"))
        try:
            return await handler(job)
        except WorkspaceError as error:
            return JobReport(failed=JobFailed(error=cut(str(error))))

    async def _interrupt(self, job: JobIssued) -> JobReport:
        await self.crew.interrupt(job.interrupt.agent_id, job.interrupt.reason)
        return JobReport(done=JobDone())

    async def _input(self, job: JobIssued) -> JobReport:
        """Done when the agent has heard it. An agent that has ended hears nothing, and the pod closed the job."""
        agent = self.crew.live.get(job.input.agent_id)
        if agent is None:
            return JobReport(failed=JobFailed(error="the agent has ended"))
        told = Told(job.input.message_id, job.input.text)
        agent.tell(told)
        await told.heard.wait()
        return JobReport(done=JobDone())

    async def _merge(self, job: JobIssued) -> JobReport:
        order = job.merge
        await self.crew.until_over(f"{order.workstream_id}.{order.attempt}", job.pod_id)
        merged = await review.merge(
            self.workspaces,
            job.pod_id,
            place_of(job),
            branch=order.branch,
            title=order.title,
            job_id=job.job_id,
            workstream_id=order.workstream_id,
        )
        if isinstance(merged, Conflict):
            return _conflict(merged, "the branch conflicts with what was merged before")
        return JobReport(merged=JobMerged(integration_commit=merged))

    async def _verify(self, job: JobIssued) -> JobReport:
        verified = await review.verify(self.workspaces, job.pod_id, place_of(job))
        await self.artifacts.store(job.pod_id, verified)
        return JobReport(
            verified=JobVerified(
                integration_commit=verified.commit,
                checks=CHECKS[verified.checks.verdict],
                checks_output=cut_output(verified.checks.output),
                files_changed=verified.size.files,
                insertions=verified.size.insertions,
                deletions=verified.size.deletions,
            )
        )

    async def _land(self, job: JobIssued) -> JobReport:
        if job.land.pull_request:
            return await self._propose(job)
        order = job.land
        outcome = await review.land(
            self.workspaces,
            job.pod_id,
            place_of(job),
            integration_commit=order.integration_commit,
            title=order.title,
            job_id=job.job_id,
        )
        return _landing(outcome)

    async def _propose(self, job: JobIssued) -> JobReport:
        """The request is told before the outcome, so that whoever sees the one sees the other."""
        order = job.land
        outcome, proposal = await review.propose(
            self.workspaces,
            job.pod_id,
            place_of(job),
            integration_commit=order.integration_commit,
            title=order.title,
            body=order.body,
            known_forges=self.known_forges,
        )
        if proposal is not None:
            await self.requests.tell(job.pod_id, proposal)
        return _landing(outcome)

    async def _release(self, job: JobIssued) -> JobReport:
        await releasing.release(self.workspaces, job.pod_id, keep_failed=job.release.keep_failed)
        return JobReport(done=JobDone())


def _landing(outcome: Landed | Conflict | Blocked | Proposed) -> JobReport:
    match outcome:
        case Landed(commit=commit):
            return JobReport(landed=JobLanded(commit=commit))
        case Proposed(commit=commit):
            return JobReport(proposed=JobProposed(commit=commit))
        case Conflict():
            return _conflict(outcome, "the work conflicts with the target branch")
        case Blocked(error=error, checks_output=output):
            return JobReport(blocked=JobBlocked(error=cut(error), checks_output=cut_output(output)))


def _conflict(conflict: Conflict, what: str) -> JobReport:
    paths = [path.encode(errors="replace").decode() for path in conflict.paths[:_PATHS]]
    return JobReport(conflict=JobConflict(paths=paths, error=f"{what}: {', '.join(paths[:_SHOWN_PATHS])}"))
