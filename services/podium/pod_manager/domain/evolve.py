"""`evolve`: the state after a fact; and which parts of the state a fact touches."""

from collections.abc import Callable
from dataclasses import fields
from types import ModuleType
from typing import Any, get_args

from podium.kernel.entity import Key, Recorded
from podium.pod_manager.domain.copying import finish, replace
from podium.pod_manager.domain.events import (
    AgentEvent,
    DocumentEvent,
    LifecycleEvent,
    MessageEvent,
    ReviewEvent,
    WorkstreamEvent,
)
from podium.pod_manager.domain.folding import agents, documents, lifecycle, messages, review, workstreams
from podium.pod_manager.domain.kinds import Phase
from podium.pod_manager.domain.resources import Pod

Fold = Callable[[Pod, Any, Recorded], Pod]
_AREAS: tuple[tuple[Any, ModuleType], ...] = (
    (LifecycleEvent, lifecycle),
    (DocumentEvent, documents),
    (WorkstreamEvent, workstreams),
    (AgentEvent, agents),
    (MessageEvent, messages),
    (ReviewEvent, review),
)
# Each area's `evolve` is a `match` closed by `assert_never`; this only finds the area.
_FOLDS: dict[type, Fold] = {kind: module.evolve for union, module in _AREAS for kind in get_args(union)}


def initial(pod_id: str) -> Pod:
    """Before the first fact."""
    return Pod(phase=Phase.SPEC_CLARIFICATION, pod_id=pod_id)


def evolve(pod: Pod, recorded: Recorded) -> Pod:
    """The pod after a fact."""
    folded = _FOLDS[type(recorded.event)](pod, recorded.event, recorded)
    # A pod that the fold has just made is nobody else's yet: to copy it again would cost as much as the fold did.
    change = replace if folded is pod else finish
    return change(folded, revision=recorded.revision, updated_time=recorded.time)


_COLLECTION_OF = {
    "workstream_id": "workstreams",
    "agent_id": "agents",
    "job_id": "jobs",
    "message_id": "messages",
    "thread_id": "messages",
    "item_id": "inbox",
}
_WHOLE = {"workstream": "workstreams", "item": "", "agent": "agents", "job": "jobs", "message": "messages"}
_OWN: Key = ("", "")


def _names(kind: type) -> tuple[tuple[str, str], ...]:
    return tuple((f.name, _COLLECTION_OF[f.name]) for f in fields(kind) if f.name in _COLLECTION_OF)


def _wholes(kind: type) -> tuple[tuple[str, str], ...]:
    found = []
    for item in fields(kind):
        if item.name == "item":
            found.append(("item", "workstreams" if "Workstream" in kind.__name__ else "inbox"))
        elif item.name in _WHOLE:
            found.append((item.name, _WHOLE[item.name]))
    return tuple(found)


_NAMES = {kind: _names(kind) for kind in _FOLDS}
_WHOLES = {kind: _wholes(kind) for kind in _FOLDS}


def touched(pod: Pod, recorded: Recorded) -> frozenset[Key]:
    """What the fact names, and the workstream of the agent or job that it is about; `pod` is the state after it."""
    event, kind = recorded.event, type(recorded.event)
    keys = {_OWN}
    keys.update((collection, getattr(event, name)) for name, collection in _NAMES[kind])
    for name, collection in _WHOLES[kind]:
        part = getattr(event, name)
        keys.add((collection, part.id))
        if name in ("agent", "job"):
            keys.add(("workstreams", part.workstream_id))
        if name == "job":
            keys.add(("agents", part.agent_id))
    keys.update(("inbox", name) for name in getattr(event, "item_ids", ()))
    agent = pod.agents.get(getattr(event, "agent_id", ""))
    if agent is not None:
        keys.add(("workstreams", agent.workstream_id))
    return frozenset(key for key in keys if key == _OWN or key[1])
