"""The local endpoint: `AgentService` for the agents of this runner, each under its own token."""

import asyncio
import functools
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from podium.agents.v1 import agent_service_pb2 as pb
from podium.agents.v1.agent_service_pb2_grpc import AgentServiceServicer
from podium.chassis.identity import current_identity
from podium.client.connection import Podium
from podium.client.errors import PodiumError
from podium.kernel.errors import Kind, Rejection, Violation, denied, exhausted, not_found, precondition, unavailable
from podium.pods.v1.pod_pb2 import AGENT_KIND_SPEC_WRITER
from podium.pods.v1.pod_service_pb2 import (
    AskQuestionRequest,
    GetPodRequest,
    PostMessageRequest,
    UpdateChecklistRequest,
    UpdatePlanRequest,
    UpdateSpecRequest,
)
from podium.runner.agents.live import LiveAgent

WAIT_SECONDS = 25.0
"""How long a call waits for the pod, and a question for its answer."""
_CONTEXT_SECONDS = 2.0
_M = TypeVar("_M", bound=Callable[..., Awaitable[Any]])


def _while_there_is_room(method: _M) -> _M:
    """What cannot be kept because the disk takes nothing is refused, as that."""

    @functools.wraps(method)
    async def call(*arguments: Any) -> Any:
        try:
            return await method(*arguments)
        except OSError as error:
            text = f"the runner's disk does not take it ({error.strerror}): repeat the call when there is room"
            raise exhausted("STORAGE_FULL", text, 2.0) from error

    return cast("_M", call)


