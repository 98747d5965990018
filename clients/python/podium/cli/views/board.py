"""Lists: tasks with their pods, sessions, events, services."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from podium.cli.views.plain import word
from podium.cli.views.words import ago, clock, cut, duration, lower

if TYPE_CHECKING:
    from rich.table import Table

    from podium.events.v1 import event_pb2
    from podium.pods.v1 import pod_pb2, pod_service_pb2
    from podium.tasks.v1 import task_pb2


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=column not in {"title", "waits for", "name", "fact"})
    return table


def tasks_table(
    tasks: "Sequence[task_pb2.Task]", pods: "Mapping[str, pod_pb2.PodSummary]", now: float, *, project: bool
) -> "Table":
    """One row a task, the newest last; with its pod's phase and what that waits for."""
    table = _table("#", *(("project",) if project else ()), "title", "status", "phase", "work", "updated", "waits for")
    for task in tasks:
        pod = pods.get(task.id)
        phase = lower(word(pod, "phase")) if pod else "-"
        done = f"{pod.workstreams_done}/{pod.workstreams_total}" if pod and pod.workstreams_total else "-"
        waits = "; ".join(each.text for each in pod.waiting_on) if pod else ""
        table.add_row(
            str(task.number),
            *((task.project_id,) if project else ()),
            cut(task.title, 60),
            lower(word(task, "status")),
            phase,
            done,
            ago(pod.updated_time if pod else task.updated_time, now),
            cut(waits, 70) or "-",
        )
    return table


def sessions_table(sessions: "Sequence[task_pb2.Session]", numbers: Mapping[str, int], now: float) -> "Table":
    """One row a session; `numbers` are the tasks' numbers by id."""
    table = _table("#", "session", "name", "agent", "status", "tasks", "last activity", "needs")
    for session in sessions:
        tasks = ", ".join(f"#{numbers[task]}" if task in numbers else task for task in session.task_ids)
        needs = session.needs_input.message if session.needs_input.active else session.exit_reason
        table.add_row(
            str(session.number),
            session.id,
            cut(session.name, 40),
            session.agent,
            lower(word(session, "status")),
            tasks or "-",
            ago(session.last_activity_time, now),
            cut(needs, 40) or "-",
        )
    return table


def events_table(rows: "Sequence[tuple[pod_service_pb2.PodEvent, str, str]]") -> "Table":
    """One row an event: (event, name, what it says)."""
    table = _table("rev", "time", "by", "event", "fact")
    for event, name, text in rows:
        table.add_row(str(event.revision), clock(event.time), event.actor.partition(":")[2] or "-", name, text)
    return table


def services_table(services: Sequence[Mapping[str, Any]]) -> "Table":
    """One row a service of the supervisor's state."""
    from rich.text import Text

    table = _table("service", "state", "version", "process", "restarts", "address", "last end")
    styles = {"ready": "green", "starting": "yellow", "unready": "red", "pausing": "red", "stopped": "dim"}
    for service in services:
        state = str(service["state"])
        pause = f" {duration(service['pause_seconds'])}" if service["pause_seconds"] >= 1 else ""
        table.add_row(
            str(service["name"]),
            Text(state + pause, style=styles.get(state, "")),
            str(service.get("version") or "-"),
            str(service["pid"] or "-"),
            str(service["restarts"]),
            str(service["address"]),
            str(service["last_exit"] or "-"),
        )
    return table


def runners_table(rows: "Sequence[Mapping[str, Any]]") -> "Table":
    """One row a runner: how many agents it takes at once, for which pools, with which profiles."""
    table = _table("runner", "agents at once", "pools", "profiles")
    for row in rows:
        pools, profiles = (", ".join(row[name]) or "-" for name in ("pools", "profiles"))
        table.add_row(row["runner"], str(row["agents"]), pools, profiles)
    return table


def leases_table(leases: "Sequence[event_pb2.Lease]", now: float) -> "Table":
    """One row a lease: who lives, where, and what it offers."""
    table = _table("lease", "epoch", "since", "offers")
    for lease in leases:
        offers = ", ".join(f"{key}={lease.metadata[key]}" for key in sorted(lease.metadata))
        table.add_row(lease.name, str(lease.epoch), ago(lease.acquired_time, now), offers or "-")
    return table
