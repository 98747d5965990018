"""The pod's rules as a value: defaults, validity, changes, and what follows from them."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta

from podium.kernel.errors import Rejection, invalid
from podium.pod_manager.domain import limits
from podium.pod_manager.domain.kinds import AgentKind, Autonomy, Landing, PermissionMode, Priority
from podium.pod_manager.domain.naming import jitter

MAX_PARALLEL_AGENTS = 3
MAX_ATTEMPTS = 3
JITTER = 0.25
"""A retry comes this part of its back-off later, at most; never earlier."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long, how much and how many; 0 is no limit."""

    tokens: int = 0
    cost_micros: int = 0
    agent_time: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class ProfileChoice:
    """The profile of one kind of agent; UNSPECIFIED is the default for all."""

    kind: AgentKind = AgentKind.UNSPECIFIED
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """The pod's rules; `UpdatePolicy` changes them live."""

    profiles: tuple[ProfileChoice, ...] = ()
    autonomy: Autonomy = Autonomy.GUIDED
    permissions: PermissionMode = PermissionMode.EDITS
    max_parallel_agents: int = MAX_PARALLEL_AGENTS
    max_attempts: int = MAX_ATTEMPTS
    retry_backoff: timedelta = timedelta(seconds=10)
    retry_backoff_limit: timedelta = timedelta(seconds=300)
    spawn_cooldown: timedelta = timedelta()
    agent_time_limit: timedelta = timedelta(hours=2)
    budget: Budget = field(default_factory=Budget)
    auto_start_agents: bool = True
    priority: Priority = Priority.NORMAL
    landing: Landing = Landing.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class ToolGrant:
    """A tool that agents of a profile may use without asking ("always allow")."""

    profile: str = ""
    tool: str = ""


def resolved(policy: Policy) -> Policy:
    """With the defaults in the place of zeros, which a request cannot tell from "not set"; raises POLICY_INVALID."""
    filled = replace(
        policy,
        max_parallel_agents=policy.max_parallel_agents or MAX_PARALLEL_AGENTS,
        max_attempts=policy.max_attempts or MAX_ATTEMPTS,
        landing=Landing.TARGET if policy.landing is Landing.UNSPECIFIED else policy.landing,
    )
    return checked(filled)


def checked(policy: Policy) -> Policy:
    """The policy; raises POLICY_INVALID where it contradicts itself or passes a bound."""
    if not 1 <= policy.max_parallel_agents <= limits.PARALLEL_AGENTS:
        raise _wrong("max_parallel_agents", f"must be 1 to {limits.PARALLEL_AGENTS}")
    if not 1 <= policy.max_attempts <= limits.ATTEMPTS:
        raise _wrong("max_attempts", f"must be 1 to {limits.ATTEMPTS}")
    for name in ("retry_backoff", "retry_backoff_limit", "spawn_cooldown", "agent_time_limit"):
        if not timedelta() <= getattr(policy, name) <= timedelta(days=365):
            raise _wrong(name, "must be between 0 and 365 days")
    budget = policy.budget
    if min(budget.tokens, budget.cost_micros) < 0 or budget.agent_time < timedelta():
        raise _wrong("budget", "must not be negative")
    if policy.autonomy is Autonomy.AUTONOMOUS and budget == Budget():
        raise _wrong("budget", "an autonomous pod needs a budget of tokens, cost or agent time")
    kinds = [choice.kind for choice in policy.profiles]
    if len(kinds) != len(set(kinds)):
        raise _wrong("profiles", "names a kind of agent twice")
    return policy


def _wrong(name: str, description: str) -> Rejection:
    return invalid(f"policy.{name}", description, "POLICY_INVALID", field=name)


def changed(policy: Policy, values: Policy, mask: tuple[str, ...]) -> Policy:
    """With the masked fields taken from `values`; `budget.tokens` and the like name parts of the budget."""
    known = {item.name for item in fields(Policy)}
    if not mask:
        raise invalid("update_mask", "name the fields to change")
    for path in mask:
        head, _, tail = path.partition(".")
        if head not in known or (tail and (head != "budget" or tail not in _BUDGET_FIELDS)):
            raise invalid("update_mask", f"{path!r} is no field of a policy")
        if tail:
            policy = replace(policy, budget=_BUDGET_FIELDS[tail](policy.budget, values.budget))
        else:
            policy = _FIELDS[head](policy, values)
    return checked(policy)


def _taker(name: str) -> Callable[[Policy, Policy], Policy]:
    return lambda old, new: replace(old, **{name: getattr(new, name)})


def _budget_taker(name: str) -> Callable[[Budget, Budget], Budget]:
    return lambda old, new: replace(old, **{name: getattr(new, name)})


_FIELDS = {item.name: _taker(item.name) for item in fields(Policy)}
_BUDGET_FIELDS = {item.name: _budget_taker(item.name) for item in fields(Budget)}


def named_profile(policy: Policy, kind: AgentKind) -> str:
    """The profile that the policy names for exactly this kind; empty: none."""
    return next((choice.profile for choice in policy.profiles if choice.kind is kind), "")


def profile_for(policy: Policy, kind: AgentKind) -> str:
    """The profile of a kind of agent, else the default one; empty: the runner's own default."""
    return named_profile(policy, kind) or named_profile(policy, AgentKind.UNSPECIFIED)


def retry_delay(policy: Policy, failures: int, name: str) -> timedelta:
    """The pause after the n-th failure: doubling up to its limit, and a little later by the name's jitter."""
    limit = policy.retry_backoff_limit.total_seconds()
    seconds = min(policy.retry_backoff.total_seconds() * 2.0 ** min(max(failures - 1, 0), 100), limit)
    return timedelta(seconds=seconds * (1 + JITTER * jitter(name)))
