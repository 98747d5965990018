"""The phases: every way between them, and the guard of each, on one page.

A guard says in words what is missing; an empty text lets the pod pass. `TransitionPhase` by a person and the scheduler
both walk by this table only. Every phase that is not terminal may also go to CANCELLED, without a guard.
"""

from collections.abc import Callable
from dataclasses import dataclass

from podium.pod_manager.domain.kinds import DocumentState, JobKind, Phase, WorkstreamStatus
from podium.pod_manager.domain.queries import FINAL, UNCLAIMED, live_agents, open_jobs
from podium.pod_manager.domain.resources import Pod

Guard = Callable[[Pod], str]


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one phase to another; `back` ones undo an approval and are for people only."""

    source: Phase
    target: Phase
    guard_name: str
    guard: Guard
    back: bool = False


def spec_approved(pod: Pod) -> str:
    """The spec's current version is approved."""
    return "" if pod.spec.state is DocumentState.APPROVED else "the spec's current version is not approved"


def plan_approved(pod: Pod) -> str:
    """The plan's current version is approved, and names at least one workstream."""
    if pod.plan.state is not DocumentState.APPROVED:
        return "the plan's current version is not approved"
    return "" if pod.plan.items else "the plan has no workstream"


def work_finished(pod: Pod) -> str:
    """Every workstream is COMPLETED, SKIPPED, CANCELLED, or FAILED with its attempts spent."""
    unfinished = [ws.id for ws in pod.workstreams.values() if ws.status not in FINAL]
    return f"not finished: {', '.join(sorted(unfinished))}" if unfinished else ""


def work_landed(pod: Pod) -> str:
    """The work landed; a person may also say so with a reason."""
    return "" if pod.review.landed_commit else "the work has not landed"


def nothing_under_way(pod: Pod) -> str:
    """No agent runs, no merge and no landing is under way; interrupt or wait first."""
    running = [agent.id for agent in live_agents(pod) if agent.status not in UNCLAIMED or agent.job_id]
    if running:
        return f"agents run: {', '.join(running)}"
    merging = [ws.id for ws in pod.workstreams.values() if ws.status is WorkstreamStatus.MERGING]
    if merging:
        return f"being merged: {', '.join(sorted(merging))}"
    return "the work is being landed" if open_jobs(pod, JobKind.LAND) else ""


SPEC, PLANNING, EXECUTION, REVIEW, COMPLETED = (
    Phase.SPEC_CLARIFICATION,
    Phase.PLANNING,
    Phase.WORKSTREAM_EXECUTION,
    Phase.REVIEW,
    Phase.COMPLETED,
)

TABLE: tuple[Transition, ...] = (
    Transition(SPEC, PLANNING, "spec approved", spec_approved),
    Transition(PLANNING, EXECUTION, "plan approved", plan_approved),
    Transition(EXECUTION, REVIEW, "work finished", work_finished),
    Transition(REVIEW, COMPLETED, "work landed", work_landed),
    Transition(PLANNING, SPEC, "nothing under way", nothing_under_way, back=True),
    Transition(EXECUTION, PLANNING, "nothing under way", nothing_under_way, back=True),
    Transition(REVIEW, EXECUTION, "nothing under way", nothing_under_way, back=True),
)

_BY_ENDS = {(way.source, way.target): way for way in TABLE}
_FORWARD = {way.source: way for way in TABLE if not way.back}


def way(source: Phase, target: Phase) -> Transition | None:
    """The way between two phases, where the table has one."""
    return _BY_ENDS.get((source, target))


def forward(source: Phase) -> Transition | None:
    """The way on from a phase; None from the terminal ones."""
    return _FORWARD.get(source)


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", f"    [*] --> {SPEC.name}"]
    lines += [f"    {way.source.name} --> {way.target.name}: {way.guard_name}" for way in TABLE]
    sources = dict.fromkeys(way.source for way in TABLE)
    lines += [f"    {source.name} --> {Phase.CANCELLED.name}" for source in sources]
    lines += [f"    {phase.name} --> [*]" for phase in (COMPLETED, Phase.CANCELLED)]
    return "\n".join(lines) + "\n"
