"""How an agent ends, and what follows for its workstream or document.

Every end goes through `end_agent`: the report of a result or a failure, the time limit, the lost runner, a person's
word. So each end is recorded once, frees the slot, and leaves either a next step or a stated cause.
"""

from dataclasses import dataclass
from datetime import datetime

from podium.pod_manager.domain import limits
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.events.agents import AgentEnded, AgentInterruptRequested
from podium.pod_manager.domain.events.documents import DocumentAttemptEnded
from podium.pod_manager.domain.events.messages import InboxItemCleared, QuestionAnswered
from podium.pod_manager.domain.events.workstreams import AttemptEnded, MergeRequested, WorkstreamFailed
from podium.pod_manager.domain.inbox import item_of
from podium.pod_manager.domain.kinds import (
    AgentKind,
    AgentStatus,
    ChecksResult,
    DocumentState,
    FailureCause,
    JobKind,
    Phase,
    WorkstreamStatus,
)
from podium.pod_manager.domain.orders import close_jobs_of, open_job
from podium.pod_manager.domain.policy import retry_delay
from podium.pod_manager.domain.queries import UNCLAIMED, branch_of, is_terminal
from podium.pod_manager.domain.resources import Agent, Plan, Pod, Spec, Workstream

PROVIDER_CAUSES = frozenset({FailureCause.RATE_LIMITED, FailureCause.LOGIN_FAILED})
"""Not the agent's fault, so not an attempt."""


@dataclass(frozen=True, slots=True)
class End:
    """How an agent ended."""

    status: AgentStatus
    cause: FailureCause = FailureCause.UNSPECIFIED
    text: str = ""
    """The summary of a good end, the error of a bad one."""
    commit: str = ""
    checks: ChecksResult = ChecksResult.UNSPECIFIED
    checks_output: str = ""
    conflict_paths: tuple[str, ...] = ()
    conflict_branch: str = ""
    retry_time: datetime | None = None
    process_gone: bool = True
    """False where the process may still run: its runner is to end it, or finds its reports refused."""


def interrupted(reason: str, *, process_gone: bool = True) -> End:
    """Ended by a person, or because nobody wants its work any more."""
    return End(AgentStatus.INTERRUPTED, FailureCause.INTERRUPTED, reason, process_gone=process_gone)


def end_agent(draft: Draft, agent: Agent, end: End) -> None:
    """Record the end and its consequences."""
    if agent.interrupt_requested and end.status is AgentStatus.FAILED:
        end = interrupted(end.text)
    excused = _is_excused(agent, end)
    close_jobs_of(draft, agent, JobKind.LAUNCH, JobKind.INPUT)
    if end.process_gone:
        close_jobs_of(draft, agent, JobKind.INTERRUPT)
    draft.emit(
        AgentEnded(
            agent_id=agent.id,
            status=end.status,
            cause=end.cause,
            exit_reason=end.text,
            commit=end.commit,
            checks=end.checks,
        )
    )
    if end.status is not AgentStatus.LOST:
        _drop_permissions(draft, agent)
    if agent.workstream_id in draft.pod.workstreams:
        _end_attempt(draft, agent, end, excused)
    elif end.status is not AgentStatus.COMPLETED:
        _end_document(draft, agent, end, excused)


def _drop_permissions(draft: Draft, agent: Agent) -> None:
    """Nobody waits for what it asked leave for any more.

    Its questions stay: the next attempt asks them again; so do those of a LOST agent, whose end was nobody's wish.
    """
    for message in draft.pod.messages.values():
        if message.permission_tool and message.answer is None and message.author == f"agent:{agent.id}":
            draft.emit(QuestionAnswered(message_id=message.id, by="policy", text="(its agent has ended)"))
            settled = item_of(message, draft.now, settled=True)
            if settled is not None and settled.id in draft.pod.inbox:
                draft.emit(InboxItemCleared(item_id=settled.id))


def request_interrupt(draft: Draft, agent: Agent, reason: str) -> None:
    """Have an agent ended: at once where no runner has it yet, else by an INTERRUPT job. A repeat does nothing."""
    if agent.status in UNCLAIMED:
        end_agent(draft, agent, interrupted(reason))
    elif not agent.interrupt_requested:
        draft.emit(AgentInterruptRequested(agent_id=agent.id, reason=reason, by=draft.by))
        open_job(draft, JobKind.INTERRUPT, agent_id=agent.id, text=reason)


def end_as_done(draft: Draft, agent: Agent, summary: str) -> None:
    """A person says that an agent is done: its process is ended first, then its work counts as it stands."""
    close_jobs_of(draft, agent, JobKind.INTERRUPT)
    open_job(draft, JobKind.INTERRUPT, agent_id=agent.id, text="marked as done")
    end_agent(draft, agent, End(AgentStatus.COMPLETED, text=summary, process_gone=False))


