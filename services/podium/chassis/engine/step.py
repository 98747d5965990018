"""One step of an entity: decide, then let the scheduler follow until nothing follows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from podium.chassis.engine.model import Folded
from podium.kernel.entity import Context, Domain, Outbound, Recorded
from podium.kernel.identity import CallerKind, Identity

S = TypeVar("S")


class SchedulerLoopError(Exception):
    """The scheduler did not come to rest: a bug in the domain."""


@dataclass(slots=True)
class Step(Generic[S]):
    """What a command leads to: events in order (own ones with their records), and the state after them."""

    after: Folded[S]
    items: list[tuple[Recorded | Outbound, str, str]] = field(default_factory=list)
    """(event, actor, causation), own and outbound mixed in the order they were made."""
    recorded: list[Recorded] = field(default_factory=list)
    states: list[S] = field(default_factory=list)
    heeded: bool = True
    """The scheduler was asked what follows."""


def run_step(
    domain: Domain[S],
    folded: Folded[S],
    command: Any | None,
    context: Context,
    request_hash: str,
    rounds: int,
) -> Step[S]:
    """Decide a command (None: only let the scheduler look) and follow up; raises what `decide` raises."""
    step = Step(folded)
    if command is not None:
        events = domain.decide(folded.state, command, context)
        _absorb(domain, step, events, context, request_hash, "request")
        if step.recorded and not any(domain.heeds(step.after.state, recorded.event) for recorded in step.recorded):
            step.heeded = False
            return step
    scheduler = Context(context.now, Identity(CallerKind.SERVICE, domain.service), context.request_id)
    for _ in range(rounds):
        events = domain.schedule(step.after.state, scheduler)
        if not events:
            return step
        _absorb(domain, step, events, scheduler, request_hash, "schedule")
    raise SchedulerLoopError(f"{domain.category}: not at rest after {rounds} rounds")


def _absorb(
    domain: Domain[S],
    step: Step[S],
    events: Sequence[object],
    context: Context,
    request_hash: str,
    causation: str,
) -> None:
    actor = str(context.actor)
    for event in events:
        if isinstance(event, Outbound):
            step.items.append((event, actor, causation))
            continue
        recorded = Recorded(event, step.after.revision + 1, context.now, actor, context.request_id)
        step.after = advance(domain, step.after, recorded, request_hash)
        step.items.append((recorded, actor, causation))
        step.recorded.append(recorded)
        step.states.append(step.after.state)


def advance(domain: Domain[S], folded: Folded[S], recorded: Recorded, request_hash: str) -> Folded[S]:
    """Fold one event: the domain's state, the revision, the table of requests."""
    requests = folded.requests
    if recorded.request_id:
        requests = requests.noted(recorded.request_id, request_hash, recorded.revision)
    return Folded(domain.evolve(folded.state, recorded), recorded.revision, requests)
