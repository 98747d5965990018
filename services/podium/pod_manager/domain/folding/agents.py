"""Folding: agents."""

from datetime import timedelta
from typing import Any, assert_never

from podium.kernel.entity import Recorded
from podium.pod_manager.domain.copying import replace
from podium.pod_manager.domain.events.agents import (
    AgentAwaitedInput,
    AgentContinued,
    AgentEnded,
    AgentEvent,
    AgentInterruptRequested,
    AgentProcessStarted,
    AgentProgressed,
    AgentRegistered,
    AgentReported,
    AgentRequested,
    AgentResumed,
    AgentRunnerLost,
    AgentStartApproved,
    AgentUnregistered,
)
from podium.pod_manager.domain.folding import documents, workstreams
from podium.pod_manager.domain.kinds import AgentKind, AgentStatus
from podium.pod_manager.domain.resources import Agent, Pod, Usage
from podium.pod_manager.domain.weights import of_agent

_BRIM = 2**63 - 1


def evolve(pod: Pod, event: AgentEvent, recorded: Recorded) -> Pod:
    """The pod after the event."""
    match event:
        case AgentRequested(agent=agent):
            return _requested(pod, agent)
        case AgentStartApproved(agent_id=name):
            return _change(pod, name, status=AgentStatus.REQUESTED)
        case AgentRegistered(agent_id=name, runner_id=runner, lease_epoch=epoch):
            starting = AgentStatus.STARTING
            return _change(
                pod, name, status=starting, runner_id=runner, lease_epoch=epoch, registered_time=recorded.time
            )
        case AgentUnregistered(agent_id=name):
            requested = AgentStatus.REQUESTED
            return _change(pod, name, status=requested, runner_id="", lease_epoch=0, registered_time=None)
        case AgentReported(agent_id=name, report_seq=seq, usage=usage):
            agent = pod.agents[name]
            pod = replace(pod, usage=add_usage(pod.usage, usage))
            return _change(pod, name, last_report_seq=seq, usage=add_usage(agent.usage, usage))
        case AgentProcessStarted():
            return _process_started(pod, event, recorded)
        case AgentProgressed(agent_id=name, text=text):
            pod = _change(pod, name, progress=text)
            return _on_workstream(pod, pod.agents[name], progress=text)
        case AgentAwaitedInput(agent_id=name, message_id=question):
            awaiting = (*pod.agents[name].awaiting, question)
            return _change(pod, name, status=AgentStatus.AWAITING_INPUT, awaiting=awaiting)
        case AgentContinued(agent_id=name, message_id=question):
            return _continued(pod, name, question)
        case AgentInterruptRequested(agent_id=name):
            return _change(pod, name, interrupt_requested=True)
        case AgentRunnerLost(agent_id=name):
            return _change(pod, name, runner_lost_time=recorded.time)
        case AgentResumed(agent_id=name, lease_epoch=epoch):
            return _change(pod, name, runner_lost_time=None, lease_epoch=epoch)
        case AgentEnded():
            return _ended(pod, event, recorded)
        case _:
            assert_never(event)


def add_usage(left: Usage, right: Usage) -> Usage:
    """The sum of two; what would not fit into 64 bits stays at the brim, so that the state can always be stored."""
    return Usage(
        min(left.input_tokens + right.input_tokens, _BRIM),
        min(left.output_tokens + right.output_tokens, _BRIM),
        min(left.cost_micros + right.cost_micros, _BRIM),
        min(left.turns + right.turns, _BRIM),
        left.agent_time + right.agent_time,
    )


def _change(pod: Pod, agent_id: str, **values: Any) -> Pod:
    return _put(pod, replace(pod.agents[agent_id], **values))


def _put(pod: Pod, agent: Agent) -> Pod:
    held = pod.held_bytes + of_agent(agent) - of_agent(pod.agents.get(agent.id))
    return replace(pod, agents=pod.agents.set(agent.id, agent), held_bytes=held)


def _on_workstream(pod: Pod, agent: Agent, **values: Any) -> Pod:
    if agent.workstream_id not in pod.workstreams:
        return pod
    return workstreams.change(pod, agent.workstream_id, **values)


def _requested(pod: Pod, agent: Agent) -> Pod:
    pod = replace(
        _put(pod, agent),
        agent_counter=pod.agent_counter + 1,
        live_agents=(*pod.live_agents, agent.id),
        held=False,
    )
    if agent.kind is AgentKind.REVIEWER:
        return replace(pod, review=replace(pod.review, reviewer_id=agent.id))
    if agent.workstream_id in pod.workstreams:
        return workstreams.put(pod, workstreams.attempt_begun(pod.workstreams[agent.workstream_id], agent))
    return documents.generating(pod, agent.kind)


def _process_started(pod: Pod, event: AgentProcessStarted, recorded: Recorded) -> Pod:
    agent = pod.agents[event.agent_id]
    status = AgentStatus.AWAITING_INPUT if agent.awaiting else AgentStatus.RUNNING
    pod = _change(pod, agent.id, status=status, started_time=recorded.time, process_id=event.process_id)
    if agent.workstream_id not in pod.workstreams:
        return pod
    ws = pod.workstreams[agent.workstream_id]
    return workstreams.put(pod, workstreams.attempt_changed(ws, agent.id, branch=event.branch, outcome=status))


def _continued(pod: Pod, agent_id: str, question: str) -> Pod:
    agent = pod.agents[agent_id]
    awaiting = tuple(name for name in agent.awaiting if name != question)
    waits = agent.status is not AgentStatus.AWAITING_INPUT or bool(awaiting)
    return _change(pod, agent_id, awaiting=awaiting, status=agent.status if waits else AgentStatus.RUNNING)


def _ended(pod: Pod, event: AgentEnded, recorded: Recorded) -> Pod:
    agent = pod.agents[event.agent_id]
    lived = recorded.time - agent.started_time if agent.started_time else timedelta()
    time_used = Usage(agent_time=max(lived, timedelta()))
    pod = _change(
        pod,
        agent.id,
        status=event.status,
        cause=event.cause,
        exit_reason=event.exit_reason,
        ended_time=recorded.time,
        usage=add_usage(agent.usage, time_used),
        awaiting=(),
        runner_lost_time=None,
    )
    pod = replace(
        pod,
        usage=add_usage(pod.usage, time_used),
        live_agents=tuple(name for name in pod.live_agents if name != agent.id),
    )
    if agent.workstream_id not in pod.workstreams:
        return pod
    ws = pod.workstreams[agent.workstream_id]
    ended = workstreams.attempt_changed(ws, agent.id, outcome=event.status, ended_time=recorded.time)
    return workstreams.put(pod, ended)