def _is_excused(agent: Agent, end: End) -> bool:
    """Not an attempt: the provider's fault, a person's wish, or lost while it waited for an answer."""
    if end.status is AgentStatus.LOST:
        return bool(agent.awaiting) or agent.interrupt_requested
    return end.status is AgentStatus.INTERRUPTED or end.cause in PROVIDER_CAUSES


def _retry_time(draft: Draft, end: End, failures: int, name: str) -> datetime:
    policy = draft.pod.policy
    if end.cause is FailureCause.RATE_LIMITED:
        known = end.retry_time is not None and end.retry_time > draft.now
        return end.retry_time if known and end.retry_time else draft.now + limits.RATE_LIMIT_PAUSE
    if end.cause is FailureCause.LOGIN_FAILED:
        return draft.now + policy.retry_backoff_limit
    if failures == 0:
        return draft.now
    return draft.now + retry_delay(policy, failures, name)


# -- workstreams -----------------------------------------------------------------------------------------------------


def _end_attempt(draft: Draft, agent: Agent, end: End, excused: bool) -> None:
    ws = draft.pod.workstreams[agent.workstream_id]
    newest = bool(ws.attempts) and ws.attempts[-1].agent_id == agent.id
    wanted = newest and ws.status is WorkstreamStatus.IN_PROGRESS and not is_terminal(draft.pod)
    if end.status is AgentStatus.COMPLETED:
        if wanted:
            request_merge(draft, ws, end.text)
        return
    if wanted:
        fail_attempt(draft, ws, end, excused, held=_holds(agent, end))
    elif newest:
        draft.emit(_attempt_ended(ws, end, excused=True))


def _holds(agent: Agent, end: End) -> bool:
    """An interrupted attempt holds its workstream until a person decides."""
    return end.status is AgentStatus.INTERRUPTED or agent.interrupt_requested


def request_merge(draft: Draft, ws: Workstream, summary: str) -> None:
    """Hand the newest attempt's branch over for merging."""
    draft.emit(MergeRequested(workstream_id=ws.id, branch=branch_of(draft.pod, ws), summary=summary))
    open_job(draft, JobKind.MERGE, workstream_id=ws.id)


def fail_attempt(draft: Draft, ws: Workstream, end: End, excused: bool, held: bool = False) -> None:
    """End the newest attempt: a retry after its back-off, FAILED where the attempts are spent, or a wait."""
    if held:
        draft.emit(_attempt_ended(ws, end, excused=True, outcome=AgentStatus.INTERRUPTED))
        return
    failures = ws.counted_attempts + (0 if excused else 1)
    if not excused and failures >= draft.pod.policy.max_attempts:
        draft.emit(_attempt_ended(ws, end, excused=False))
        draft.emit(WorkstreamFailed(workstream_id=ws.id, reason=f"{failures} attempts failed; the last: {end.text}"))
        return
    conflict = end.cause is FailureCause.CONFLICT
    retry = None if conflict else _retry_time(draft, end, failures if not excused else 0, ws.attempts[-1].agent_id)
    draft.emit(_attempt_ended(ws, end, excused=excused, retry=retry))


def _attempt_ended(
    ws: Workstream,
    end: End,
    *,
    excused: bool,
    outcome: AgentStatus | None = None,
    retry: datetime | None = None,
) -> AttemptEnded:
    return AttemptEnded(
        workstream_id=ws.id,
        number=ws.attempts[-1].number,
        outcome=outcome or end.status,
        cause=end.cause,
        error=end.text,
        checks_output=limits.cut(end.checks_output),
        conflict_paths=end.conflict_paths,
        conflict_branch=end.conflict_branch,
        excused=excused,
        next_retry_time=retry,
    )


# -- documents -------------------------------------------------------------------------------------------------------


def document_of(pod: Pod, kind: AgentKind) -> Spec | Plan | None:
    """What a kind of agent writes, where it writes one and the pod is in the phase for it."""
    if kind is AgentKind.SPEC_WRITER and pod.phase is Phase.SPEC_CLARIFICATION:
        return pod.spec
    if kind is AgentKind.PLANNER and pod.phase is Phase.PLANNING:
        return pod.plan
    return None


def _end_document(draft: Draft, agent: Agent, end: End, excused: bool) -> None:
    """Ended before it handed the document in; after that, its end changes nothing."""
    document = document_of(draft.pod, agent.kind)
    if document is None or document.state is not DocumentState.GENERATING:
        return
    held = _holds(agent, end)
    failures = document.failed_attempts + (0 if excused else 1)
    draft.emit(
        DocumentAttemptEnded(
            kind=agent.kind,
            agent_id=agent.id,
            cause=end.cause,
            error=end.text,
            excused=excused,
            held=held,
            next_retry_time=None if held else _retry_time(draft, end, 0 if excused else failures, agent.id),
        )
    )
