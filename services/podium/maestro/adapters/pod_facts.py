"""What a pod's stored events say to Maestro; the table is the whole of what it reads of them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message

from podium.events.v1.event_pb2 import Event
from podium.maestro.domain import commands as c
from podium.maestro.domain.model import Phase, SessionStatus, WorkstreamStatus
from podium.pods.v1 import pod_events_pb2 as pods
from podium.pods.v1 import pod_pb2

PREFIX = "pods/"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Notes = tuple[c.PodNote, ...]

_ENDED = {
    pod_pb2.AGENT_STATUS_COMPLETED: SessionStatus.COMPLETED,
    pod_pb2.AGENT_STATUS_FAILED: SessionStatus.FAILED,
    pod_pb2.AGENT_STATUS_INTERRUPTED: SessionStatus.STOPPED,
    pod_pb2.AGENT_STATUS_LOST: SessionStatus.FAILED,
}


def pod_fact(event: Event) -> c.PodFact:
    """An event of a pod's stream in Maestro's words; one that it does not read says nothing."""
    return c.PodFact(event.revision, _time(event.metadata), notes(event.type, event.data))


def notes(type_name: str, data: bytes) -> tuple[c.PodNote, ...]:
    """What an event says; nothing where it is of another kind, or its payload was truncated."""
    reader = _READERS.get(type_name)
    if reader is None or not data:
        return ()
    message_type, read = reader
    return read(message_type.FromString(data))


def _time(metadata: Mapping[str, str]) -> datetime:
    return _EPOCH + timedelta(microseconds=int(metadata.get("time", "0")))


def _opened(e: pods.PodOpened) -> _Notes:
    return (c.PodOpened(e.number, e.title, e.request, e.repository.location),)


def _phase(e: pods.PhaseChanged) -> _Notes:
    return (c.PhaseChanged(Phase(e.to_phase)),)


def _workstream(status: WorkstreamStatus) -> Callable[[Any], _Notes]:
    return lambda e: (c.WorkstreamChanged(e.workstream_id, status),)


def _landing(blocked: bool) -> Callable[[Any], _Notes]:
    return lambda _: (c.LandingChanged(blocked),)


def _updated(e: pods.WorkstreamUpdated) -> _Notes:
    return (c.WorkstreamChanged(e.item.id, WorkstreamStatus.PENDING),) if e.renewed else ()


def _requested(e: pods.AgentRequested) -> _Notes:
    agent = e.agent
    begun = c.AgentRequested(agent.id, _name(agent), agent.profile)
    if not agent.workstream_id:
        return (begun,)
    return (begun, c.WorkstreamChanged(agent.workstream_id, WorkstreamStatus.IN_PROGRESS))


def _name(agent: pod_pb2.Agent) -> str:
    kind = pod_pb2.AgentKind.Name(agent.kind).removeprefix("AGENT_KIND_").replace("_", " ").lower()
    attempt = f" (attempt {agent.attempt})" if agent.attempt > 1 else ""
    return f"{kind} {agent.workstream_id}".rstrip() + attempt


def _posted(e: pods.MessagePosted) -> _Notes:
    if e.message.kind != pod_pb2.MESSAGE_KIND_QUESTION:
        return ()
    return (c.QuestionAsked(e.message.id, e.message.content),)


def _ended(e: pods.AgentEnded) -> _Notes:
    cause = pod_pb2.FailureCause.Name(e.cause).removeprefix("FAILURE_CAUSE_").replace("_", " ").lower()
    status = _ENDED.get(e.status, SessionStatus.FAILED)
    reason = e.exit_reason or ("" if status is SessionStatus.COMPLETED else cause)
    return (c.AgentEnded(e.agent_id, status, reason),)


_READ: tuple[tuple[type[Message], Callable[[Any], _Notes]], ...] = (
    (pods.PodOpened, _opened),
    (pods.PhaseChanged, _phase),
    (pods.WorkstreamCreated, lambda e: (c.WorkstreamChanged(e.workstream.id, WorkstreamStatus.PENDING),)),
    (pods.WorkstreamUpdated, _updated),
    (pods.WorkstreamGated, lambda e: (c.WorkstreamChanged(e.workstream_id, WorkstreamStatus(e.status)),)),
    (pods.MergeRequested, _workstream(WorkstreamStatus.MERGING)),
    (pods.WorkstreamCompleted, _workstream(WorkstreamStatus.COMPLETED)),
    (pods.WorkstreamFailed, _workstream(WorkstreamStatus.FAILED)),
    (pods.WorkstreamRetried, _workstream(WorkstreamStatus.PENDING)),
    (pods.WorkstreamSkipped, _workstream(WorkstreamStatus.SKIPPED)),
    (pods.WorkstreamCancelled, _workstream(WorkstreamStatus.CANCELLED)),
    (pods.AgentRequested, _requested),
    (pods.AgentRegistered, lambda e: (c.AgentHeld(e.agent_id, e.runner_id),)),
    (pods.AgentUnregistered, lambda e: (c.AgentHeld(e.agent_id, ""),)),
    (pods.AgentProcessStarted, lambda e: (c.AgentWorking(e.agent_id),)),
    (pods.AgentProgressed, lambda e: (c.AgentProgressed(e.agent_id, e.text),)),
    (pods.MessagePosted, _posted),
    (pods.AgentAwaitedInput, lambda e: (c.AgentAwaited(e.agent_id, e.message_id),)),
    (pods.AgentContinued, lambda e: (c.QuestionAnswered(e.message_id),)),
    (pods.QuestionAnswered, lambda e: (c.QuestionAnswered(e.message_id),)),
    (pods.AgentEnded, _ended),
    (pods.InboxItemAdded, lambda e: (c.AttentionRaised(e.item.id),)),
    (pods.InboxItemCleared, lambda e: (c.AttentionCleared(e.item_id),)),
    (pods.ReviewApproved, _landing(False)),
    (pods.LandingRequested, _landing(False)),
    (pods.WorkLanded, _landing(False)),
    (pods.LandingBlocked, _landing(True)),
    (pods.LandingConflicted, _landing(True)),
)
_READERS = {message.DESCRIPTOR.full_name: (message, read) for message, read in _READ}
