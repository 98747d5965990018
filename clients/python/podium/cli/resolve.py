"""What a number, an id, or nothing means: the one place that decides it, for all commands."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podium.cli import exits, repository
from podium.cli.exits import CliError
from podium.cli.views.plain import word

if TYPE_CHECKING:
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2

_NUMBER = re.compile(r"#?(\d+)$")
_FINISHED = frozenset({"COMPLETED", "CANCELLED"})
_WAITS_FOR_A_PERSON = frozenset({"APPROVAL", "ANSWER", "DECISION", "START", "BUDGET", "LANDING", "DOCUMENT", "CHECKS"})
_PAGE = 500
_PAGES = 20


async def list_pods(
    podium: "Podium", project_id: str = "", *, unfinished_only: bool = False
) -> "list[pod_pb2.PodSummary]":
    """The pods of a project (of all, where it is empty), at most 10,000, by creation."""
    from podium.pods.v1 import pod_service_pb2

    found: list[pod_pb2.PodSummary] = []
    token = ""
    for _ in range(_PAGES):
        page = await podium.pods.ListPods(
            pod_service_pb2.ListPodsRequest(
                project_id=project_id, unfinished_only=unfinished_only, page_size=_PAGE, page_token=token
            )
        )
        found += page.pods
        token = page.next_page_token
        if not token:
            break
    return sorted(found, key=lambda pod: (pod.created_time.ToNanoseconds(), pod.pod_id))


async def resolve_pod(podium: "Podium", text: str | None, *, where: str = ".") -> str:
    """The id of the pod that is meant.

    A number is that of a task of this directory's project (of any, where no repository is around and it is the only
    one); nothing means the one pod that waits for a person, else the only unfinished one. Raises `CliError`.
    """
    project = repository.find(Path(where))
    project_id = project.project_id if project else ""
    number = _NUMBER.match(text) if text else None
    if text and number is None:
        return text
    pods = await list_pods(podium, project_id, unfinished_only=text is None)
    if number is not None:
        return _only([pod for pod in pods if pod.number == int(number[1])], f"#{number[1]}", project is not None)
    waiting = [pod for pod in pods if waits_for_a_person(pod)]
    return _only(waiting or pods, "", project is not None)


def names_a_pod(text: str) -> bool:
    """Whether a lone word is a task's number or id, and not an answer to the one that waits."""
    return bool(_NUMBER.match(text)) or text.startswith("task_")


def waits_for_a_person(pod: "pod_pb2.PodSummary") -> bool:
    """Whether somebody must decide something."""
    return bool(pod.attention) or any(word(each, "kind") in _WAITS_FOR_A_PERSON for each in pod.waiting_on)


def _only(pods: "Sequence[pod_pb2.PodSummary]", name: str, in_project: bool) -> str:
    place = "in this project" if in_project else "in this installation (no repository is around)"
    if not pods:
        what = f"no pod {name} {place}" if name else f"nothing is under way {place}"
        raise CliError(what, "`podium ls --all` lists everything; `podium run` begins something", exits.NOT_FOUND)
    if len(pods) > 1:
        listed = "".join(f"\n  #{pod.number}  {pod.title}  ({pod.pod_id})" for pod in pods[:20])
        hint = "name it by its id" if name else "name it by its number"
        raise CliError(f"{len(pods)} pods {place} could be meant:{listed}", hint, exits.USAGE)
    return pods[0].pod_id


def finished(pod: "pod_pb2.Pod | pod_pb2.PodSummary") -> bool:
    """Whether nothing more will happen to it."""
    return word(pod, "phase") in _FINISHED


def find_workstream(pod: "pod_pb2.Pod", text: str) -> "pod_pb2.Workstream":
    """The workstream by id, or by its place in the plan (1 is the first). Raises `CliError`."""
    ordered = sorted(pod.workstreams, key=lambda each: each.position)
    for index, each in enumerate(ordered, start=1):
        if text in {each.id, str(index)}:
            return each
    names = ", ".join(each.id for each in ordered) or "it has none yet"
    raise CliError(f"no workstream {text!r}", f"there are: {names}", exits.NOT_FOUND)


def find_agent(pod: "pod_pb2.Pod", text: str | None) -> "pod_pb2.Agent":
    """The agent by id, by the end of its id, or by its workstream; nothing means the only one at work."""
    alive = [agent for agent in pod.agents if not agent.HasField("ended_time")]
    if text is None:
        found = alive
    else:
        found = [a for a in pod.agents if a.id == text] or [
            a for a in alive if a.workstream_id == text or a.id.endswith(text)
        ]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{a.id} ({a.workstream_id or word(a, 'kind').lower()})" for a in alive) or "none is at work"
    what = "no such agent" if not found else "more than one agent could be meant"
    raise CliError(what, f"at work: {names}", exits.NOT_FOUND if not found else exits.USAGE)
