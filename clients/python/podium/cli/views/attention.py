"""What needs a person, and why a pod stands still."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from podium.cli.views.next_steps import for_item, next_steps
from podium.cli.views.plain import word
from podium.cli.views.pod import waiting_lines
from podium.cli.views.words import ago, cut, duration, lower, seconds_of

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from podium.pods.v1 import pod_pb2


_PHASES = {
    "SPEC_CLARIFICATION": "spec",
    "PLANNING": "plan",
    "WORKSTREAM_EXECUTION": "work",
    "REVIEW": "review",
    "COMPLETED": "completed",
    "CANCELLED": "cancelled",
}
"""As short as in the line of phases that `podium show` draws."""


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=column not in {"title", "what", "waits for"})
    return table


def inbox_table(items: "Iterable[tuple[pod_pb2.Pod, pod_pb2.InboxItem]]", now: float) -> "Table":
    """One row an item; what is read is dim."""
    table = _table("#", "title", "reason", "what", "since")
    for pod, item in items:
        what = f"{item.text}\n→ {for_item(pod, item)}"
        row = (str(pod.number), cut(pod.title, 40), lower(word(item, "reason")), what, ago(item.created_time, now))
        table.add_row(*row, style="dim" if item.read else None)
    return table


def board_table(pods: "Sequence[pod_pb2.PodSummary]", now: float) -> "Table":
    """One row a pod, those that need a person first."""
    table = _table("#", "title", "phase", "work", "agents", "inbox", "since", "waits for")
    for pod in pods:
        done = f"{pod.workstreams_done}/{pod.workstreams_total}" if pod.workstreams_total else "-"
        table.add_row(
            str(pod.number),
            cut(pod.title, 48),
            _PHASES.get(word(pod, "phase"), ""),
            done,
            str(pod.agents_running or "-"),
            str(pod.attention or "-"),
            duration(now - seconds_of(pod.updated_time)) if pod.updated_time.seconds else "-",
            cut("; ".join(each.text for each in pod.waiting_on), 70) or "-",
            style="bold yellow" if pod.attention else None,
        )
    return table


def explanation(pod: "pod_pb2.Pod", now: float) -> "Group":
    """Why nothing is happening, or what is: each cause, each agent at work, each order that waits for a runner."""
    from rich.console import Group
    from rich.text import Text

    number = f"#{pod.number} " if pod.number else ""
    parts: list[RenderableType] = [Text(f"{number}{pod.title}: {lower(word(pod, 'phase'))}", style="bold")]
    working = [agent for agent in pod.agents if not agent.HasField("ended_time")]
    for agent in working:
        where = f" on {agent.workstream_id}" if agent.workstream_id else ""
        parts.append(Text(f"at work: {agent.id}{where}, {lower(word(agent, 'status'))}", style="green"))
    parts += waiting_lines(pod, now)
    parts += [Text(f"→ {step}", style="cyan") for step in next_steps(pod)]
    for each in pod.workstreams:
        if each.blocked_on:
            held = ", ".join(each.blocked_on)
            parts.append(Text(f"{each.id}: {lower(word(each, 'status'))}, by {held}"))
    for job in pod.jobs:
        age = duration(now - seconds_of(job.issued_time))
        parts.append(Text(f"order {job.id} ({lower(word(job, 'kind'))}) stands in {job.stream} for {age}"))
    if pod.scheduler.cooldown_reason:
        parts.append(Text(f"pause: {pod.scheduler.cooldown_reason}"))
    if pod.scheduler.pending_action:
        parts.append(Text(f"next: {pod.scheduler.pending_action}", style="dim"))
    if len(parts) == 1:
        parts.append(Text("nothing waits: it has ended"))
    return Group(*parts)
