"""A PodService in memory that hands out jobs through a real event store and remembers what it was told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from podium.chassis.identity import current_identity
from podium.chassis.telemetry import current_traceparent
from podium.client.connection import Podium
from podium.events.v1.event_pb2 import NewEvent, StreamAppend
from podium.jobs.v1.job_events_pb2 import JOB_CLOSURE_CLAIMED, JOB_CLOSURE_REPORTED, JobClosed, JobIssued
from podium.kernel.errors import Rejection, precondition, unavailable
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.pods.v1 import pod_pb2
from podium.pods.v1 import pod_service_pb2 as pb
from podium.pods.v1.pod_service_pb2_grpc import PodServiceServicer


@dataclass
class FakePods(PodServiceServicer):
    """Pods by id; jobs go to `stream_of`. `said` keeps every accepted call in order."""

    key: bytes
    store: Podium
    pods: dict[str, pod_pb2.Pod] = field(default_factory=dict)
    said: list[tuple[str, Any]] = field(default_factory=list)
    traces: list[tuple[str, str]] = field(default_factory=list)
    """The trace id under which each of them came."""
    streams: dict[str, str] = field(default_factory=dict)
    """The stream of each job."""
    seqs: dict[str, int] = field(default_factory=dict)
    """The last report of each agent."""
    refusals: dict[str, Rejection] = field(default_factory=dict)
    """Refuse these agents' reports."""
    away: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def issue(self, job: JobIssued, stream: str = "jobs/default", **metadata: str) -> None:
        """Open a job."""
        self.streams[job.job_id] = stream
        await self._append(stream, job, **metadata)

    async def close_job(self, job_id: str, closure: Any = JOB_CLOSURE_REPORTED) -> None:
        """Close a job."""
        await self._append(self.streams[job_id], JobClosed(job_id=job_id, closure=closure))

    async def _append(self, stream: str, message: Any, **metadata: str) -> None:
        event = NewEvent(type=message.DESCRIPTOR.full_name, data=message.SerializeToString(), metadata=metadata)
        await self.store.events.append([StreamAppend(stream=stream, events=[event])])

    async def until(self, found: Callable[["FakePods"], Any]) -> Any:
        """Wait until something was said; gives what `found` gives."""
        async with asyncio.timeout(20):
            while not (value := found(self)):
                self.changed.clear()
                await self.changed.wait()
        return value

    def reports(self, agent_id: str, kind: str = "") -> list[pb.AgentReport]:
        """What was reported of an agent."""
        found = [r.report for k, r in self.said if k == "ReportAgent" and r.agent_id == agent_id]
        return [r for r in found if not kind or r.WhichOneof("kind") == kind]

    async def report(self, agent_id: str, kind: str) -> pb.AgentReport:
        """Wait for a report of this kind."""
        return (await self.until(lambda p: p.reports(agent_id, kind)))[0]

    async def end_of(self, agent_id: str) -> pb.AgentReport:
        """Wait for the agent's end."""
        ends = ("completed", "failed", "interrupted")
        return await self.until(lambda p: next((r for k in ends for r in p.reports(agent_id, k)), None))

    async def outcome(self, job_id: str) -> pb.JobReport:
        """Wait for a job's report."""
        found = await self.until(lambda p: [r.report for k, r in p.said if k == "ReportJob" and r.job_id == job_id])
        return found[0]

    def calls(self, name: str) -> list[Any]:
        """The accepted calls of one RPC."""
        return [request for kind, request in self.said if kind == name]

    def _hear(self, name: str, request: Any) -> None:
        if self.away:
            raise unavailable("NOT_READY", "away")
        self.said.append((name, request))
        self.traces.append((name, current_traceparent()[3:35]))
        self.changed.set()

    # -- the service -------------------------------------------------------------------------------------------------

    async def RegisterAgent(self, request: pb.RegisterAgentRequest, context: Any) -> pb.RegisterAgentResponse:
        self._hear("RegisterAgent", request)
        if request.job_id:
            await self.close_job(request.job_id, JOB_CLOSURE_CLAIMED)
        identity = Identity(CallerKind.AGENT, request.agent_id, request.pod_id)
        pod = self.pods.get(request.pod_id, pod_pb2.Pod(pod_id=request.pod_id))
        return pb.RegisterAgentResponse(agent_token=issue_token(self.key, identity), pod=pod)

    async def ReportAgent(self, request: pb.ReportAgentRequest, context: Any) -> pb.ReportAgentResponse:
        if request.agent_id in self.refusals:
            raise self.refusals[request.agent_id]
        last = self.seqs.get(request.agent_id, 0)
        if request.report_seq > last:
            if request.report_seq != last + 1:
                raise precondition("INVALID_PHASE", f"report {request.report_seq} after {last}")
            self._hear("ReportAgent", request)
            self.seqs[request.agent_id] = request.report_seq
        return pb.ReportAgentResponse(revision=1)

    async def ReportJob(self, request: pb.ReportJobRequest, context: Any) -> pb.ReportJobResponse:
        self._hear("ReportJob", request)
        if request.job_id in self.streams:
            await self.close_job(request.job_id)
        return pb.ReportJobResponse(revision=1)

    async def UpdateSpec(self, request: pb.UpdateSpecRequest, context: Any) -> pb.UpdateSpecResponse:
        self._hear("UpdateSpec", request)
        return pb.UpdateSpecResponse(revision=1, version=1)

    async def UpdatePlan(self, request: pb.UpdatePlanRequest, context: Any) -> pb.UpdatePlanResponse:
        self._hear("UpdatePlan", request)
        return pb.UpdatePlanResponse(revision=1, version=1)

    async def UpdateChecklist(self, request: pb.UpdateChecklistRequest, context: Any) -> pb.UpdateChecklistResponse:
        self._hear("UpdateChecklist", request)
        return pb.UpdateChecklistResponse(revision=1)

    async def PostMessage(self, request: pb.PostMessageRequest, context: Any) -> pb.PostMessageResponse:
        self._hear("PostMessage", request)
        return pb.PostMessageResponse(revision=1, message_id="msg_1")

    async def GetPod(self, request: pb.GetPodRequest, context: Any) -> pb.GetPodResponse:
        return pb.GetPodResponse(pod=self.pods.get(request.pod_id, pod_pb2.Pod()), revision=1)

    async def AskQuestion(self, request: pb.AskQuestionRequest, context: Any) -> pb.AskQuestionResponse:
        self._hear("AskQuestion", request)
        pod = self.pods[request.pod_id]
        message_id = f"msg_{request.question_key or 'x'}"
        found = next((m for m in pod.messages if m.id == message_id), None)
        if found is None:
            author = str(current_identity())
            found = pod.messages.add(id=message_id, author=author, content=request.content)
            found.options.extend(request.options)
            found.permission_tool = request.permission_tool
        return pb.AskQuestionResponse(revision=1, message=found)

    async def ResolveThread(self, request: pb.ResolveThreadRequest, context: Any) -> pb.ResolveThreadResponse:
        self._hear("ResolveThread", request)
        return pb.ResolveThreadResponse(revision=1)

    def answer(self, pod_id: str, message_id: str, text: str, choice: str = "", by: str = "user:ann") -> None:
        """A person answers, or a grant does."""
        message = next(m for m in self.pods[pod_id].messages if m.id == message_id)
        message.answer.by = by
        message.answer.text = text
        message.answer.choice = choice
