"""Dependencies between workstreams: what is wrong with them, and what they mean for those that wait."""

from collections.abc import Iterable, Mapping, Sequence

from podium.kernel.errors import invalid
from podium.pod_manager.domain.kinds import WorkstreamStatus
from podium.pod_manager.domain.resources import Workstream

Edges = Mapping[str, Sequence[str]]
"""Ids with the ids they depend on."""

SATISFIED = frozenset({WorkstreamStatus.COMPLETED, WorkstreamStatus.SKIPPED})
HOPELESS = frozenset({WorkstreamStatus.FAILED, WorkstreamStatus.CANCELLED, WorkstreamStatus.BLOCKED})
WAITING = frozenset({WorkstreamStatus.PENDING, WorkstreamStatus.BLOCKED, WorkstreamStatus.READY})


def check(edges: Edges, field: str) -> None:
    """Raises UNKNOWN_DEPENDENCY or DEPENDENCY_CYCLE, naming the ids."""
    unknown = sorted({needed for needs in edges.values() for needed in needs if needed not in edges})
    if unknown:
        ids = ", ".join(unknown)
        raise invalid(field, f"depend on what does not exist: {ids}", "UNKNOWN_DEPENDENCY", ids=ids)
    cycle = find_cycle(edges)
    if cycle:
        ids = ", ".join(cycle)
        raise invalid(field, f"depend on each other in a circle: {ids}", "DEPENDENCY_CYCLE", ids=ids)


def find_cycle(edges: Edges) -> tuple[str, ...]:
    """The ids of one cycle, in order; empty where there is none."""
    order = in_order(edges)
    if len(order) == len(edges):
        return ()
    left = edges.keys() - set(order)
    path: list[str] = []
    node = min(left)
    while node not in path:
        path.append(node)
        node = min(needed for needed in edges[node] if needed in left)
    return tuple(path[path.index(node) :])


def in_order(edges: Edges) -> list[str]:
    """Every id after all that it depends on; ids on or behind a cycle are left out. Unknown ids do not count."""
    missing = {node: sum(needed in edges for needed in set(needs)) for node, needs in edges.items()}
    dependants: dict[str, list[str]] = {}
    for node, needs in edges.items():
        for needed in set(needs):
            dependants.setdefault(needed, []).append(node)
    order = [node for node, count in missing.items() if count == 0]
    for node in order:
        for dependant in dependants.get(node, ()):
            missing[dependant] -= 1
            if missing[dependant] == 0:
                order.append(dependant)
    return order


def gate(needs: Sequence[str], status_of: Mapping[str, WorkstreamStatus]) -> tuple[WorkstreamStatus, tuple[str, ...]]:
    """What dependencies of these statuses mean: (status, the ids that hold it)."""
    hopeless = tuple(n for n in needs if status_of.get(n, WorkstreamStatus.CANCELLED) in HOPELESS)
    if hopeless:
        return WorkstreamStatus.BLOCKED, hopeless
    open_ones = tuple(n for n in needs if status_of[n] not in SATISFIED)
    if open_ones:
        return WorkstreamStatus.PENDING, open_ones
    return WorkstreamStatus.READY, ()


def regate(workstreams: Iterable[Workstream]) -> list[tuple[str, WorkstreamStatus, tuple[str, ...]]]:
    """(id, status, blocked_on) of the waiting workstreams for which these are no longer right."""
    by_id = {ws.id: ws for ws in workstreams}
    if not any(ws.status in WAITING for ws in by_id.values()):
        return []
    status_of = {name: ws.status for name, ws in by_id.items()}
    changes = []
    for name in in_order({name: ws.dependencies for name, ws in by_id.items()}):
        ws = by_id[name]
        if ws.status not in WAITING:
            continue
        status, blocked_on = gate(ws.dependencies, status_of)
        status_of[name] = status
        if (status, blocked_on) != (ws.status, ws.blocked_on):
            changes.append((name, status, blocked_on))
    return changes