class Endpoint(AgentServiceServicer):
    """What an agent says is durable before it is answered; what it asks is answered by the pod."""

    def __init__(self, agents: Mapping[str, LiveAgent], client: Podium) -> None:
        self._agents = agents
        self._client = client

    def _caller(self) -> LiveAgent:
        """The agent that calls. Raises Rejection where it has ended, or never was here."""
        identity = current_identity()
        agent = self._agents.get(identity.name)
        if agent is None:
            raise not_found("AGENT_NOT_FOUND", "this agent does not live here (any more)", agent_id=identity.name)
        if agent.record.pod_id != identity.pod_id:
            raise denied("the token belongs to another pod", caller=str(identity))
        if agent.record.verdict or agent.end_reported:
            said = f"you said {agent.record.verdict} already; end now"
            raise precondition("AGENT_ALREADY_TERMINAL", said, status=agent.record.verdict)
        return agent

    def _patient_caller(self) -> LiveAgent:
        """The agent that calls, where it may say more. Raises Rejection where too much waits already."""
        agent = self._caller()
        if agent.outbox.crowded:
            raise exhausted("MAILBOX_FULL", "too much waits for the pod; say less, or wait", 2.0)
        return agent

    @_while_there_is_room
    async def SubmitSpec(self, request: pb.SubmitSpecRequest, context: Any) -> pb.SubmitSpecResponse:
        """The next version of the spec."""
        agent = self._patient_caller()
        update = UpdateSpecRequest(content=request.content, draft=request.draft)
        response = await _answer(agent.outbox.put("spec", update, request.request_id))
        if not request.draft:
            agent.submitted()
        return pb.SubmitSpecResponse(version=response.version)

    @_while_there_is_room
    async def SubmitPlan(self, request: pb.SubmitPlanRequest, context: Any) -> pb.SubmitPlanResponse:
        """The next version of the plan."""
        agent = self._patient_caller()
        update = UpdatePlanRequest(summary=request.summary, items=request.items)
        response = await _answer(agent.outbox.put("plan", update, request.request_id))
        agent.submitted()
        return pb.SubmitPlanResponse(version=response.version)

    @_while_there_is_room
    async def ReportProgress(self, request: pb.ReportProgressRequest, context: Any) -> pb.ReportProgressResponse:
        """A line of progress."""
        self._patient_caller().progress(request.text)
        return pb.ReportProgressResponse()

    @_while_there_is_room
    async def UpdateChecklist(self, request: pb.UpdateChecklistRequest, context: Any) -> pb.UpdateChecklistResponse:
        """The workstream's checklist."""
        agent = self._patient_caller()
        workstream_id = agent.record.order.launch.workstream_id
        if not workstream_id:
            raise precondition("WORKSTREAM_NOT_FOUND", "you work on no workstream", workstream_id="")
        agent.keeps_checklist = True
        update = UpdateChecklistRequest(workstream_id=workstream_id, items=request.items)
        await _answer(agent.outbox.put("checklist", update, request.request_id), kept_is_enough=True)
        return pb.UpdateChecklistResponse()

    @_while_there_is_room
    async def AskHuman(self, request: pb.AskHumanRequest, context: Any) -> pb.AskHumanResponse:
        """A blocking question."""
        agent = self._patient_caller()
        question = AskQuestionRequest(
            content=agent.redactor.text(request.question),
            options=request.options,
            question_key=request.key,
            blocking=True,
            workstream_id=agent.record.order.launch.workstream_id,
        )
        seconds = min(request.wait_seconds, WAIT_SECONDS) if request.HasField("wait_seconds") else WAIT_SECONDS
        try:
            message = await agent.ask(question, request.request_id or uuid.uuid4().hex, seconds)
        except PodiumError as error:
            raise _rejection(error) from error
        if message is None:
            raise unavailable("OUTCOME_UNKNOWN", "the pod cannot be reached; ask again", 2.0)
        if not message.HasField("answer"):
            return pb.AskHumanResponse(message_id=message.id, pending=True)
        return pb.AskHumanResponse(message_id=message.id, answer=message.answer)

    @_while_there_is_room
    async def PostMessage(self, request: pb.PostMessageRequest, context: Any) -> pb.PostMessageResponse:
        """A message for people."""
        agent = self._patient_caller()
        post = PostMessageRequest(
            kind=request.kind,
            content=agent.redactor.text(request.content),
            thread_id=request.thread_id,
            workstream_id=agent.record.order.launch.workstream_id,
            anchor=request.anchor if request.HasField("anchor") else None,
        )
        response = await _answer(agent.outbox.put("message", post, request.request_id), kept_is_enough=True)
        return pb.PostMessageResponse(message_id=response.message_id if response is not None else "")

    @_while_there_is_room
    async def Complete(self, request: pb.CompleteRequest, context: Any) -> pb.CompleteResponse:
        """The agent is done."""
        agent = self._caller()
        if agent.writes_document and not agent.record.submitted:
            reason = "SPEC_MISSING" if agent.record.order.launch.kind == AGENT_KIND_SPEC_WRITER else "PLAN_MISSING"
            raise precondition(reason, "hand your document in first: submit-spec or submit-plan")
        agent.end("complete", request.summary)
        return pb.CompleteResponse()

    @_while_there_is_room
    async def Fail(self, request: pb.FailRequest, context: Any) -> pb.FailResponse:
        """The agent cannot do it."""
        self._caller().end("fail", request.reason)
        return pb.FailResponse()

    async def ListContext(self, request: pb.ListContextRequest, context: Any) -> pb.ListContextResponse:
        """What the agent is to know."""
        agent = self._caller()
        launch = agent.record.order.launch
        response = pb.ListContextResponse(
            agent_id=agent.record.agent_id,
            pod_id=agent.record.pod_id,
            kind=launch.kind,
            workstream_id=launch.workstream_id,
            attempt=launch.attempt,
            instructions=agent.instructions,
            messages=[told.text for told in agent.hear()],
        )
        if launch.workstream_id:
            await self._add_workstream(agent, launch.workstream_id, response)
        return response

    async def _add_workstream(self, agent: LiveAgent, workstream_id: str, response: pb.ListContextResponse) -> None:
        as_agent = self._client.acting_as(agent.record.token)
        try:
            shown = await as_agent.pods.GetPod(GetPodRequest(pod_id=agent.record.pod_id), timeout=_CONTEXT_SECONDS)
        except PodiumError:
            return  # away: what is known here must do
        for workstream in shown.pod.workstreams:
            if workstream.id == workstream_id:
                response.workstream.CopyFrom(workstream)


async def _answer(future: "asyncio.Future[Any]", *, kept_is_enough: bool = False) -> Any:
    """The pod's answer. Where it does not come in time, what is on disk may be enough (None)."""
    await asyncio.wait({future}, timeout=WAIT_SECONDS)
    if not future.done():
        if kept_is_enough:
            return None
        raise unavailable("OUTCOME_UNKNOWN", "the pod cannot be reached; it is kept, repeat the same call", 2.0)
    try:
        return future.result()
    except PodiumError as error:
        raise _rejection(error) from error


def _rejection(error: PodiumError) -> Rejection:
    """The pod's refusal, passed on."""
    kinds = {kind.name: kind for kind in Kind}
    violations = [Violation(v.field, v.description) for v in error.violations]
    kind = kinds.get(error.code, Kind.UNAVAILABLE)
    return Rejection(kind, error.reason, error.message, error.metadata, violations, error.retry_after_seconds)
