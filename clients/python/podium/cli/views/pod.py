"""A pod on the screen: phases, workstreams, agents, what it waits for."""

from typing import TYPE_CHECKING

from podium.cli.views.plain import word
from podium.cli.views.words import ago, count, cut, duration, lower, request_line, seconds_of, short

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table
    from rich.text import Text

    from podium.pods.v1 import pod_pb2

PHASES = (
    ("SPEC_CLARIFICATION", "spec"),
    ("PLANNING", "plan"),
    ("WORKSTREAM_EXECUTION", "work"),
    ("REVIEW", "review"),
    ("COMPLETED", "landed"),
)

STATUS_STYLE = {
    "COMPLETED": "green",
    "SKIPPED": "yellow",
    "FAILED": "bold red",
    "BLOCKED": "red",
    "CANCELLED": "dim",
    "IN_PROGRESS": "cyan",
    "MERGING": "magenta",
    "READY": "blue",
    "PENDING": "dim",
    "RUNNING": "cyan",
    "AWAITING_INPUT": "bold yellow",
    "INTERRUPTED": "yellow",
    "LOST": "red",
}

ENDED_AGENTS = frozenset({"COMPLETED", "FAILED", "INTERRUPTED", "LOST"})


def phase_line(pod: "pod_pb2.Pod") -> "Text":
    """`spec → plan → work → review → landed`, with the place where it stands."""
    from rich.text import Text

    phase = word(pod, "phase")
    if phase == "CANCELLED":
        return Text(f"cancelled: {pod.closing_reason}" if pod.closing_reason else "cancelled", style="bold red")
    names = [name for name, _ in PHASES]
    here = names.index(phase) if phase in names else 0
    line = Text()
    for index, (name, label) in enumerate(PHASES):
        if index:
            line.append(" → ", style="dim")
        if name == "COMPLETED" and phase == name:
            line.append(f"✓ {label if pod.review.landed_commit else 'completed'}", style="bold green")
        elif index < here:
            line.append(f"✓ {label}", style="green")
        elif index == here:
            line.append(f"● {label}", style="bold cyan")
        else:
            line.append(f"○ {label}", style="dim")
    return line


def workstreams_table(pod: "pod_pb2.Pod") -> "Table":
    """One row a workstream."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("workstream", "title", "status", "attempts", "after", "now"):
        table.add_column(column, no_wrap=column not in {"title", "now"})
    for each in sorted(pod.workstreams, key=lambda item: item.position):
        status = word(each, "status")
        table.add_row(
            each.id,
            each.title,
            Text(lower(status), style=STATUS_STYLE.get(status, "")),
            str(len(each.attempts) or "-"),
            ", ".join(each.dependencies) or "-",
            cut(_now_doing(each), 60),
        )
    return table


def _now_doing(workstream: "pod_pb2.Workstream") -> str:
    if word(workstream, "status") == "COMPLETED":
        return f"merged {short(workstream.integration_commit)}"
    if workstream.blocked_on:
        verb = "blocked on" if word(workstream, "status") == "BLOCKED" else "waits for"
        return f"{verb} {', '.join(workstream.blocked_on)}"
    done = sum(word(item, "state") == "DONE" for item in workstream.checklist)
    steps = f"[{done}/{len(workstream.checklist)}] " if workstream.checklist else ""
    return steps + (workstream.progress or workstream.reason)


def agents_table(pod: "pod_pb2.Pod", now: float, *, ended: bool) -> "Table":
    """One row an agent; ended ones too when asked for."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("agent", "kind", "for", "profile", "status", "time", "says"):
        table.add_column(column, no_wrap=column != "says")
    for agent in sorted(pod.agents, key=lambda item: (seconds_of(item.requested_time), item.id)):
        status = word(agent, "status")
        if status in ENDED_AGENTS and not ended:
            continue
        table.add_row(
            agent.id,
            lower(word(agent, "kind")),
            agent.workstream_id or "-",
            agent.profile,
            Text(lower(status), style=STATUS_STYLE.get(status, "")),
            _lifetime(agent, now),
            cut(agent.exit_reason or agent.progress, 60),
        )
    return table


