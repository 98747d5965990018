"""`podium.pods.v1.PodService`: parse, call, render; what a method does stands in its proto and in the domain.

Every command is a row of `COMMANDS`: the RPC's name, and what its answer holds beside the revision. Queries and
watches are written out.
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

from podium.chassis.codec import StructuralCodec
from podium.chassis.dispatch import Dispatcher
from podium.chassis.engine import Engine, Outcome, View
from podium.chassis.identity import current_identity
from podium.client.events import EventStore
from podium.kernel.errors import not_found
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.pod_manager.adapters import diffs
from podium.pod_manager.adapters.boards import Boards
from podium.pod_manager.adapters.rendering import Renderer
from podium.pod_manager.domain.decide import check_agent
from podium.pod_manager.domain.deciding.messages import posted_id, question_id
from podium.pod_manager.domain.resources import Pod
from podium.pods.v1 import pod_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["PodService"].full_name
EVENTS_PAGE_SIZE = 100

Context = Any
Extras = dict[str, Any]
Extra = Callable[["PodServicer", Any, Outcome[Pod]], Extras]


class PodServicer:
    """Every RPC of the service; the commands are added below, from their table (a test holds it to the proto)."""

    def __init__(
        self,
        engine: Engine[Pod],
        codec: StructuralCodec,
        renderer: Renderer,
        boards: Boards,
        events: EventStore,
        key: bytes,
    ) -> None:
        self.codec = codec
        self.key = key
        self.renderer = renderer
        self._boards = boards
        self.dispatch = Dispatcher(engine, codec, entity_field="pod_id")
        self._engine = engine
        self._events = events

    # -- queries ---------------------------------------------------------------------------------------------

    async def GetPod(self, request: pb.GetPodRequest, context: Context) -> pb.GetPodResponse:
        view = await self._view(request.pod_id)
        if request.HasField("at_revision"):
            view = await self._engine.view_at(request.pod_id, request.at_revision)
        return pb.GetPodResponse(pod=self.renderer.pod(view.state), revision=view.revision)

    async def ListPods(self, request: pb.ListPodsRequest, context: Context) -> pb.ListPodsResponse:
        return await self._boards.list(request)

    async def ListPodEvents(self, request: pb.ListPodEventsRequest, context: Context) -> pb.ListPodEventsResponse:
        view = await self._view(request.pod_id)
        size = request.page_size or EVENTS_PAGE_SIZE
        facts = await self._engine.history(request.pod_id, request.after_revision, size, request.backwards)
        return pb.ListPodEventsResponse(
            events=[self.renderer.event(recorded) for recorded in facts], revision=view.revision
        )

    async def GetDiff(self, request: pb.GetDiffRequest, context: Context) -> AsyncIterator[pb.GetDiffResponse]:
        await self._view(request.pod_id)
        for response in diffs.responses(await diffs.newest_diff(self._events, request.pod_id, request.workstream_id)):
            yield response

    # -- watches ---------------------------------------------------------------------------------------------

    async def WatchPod(self, request: pb.WatchPodRequest, context: Context) -> AsyncIterator[bytes]:
        await self._view(request.pod_id)
        after = request.after_revision if request.HasField("after_revision") else None
        snapshot = request.start == pb.WATCH_START_SNAPSHOT
        async with aclosing(self._engine.watch(request.pod_id, after, snapshot)) as items:  # type: ignore[type-var]
            async for item in items:
                yield self.renderer.watch_item(item)

    async def WatchPods(self, request: pb.WatchPodsRequest, context: Context) -> AsyncIterator[pb.WatchPodsResponse]:
        async with aclosing(self._boards.watch(request)) as responses:  # type: ignore[type-var]
            async for response in responses:
                yield response

    async def _view(self, pod_id: str) -> View[Pod]:
        """Raises POD_NOT_FOUND, and CALLER_NOT_ALLOWED where an agent looks at another's pod."""
        view = await self._engine.view(pod_id)
        if not view.revision:
            raise not_found("POD_NOT_FOUND", f"no pod {pod_id}", pod_id=pod_id)
        check_agent(view.state, current_identity())
        return view