def _lifetime(agent: "pod_pb2.Agent", now: float) -> str:
    if not agent.started_time.seconds:
        return "-"
    end = seconds_of(agent.ended_time) if agent.ended_time.seconds else now
    return duration(end - seconds_of(agent.started_time))


def waiting_lines(pod: "pod_pb2.Pod", now: float) -> "list[Text]":
    """Why nothing moves, a line each."""
    from rich.text import Text

    lines = []
    for waiting in pod.waiting_on:
        left = f" (in {duration(seconds_of(waiting.until_time) - now)})" if waiting.until_time.seconds else ""
        since = f", since {ago(waiting.since_time, now)}" if waiting.since_time.seconds else ""
        lines.append(Text(f"waits: {waiting.text}{left}{since}", style="yellow"))
    return lines


def live(pod: "pod_pb2.Pod", now: float) -> "Group":
    """The part of the screen that changes while one follows."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(""), phase_line(pod)]
    if pod.workstreams:
        parts.append(workstreams_table(pod))
    active = sum(word(agent, "status") not in ENDED_AGENTS for agent in pod.agents)
    if active:
        parts.append(agents_table(pod, now, ended=False))
    parts += waiting_lines(pod, now)
    return Group(*parts)


def whole(pod: "pod_pb2.Pod", now: float) -> "Group":
    """All that `podium show` says."""
    from rich.console import Group
    from rich.text import Text

    number = f"#{pod.number} " if pod.number else ""
    title = Text.assemble((number, "bold cyan"), (pod.title, "bold"))
    facts = Text(
        f"{pod.pod_id} · opened {ago(pod.created_time, now)} by {pod.opened_by} · revision {pod.revision} · "
        f"{pod.repository.location} ({pod.repository.base_branch})",
        style="dim",
    )
    parts: list[RenderableType] = [title, facts, phase_line(pod)]
    if pod.spec.version:
        parts.append(_document("spec", pod.spec))
    if pod.plan.version:
        parts.append(_document("plan", pod.plan))
    if pod.workstreams:
        parts += [Text(""), workstreams_table(pod)]
    if pod.agents:
        parts += [Text(""), agents_table(pod, now, ended=True)]
    parts += [Text(line, style="yellow") for line in _questions(pod)]
    parts += waiting_lines(pod, now)
    if pod.scheduler.pending_action:
        parts.append(Text(f"next: {pod.scheduler.pending_action}", style="dim"))
    if pod.HasField("external_sync"):
        parts.append(Text(request_line(pod.external_sync), style="cyan"))
        if pod.external_sync.last_error:
            parts.append(Text(f"  {cut(pod.external_sync.last_error, 300)}", style="red"))
        if pod.external_sync.body and pod.review.proposed_commit:
            parts.append(Text("  its text: podium show request", style="dim"))
    if pod.review.landed_commit:
        parts.append(Text(f"landed as {short(pod.review.landed_commit)}", style="green"))
    if pod.usage.turns or pod.usage.input_tokens or pod.usage.agent_time.seconds:
        parts.append(Text(_usage(pod.usage), style="dim"))
    return Group(*parts)


def _document(name: str, document: "pod_pb2.Spec | pod_pb2.Plan") -> "Text":
    from rich.text import Text

    by = f" by {document.approved_by}" if document.approved_by else ""
    return Text(f"{name}: v{document.version}, {lower(word(document, 'state'))}{by}", style="dim")


def _questions(pod: "pod_pb2.Pod") -> list[str]:
    return [
        f"question {message.id}: {cut(message.content, 100)}"
        for message in pod.messages
        if word(message, "kind") == "QUESTION" and not message.HasField("answer")
    ]


def _usage(usage: "pod_pb2.Usage") -> str:
    parts = [f"agents worked {duration(usage.agent_time.seconds)}"]
    if usage.turns:
        parts.append(count(usage.turns, "turn"))
    if usage.input_tokens or usage.output_tokens:
        parts.append(f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out")
    if usage.cost_micros:
        parts.append(f"{usage.cost_micros / 1e6:.2f} USD")
    return " · ".join(parts)