# -- commands --------------------------------------------------------------------------------------------------------


def _nothing(servicer: PodServicer, request: Any, outcome: Outcome[Pod]) -> Extras:
    return {}


def _pod(servicer: PodServicer, request: Any, outcome: Outcome[Pod]) -> Extras:
    return {"pod": servicer.renderer.pod(outcome.state)}


def _spec_version(servicer: PodServicer, request: Any, outcome: Outcome[Pod]) -> Extras:
    return {"version": outcome.state.spec.version}


def _plan_version(servicer: PodServicer, request: Any, outcome: Outcome[Pod]) -> Extras:
    return {"version": outcome.state.plan.version}


def _claimed(servicer: PodServicer, request: Any, outcome: Outcome[Pod]) -> Extras:
    """The agent's own token: bound to it and to its pod."""
    identity = Identity(CallerKind.AGENT, request.agent_id, request.pod_id)
    return {"agent_token": issue_token(servicer.key, identity), "pod": servicer.renderer.pod(outcome.state)}


def _successor(servicer: PodServicer, request: Any, outcome: Outcome[Pod]) -> Extras:
    followers = [agent for agent in outcome.state.agents.values() if agent.restarted_from == request.agent_id]
    newest = max(followers, key=lambda agent: int(agent.id.rpartition("_")[2]))
    return {"agent_id": newest.id}


def _posted(servicer: PodServicer, request: Any, outcome: Outcome[Pod]) -> Extras:
    return {"message_id": posted_id(request.pod_id, request.request_id)}


def _question(servicer: PodServicer, request: Any, outcome: Outcome[Pod]) -> Extras:
    name = question_id(outcome.state, current_identity(), servicer.codec.from_proto(request))
    return {"message": servicer.codec.to_proto(outcome.state.messages[name])}


COMMANDS: Mapping[str, Extra] = {
    "OpenPod": _pod,
    "UpdatePolicy": _nothing,
    "CancelPod": _nothing,
    "EvaluateNow": _nothing,
    "TransitionPhase": _nothing,
    "ReportExternalSync": _nothing,
    "UpdateSpec": _spec_version,
    "ApproveSpec": _nothing,
    "ReopenSpec": _nothing,
    "RequestSpec": _nothing,
    "UpdatePlan": _plan_version,
    "ApprovePlan": _nothing,
    "ReopenPlan": _nothing,
    "RequestPlan": _nothing,
    "CreateWorkstream": _nothing,
    "UpdateWorkstream": _nothing,
    "StartWorkstream": _nothing,
    "CompleteWorkstream": _nothing,
    "FailWorkstream": _nothing,
    "RetryWorkstream": _nothing,
    "SkipWorkstream": _nothing,
    "CancelWorkstream": _nothing,
    "UpdateChecklist": _nothing,
    "RegisterAgent": _claimed,
    "UnregisterAgent": _nothing,
    "ReportAgent": _nothing,
    "StartAgent": _nothing,
    "SendAgentMessage": _nothing,
    "MarkAgentDone": _nothing,
    "RestartAgent": _successor,
    "InterruptAgent": _nothing,
    "PostMessage": _posted,
    "AskQuestion": _question,
    "AnswerQuestion": _nothing,
    "ResolveThread": _nothing,
    "ReopenThread": _nothing,
    "MarkInboxRead": _nothing,
    "ApproveReview": _nothing,
    "RequestChanges": _nothing,
    "LandWork": _nothing,
    "ReportJob": _nothing,
}


def _method(name: str, extra: Extra) -> Callable[[PodServicer, Any, Context], Awaitable[Any]]:
    response = getattr(pb, f"{name}Response")

    async def command(self: PodServicer, request: Any, context: Context) -> Any:
        if not request.request_id:
            request.request_id = uuid.uuid4().hex  # ids of what it makes come from it
        outcome = await self.dispatch(request)
        return response(revision=outcome.revision, **extra(self, request, outcome))

    command.__name__ = name
    return command


for _name, _extra in COMMANDS.items():
    setattr(PodServicer, _name, _method(_name, _extra))
